// The first stage: text to tree, positions included.

import { describe, expect, test } from "bun:test";
import { type Parsed, parseDocument } from "../../../src/config/document.ts";
import { createReport, formatProblem } from "../../../src/config/problem.ts";
import { locate, type Node, nodeAt, type Path } from "../../../src/config/tree.ts";

function parse(text: string): { parsed: Parsed; lines: string[] } {
  const report = createReport();
  const parsed = parseDocument(text, { name: "c.yaml", folder: "/etc", order: 0 }, report);
  return { parsed, lines: report.problems().map(formatProblem) };
}

function tree(text: string): Node {
  const { parsed, lines } = parse(text);
  expect(lines).toEqual([]);
  if (typeof parsed.root === "string") throw new Error(parsed.root);
  return parsed.root;
}

function plain(node: Node): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, plain(value)]));
}

function place(root: Node, path: Path, part?: "key" | "value"): string {
  const { source, offset } = locate(root, path, part);
  const { line, column } = source.position(offset);
  return `${line}:${column}`;
}

describe("values", () => {
  test.each<[string, unknown]>([
    ["a: 1", 1],
    ["a: 1.5", 1.5],
    ["a: 0x10", 16],
    ["a: true", true],
    ["a: null", null],
    ["a: ~", null],
    ["a:", null],
    ["a: yes", "yes"],
    ["a: off", "off"],
    ["a: 0660", 660],
    ["a: 2027-01-31", "2027-01-31"],
    ["a: 12:30:45", "12:30:45"],
    ["a: '1'", "1"],
    ["a: ''", ""],
    ["a: |\n  x\n  y\n", "x\ny\n"],
    ["a: >-\n  x\n  y\n", "x y"],
    [`a: \${NAME:-x y}`, `\${NAME:-x y}`],
    ["a: !!str 1", "1"],
  ])("%j holds %j (YAML 1.2)", (text, value) => {
    expect(plain(tree(text))).toEqual({ a: value });
  });

  test("a value that is not there is told from a written null", () => {
    const root = tree("a:\nb: null\nc: ''");
    const origins = ["a", "b", "c"]
      .map((name) => nodeAt(root, [name]))
      .map((n) => n?.kind === "scalar" && n.origin);
    expect(origins).toEqual(["empty", "written", "written"]);
  });

  test("names are texts as written, whatever YAML would make of them", () => {
    expect(Object.keys(plain(tree("1: a\ntrue: b\nnull: c\n1.0: d\n__proto__: e")) as object)).toEqual([
      "1",
      "true",
      "null",
      "1.0",
      "__proto__",
    ]);
  });

  test("a directive of YAML 1.1 changes nothing", () => {
    expect(plain(tree("%YAML 1.1\n---\na: yes\n"))).toEqual({ a: "yes" });
  });
});

describe("positions", () => {
  const root = tree(
    "server:\r\n  listen: x # c\r\n  hosts: [a, 'b']\r\nkeys:\r\n  a: { hash: h }\r\nempty:\r\n",
  );
  test.each<[Path, string, string]>([
    [["server"], "2:3", "1:1"],
    [["server", "listen"], "2:11", "2:3"],
    [["server", "hosts"], "3:10", "3:3"],
    [["server", "hosts", 1], "3:14", "3:14"],
    [["keys", "a", "hash"], "5:14", "5:8"],
    [["empty"], "6:1", "6:1"],
    [["server", "drain"], "1:1", "1:1"],
    [["log", "level"], "1:1", "1:1"],
    [["keys", "a", "tags", "team"], "5:3", "5:3"],
  ])("%j stands at %s, its key at %s", (path, value, key) => {
    expect([place(root, path), place(root, path, "key")]).toEqual([value, key]);
  });
});

describe("anchors", () => {
  test.each<[string, string, unknown]>([
    ["an alias is what it names", "x: &a { k: v }\ny: *a", { x: { k: "v" }, y: { k: "v" } }],
    ["the anchor that stood last counts", "x: &a 1\ny: *a\nz: &a 2\nw: *a", { x: 1, y: 1, z: 2, w: 2 }],
    [
      "own keys win over merged ones",
      "x: &a { k: 1, l: 1 }\ny: { k: 2, <<: *a }",
      { x: { k: 1, l: 1 }, y: { k: 2, l: 1 } },
    ],
    [
      "the first of several merged maps wins",
      "x: &a { k: 1 }\nz: &b { k: 2, l: 2 }\ny: { <<: [*a, *b] }",
      { x: { k: 1 }, z: { k: 2, l: 2 }, y: { k: 1, l: 2 } },
    ],
    ["a quoted << is a name", "x: { '<<': 1 }", { x: { "<<": 1 } }],
  ])("%s", (_, text, expected) => {
    expect(plain(tree(text))).toEqual(expected);
  });

  test("a value behind an alias points to where it is written", () => {
    const root = tree("x: &a\n  k: v\ny:\n  <<: *a\nz: *a\n");
    expect([place(root, ["y", "k"]), place(root, ["z", "k"])]).toEqual(["2:6", "2:6"]);
  });

  test("a hundredfold expansion passes, more does not", () => {
    const text = (times: number) => `x: &a "${"x".repeat(500)}"\ny: [${"*a, ".repeat(times)}]\n`;
    expect(parse(text(10)).lines).toEqual([]);
    const bomb = `a: &a [${"x, ".repeat(20)}]\nb: &b [${"*a, ".repeat(20)}]\nc: &c [${"*b, ".repeat(20)}]\nd: &d [${"*c, ".repeat(20)}]\n`;
    const { parsed, lines } = parse(bomb);
    expect(parsed.root).toBe("broken");
    expect(lines).toEqual(["c.yaml:3:7  c: aliases make this file more than 100 times larger than it is"]);
  });
});

describe("what is no tree", () => {
  test.each([
    ["", "empty"],
    ["# only a comment\n", "empty"],
    ["---\n", "empty"],
    ["~", "empty"],
    ["a: [", "broken"],
    ["a: 1\n---\nb: 2\n", "broken"],
  ] as const)("%j is %s", (text, root) => {
    expect(parse(text).parsed.root).toBe(root);
  });
});

describe("syntax errors", () => {
  test("every bad line is named, once", () => {
    const { lines } = parse('a: "\\q\\w"\nb: @x\nc: ok\nd: `x\n');
    expect(lines.map((line) => line.split("  ")[0])).toEqual(["c.yaml:1:5", "c.yaml:2:4", "c.yaml:4:4"]);
  });

  test("their number is bounded", () => {
    expect(parse("a: @x\n".repeat(1000)).lines.length).toBeLessThanOrEqual(20);
  });

  test.each([
    'k: "\\xZZ hunter2"',
    "k: |hunter2\n  x",
    "k: [hunter2",
    'k: "hunter2',
    "k: !hunter2 x",
    "%hunter2\n---\nk: 1",
  ])("%j is reported without quoting the file", (text) => {
    const { lines } = parse(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  test.each([
    ["brackets", "[".repeat(50_000)],
    ["closed brackets", "[".repeat(20_000) + "]".repeat(20_000)],
    ["braces", "{a: ".repeat(20_000)],
    ["dashes", "- ".repeat(20_000)],
    ["question marks", "? ".repeat(20_000)],
  ])("endless %s are nested too deeply", (_, text) => {
    expect(parse(text).lines).toEqual([expect.stringContaining("nested too deeply")]);
  });
});
