// The entry of a new key in the text of a configuration file: in the right place, and nothing else touched.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "yaml";
import { entryLines, insertKey, keyNames } from "../../../../src/cli/key-file/insert.ts";

const ENTRY = { name: "new-key", hash: `sha256:${"ab".repeat(32)}` };

function inserted(text: string): string {
  const result = insertKey(text, ENTRY);
  if ("refusal" in result) throw new Error(result.refusal);
  return result.text;
}

/** `text` with `ENTRY` for NAME and HASH, and `…` for its usual two lines. */
function expected(text: string): string {
  return text.replaceAll("HASH", ENTRY.hash);
}

describe("where the entry goes", () => {
  test.each([
    [
      "after the last key",
      "keys:\n  a:\n    hash: x\n",
      "keys:\n  a:\n    hash: x\n  new-key:\n    hash: HASH\n",
    ],
    [
      "before the next section",
      "keys:\n  a: { hash: x }\nlog: {}\n",
      "keys:\n  a: { hash: x }\n  new-key: { hash: HASH }\nlog: {}\n",
    ],
    [
      "after the comments of the last key, before the blank line",
      "keys:\n  a:\n    hash: x # y\n    # disabled: true\n\n  # b: gone\n\n# ---\nlog: {}\n",
      "keys:\n  a:\n    hash: x # y\n    # disabled: true\n\n  # b: gone\n  new-key:\n    hash: HASH\n\n# ---\nlog: {}\n",
    ],
    [
      "under an empty keys:",
      "keys: # none\nlog: {}\n",
      "keys: # none\n  new-key:\n    hash: HASH\nlog: {}\n",
    ],
    ["under keys: {}", "keys: {}  # none\nlog: {}\n", "keys:  # none\n  new-key:\n    hash: HASH\nlog: {}\n"],
    ["under keys: null", "keys: null\n", "keys:\n  new-key:\n    hash: HASH\n"],
    ["under an anchored keys:", "keys: &k {}\n", "keys: &k\n  new-key:\n    hash: HASH\n"],
    ["in a keys: of its own", "log: {}\n", "log: {}\nkeys:\n  new-key:\n    hash: HASH\n"],
    [
      "set off by a blank line as other sections are",
      "log: {}\n\nusers: {}\n",
      "log: {}\n\nusers: {}\n\nkeys:\n  new-key:\n    hash: HASH\n",
    ],
    ["in an empty file", "", "keys:\n  new-key:\n    hash: HASH\n"],
    ["after comments alone", "# nothing yet\n", "# nothing yet\nkeys:\n  new-key:\n    hash: HASH\n"],
    [
      "before the document's end",
      "---\nlog: {}\n...\n# tail\n",
      "---\nlog: {}\nkeys:\n  new-key:\n    hash: HASH\n...\n# tail\n",
    ],
    [
      "with the indentation of its neighbours",
      "keys:\n      a:\n         hash: x\n",
      "keys:\n      a:\n         hash: x\n      new-key:\n         hash: HASH\n",
    ],
    [
      "with the indentation of the file",
      "log:\n    level: info\nkeys: {}\n",
      "log:\n    level: info\nkeys:\n    new-key:\n        hash: HASH\n",
    ],
    ["in an indented file", "  log: {}\n", "  log: {}\n  keys:\n    new-key:\n      hash: HASH\n"],
    [
      "with the file's line ends",
      "log: {}\r\nkeys:\r\n  a:\r\n    hash: x\r\n",
      "log: {}\r\nkeys:\r\n  a:\r\n    hash: x\r\n  new-key:\r\n    hash: HASH\r\n",
    ],
    [
      "after a last line without an end",
      "keys:\n  a:\n    hash: x",
      "keys:\n  a:\n    hash: x\n  new-key:\n    hash: HASH",
    ],
    [
      "after a byte order mark",
      "\ufeffkeys:\n  a:\n    hash: x\n",
      "\ufeffkeys:\n  a:\n    hash: x\n  new-key:\n    hash: HASH\n",
    ],
    [
      "after a list",
      "keys:\n  a:\n    models_allowed:\n    - x\n    - y # z\nlog: {}\n",
      "keys:\n  a:\n    models_allowed:\n    - x\n    - y # z\n  new-key:\n    hash: HASH\nlog: {}\n",
    ],
    [
      "after an alias",
      "x-a: &a { hash: x }\nkeys:\n  a: *a\n  b: { <<: *a, user: u }\n",
      "x-a: &a { hash: x }\nkeys:\n  a: *a\n  b: { <<: *a, user: u }\n  new-key: { hash: HASH }\n",
    ],
    ["in braces", "keys: { a: { hash: x } }\n", "keys: { a: { hash: x }, new-key: { hash: HASH } }\n"],
    [
      "in braces that end in a comma",
      "keys: { a: { hash: x }, }\n",
      "keys: { a: { hash: x }, new-key: { hash: HASH }, }\n",
    ],
    [
      "in braces over several lines",
      "keys: {\n  a: { hash: x }, # 1\n  b: { hash: y }  # 2\n}\n",
      "keys: {\n  a: { hash: x }, # 1\n  b: { hash: y },  # 2\n  new-key: { hash: HASH }\n}\n",
    ],
    [
      "in braces whose last line ends in a comma",
      "keys: {\n  a: { hash: x },\n}\n",
      "keys: {\n  a: { hash: x },\n  new-key: { hash: HASH },\n}\n",
    ],
    [
      "in JSON",
      '{"keys": {"a": {"hash": "x"}}}',
      '{"keys": {"a": {"hash": "x"}, "new-key": { "hash": "HASH" }}}',
    ],
    [
      "in JSON over several lines",
      '{\n  "keys": {\n    "a": {}\n  }\n}\n',
      '{\n  "keys": {\n    "a": {},\n    "new-key": { "hash": "HASH" }\n  }\n}\n',
    ],
    ["in JSON with an empty map", '{"keys": {}}', '{"keys": { "new-key": { "hash": "HASH" } }}'],
    ["in JSON without keys", '{"log": {}}', '{"log": {}, "keys": { "new-key": { "hash": "HASH" } }}'],
    ["in an empty JSON object", "{}", '{ "keys": { "new-key": { "hash": "HASH" } } }'],
  ])("%s", (_, before, after) => {
    expect(inserted(before)).toBe(expected(after));
  });
});

describe("what is refused, and left to a hand", () => {
  test.each([
    ["keys: *k\nx-k: &k {}\n", "no map"],
    ["x-k: &k { a: {} }\nkeys: *k\n", "no map"],
    ["keys: &k\n  a: {}\nx-k: *k\n", "more of the file"],
    ["keys: [a]\n", "no map"],
    ["keys: text\n", "no map"],
    ["- a\n", "no map"],
    ["text\n", "no map"],
    ["keys: { # why\n}\n", "no map"],
    ["? keys\n: a: {}\n", "more of the file"],
    ["a: 1\n---\nb: 1\n", "valid YAML"],
    ["keys: {\n", "valid YAML"],
  ])("%j", (text, reason) => {
    const result = insertKey(text, ENTRY);
    expect("refusal" in result && result.refusal).toContain(reason);
  });

  test("aliases that expand without measure", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `x-${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}1]`);
    const result = insertKey(`x-0: &a0 [1]\n${levels.join("\n")}\nkeys: {}\n`, ENTRY);
    expect("refusal" in result).toBe(true);
  });
});

test.each([
  "a b: c",
  "123",
  "true",
  "null",
  "~",
  "-x",
  "#x",
  "é",
  "a@b.com",
  "__proto__",
  "{x}",
  "*x",
  "'",
  '"',
  "x: y",
])("the name %s is quoted as YAML needs it", (name) => {
  const entry = { ...ENTRY, name };
  for (const text of [
    "log: {}\n",
    "keys: { a: {} }\n",
    '{"keys": {"a": {}}}',
    "keys:\n  a:\n    hash: x\n",
  ]) {
    const result = insertKey(text, entry);
    expect("text" in result && keyNames(result.text)).toContain(name);
  }
  expect(Object.keys(parse(`keys:\n${entryLines(entry)}`).keys)).toEqual([name]);
});

test("the names of a file that cannot be parsed are not guessed", () => {
  expect(keyNames("keys: {")).toEqual([]);
  expect(keyNames("keys:\n  a: {}\n  1: {}\n")).toEqual(["a", "1"]);
  expect(keyNames("")).toEqual([]);
});

test("whatever the file looks like, its lines stay and only the key is added", () => {
  const comment = fc.constantFrom("", "# c", "  # c", "    # c", "      # c");
  const value = fc.constantFrom(
    " { hash: x }",
    "\n    hash: x",
    "\n    tags:\n      a: b # c",
    "\n    hash: |\n      x",
    " &a\n    hash: x",
  );
  const key = fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), value, comment);
  const sections = fc.shuffledSubarray([
    "log: {}",
    "users:\n  u: {}",
    "models:\n    m: a/b",
    "# section",
    "",
    "x-t: |\n  a\n\n  b",
  ]);
  const file = fc.record({
    sections,
    at: fc.nat(6),
    keys: fc.uniqueArray(key, { maxLength: 4, selector: ([name]) => name }),
    eol: fc.constantFrom("\n", "\r\n"),
    ended: fc.boolean(),
  });
  fc.assert(
    fc.property(file, ({ sections, at, keys, eol, ended }) => {
      const [before, after] = [sections.slice(0, at), sections.slice(at)];
      const body = keys.map(([name, text, tail]) => `  ${name}:${text}\n${tail}`);
      const lines = [...before, ...(keys.length === 0 ? [] : ["keys:", ...body]), ...after].join("\n");
      const text = `${lines}${ended ? "\n" : ""}`.replaceAll("\n", eol);
      const result = insertKey(text, ENTRY);
      if ("refusal" in result) throw new Error(result.refusal);
      if (text.includes("\n") && result.text.replaceAll(eol, "").includes("\n")) return false;
      const rest = result.text.split(/\r?\n/);
      for (const line of text.split(/\r?\n/)) {
        const at = rest.indexOf(line);
        if (at < 0) return false;
        rest.splice(0, at + 1);
      }
      return parse(result.text).keys["new-key"].hash === ENTRY.hash;
    }),
    { numRuns: 500 },
  );
});
