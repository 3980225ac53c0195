// The compiled binary from a shell's point of view: exit codes, streams, files, and no stack trace ever.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { ensureBinary, PROJECT_ROOT } from "../support/binary.ts";
import { scratch } from "../support/scratch.ts";

const BINARY = ensureBinary();

/** What Bun prints of an error that nobody caught, and paths inside the binary. */
const TRACE = /^\s+at |\$bunfs|^Bun v|error: Uncaught/m;

interface Given {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

function postern(args: readonly string[], given: Given = {}) {
  const child = Bun.spawnSync([BINARY, ...args], {
    cwd: given.cwd ?? "/",
    env: { PATH: process.env["PATH"] ?? "", ...given.env },
    stdin: new Blob([given.stdin ?? ""]),
    timeout: 20_000,
  });
  const [out, err] = [child.stdout.toString(), child.stderr.toString()];
  expect(out).not.toMatch(TRACE);
  expect(err).not.toMatch(TRACE);
  return { code: child.exitCode, out, err };
}

const GOOD = "providers:\n  demo: { type: mock, models: [echo] }\n";

describe("exit codes", () => {
  test.each([
    [["--help"], 0],
    [["help", "check"], 0],
    [["check", "--config", "-"], 0],
    [["--config", "-", "check"], 0],
    [["check", "--config=-", "--json"], 0],
    [["key", "new", "bob"], 0],
    [["env", "openai", "--config", "-"], 0],
    [["schema"], 0],
    [["version", "--json"], 0],
    [["--version"], 0],
    [["check"], 1],
    [["check", "--config", "/nonexistent.yaml"], 1],
    [["serve", "--config", "/nonexistent.yaml"], 1],
    [[], 1],
    [["ready", "--config", "/nonexistent.yaml"], 1],
    [["key", "new", "bob", "--write", "--config", "/nonexistent.yaml"], 1],
    [["nosuch"], 2],
    [["init"], 0],
    [["init", "--print"], 0],
    [["check", "--probe", "--config", "-"], 0],
    [["check", "--probe"], 1],
    [["key", "rotate", "bob", "--config", "-"], 1],
    [["audit"], 2],
    [["spend", "--config", "/nonexistent.yaml"], 1],
    [["logs", "--limit", "none"], 2],
    [["init", "--nope"], 2],
    [["check", "--nope"], 2],
    [["check", "extra"], 2],
    [["serve", "--nope"], 2],
    [["--nope"], 2],
    [["-e", "1"], 2],
    [["--inspect"], 2],
    [["key"], 2],
    [["key", "rotate"], 2],
    [["key", "rotate", "bob", "--grace", "soon"], 2],
    [["key", "rotate", "bob", "--write", "--config", "-"], 2],
    [["env"], 2],
    [["env", "nobody"], 2],
    [["ready", "--timeout", "soon"], 2],
    [["--config"], 2],
  ])("postern %j ends with %d", (args, code) => {
    const result = postern(args, { stdin: GOOD, cwd: scratch() });
    expect(result).toMatchObject({ code });
    if (code === 2) expect(result.out).toBe("");
    if (code === 2) expect(result.err).toMatch(/^postern: .+\nSee `postern.* --help`\.\n$/);
  });
});

test.each(["serve", "check", "init", "key", "env", "ready", "schema", "version"])(
  "%s --help has an example",
  (name) => {
    const { code, out, err } = postern([name, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Usage: postern .*\n(?:.*\n)+Example: {2}\S/);
  },
);

test("version: the one that was built", () => {
  const head = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: PROJECT_ROOT, stderr: "ignore" });
  const { version, commit, runtime } = JSON.parse(postern(["version", "--json"]).out);
  expect({ version, runtime }).toEqual({ version: packageJson.version, runtime: `bun ${Bun.version}` });
  expect(commit).toMatch(head.exitCode === 0 ? /^[0-9a-f]{40}$/ : /^unknown$/);
});

describe("check", () => {
  const BAD = `servr: { listen: 127.0.0.1:4000 }
providers:
  vllm:
    base_ur: http://127.0.0.1:8000
    auth: none
keys:
  alice: { hash: "sha256:zz" }
`;

  test("every problem, in the file's order", () => {
    const cwd = scratch({ "config.yaml": BAD });
    const { code, out, err } = postern(["check"], { cwd });
    expect(code).toBe(1);
    expect(out.split("\n").map((line) => line.split(": ")[0])).toEqual([
      "./config.yaml:1:1  servr",
      "./config.yaml:4:5  providers.vllm.base_ur",
      "./config.yaml:7:18  keys.alice.hash",
      "",
    ]);
    expect(err).toBe("./config.yaml: 3 errors\n");
  });

  test("standard input, the variable and the default name the same configuration", () => {
    const cwd = scratch({ "config.yaml": GOOD, "other.yaml": GOOD });
    const wanted = { code: 0, out: "demo  (built in)\n" };
    expect(postern(["check", "--config", "-"], { stdin: GOOD })).toMatchObject(wanted);
    expect(postern(["check"], { cwd })).toMatchObject(wanted);
    expect(postern(["check"], { cwd, env: { POSTERN_CONFIG: "other.yaml" } })).toMatchObject({
      ...wanted,
      err: "other.yaml is good: 1 provider, 0 keys\n",
    });
  });

  test("serve refuses what check refuses, in the same lines", () => {
    const cwd = scratch({ "config.yaml": BAD });
    expect(postern(["serve"], { cwd }).err).toBe(postern(["check"], { cwd }).out);
  });
});

describe("key new --write", () => {
  const NASTY = [
    "\ufeff# yaml-language-server: $schema=./config.schema.json",
    "x-defaults: &defaults   { workspace:   research, tags: { 'team': \"search\" } }",
    "",
    "providers :",
    "    demo:    { type: mock }   # the only one",
    "keys:  # people",
    "",
    "    'alice':",
    "       <<: *defaults",
    `       hash:   "sha256:${"0".repeat(64)}"   `,
    "       # disabled: true",
    "",
    "    # bob left",
    "",
    "log: {level: warn,   format: json}   ",
    "# end, without a line end",
  ].join("\r\n");

  test("keeps every other line byte for byte", () => {
    const cwd = scratch({ "config.yaml": NASTY });
    const { code, out, err } = postern(["key", "new", "carol", "--write"], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("./config.yaml") });
    const [key = ""] = out.split("\n");
    const hash = createHash("sha256").update(key).digest("hex");
    const entry = `    carol:\r\n       hash: sha256:${hash}\r\n`;
    const after = readFileSync(join(cwd, "config.yaml"), "utf8");
    expect(after).toBe(NASTY.replace("    # bob left\r\n", `    # bob left\r\n${entry}`));
    expect(postern(["check"], { cwd }).code).toBe(0);
  });

  test("a second key of that name is refused and nothing changes", () => {
    const cwd = scratch({ "config.yaml": NASTY });
    expect(postern(["key", "new", "alice", "--write"], { cwd })).toMatchObject({ code: 1, out: "" });
    expect(readFileSync(join(cwd, "config.yaml"), "utf8")).toBe(NASTY);
  });
});

test("nothing of the working directory is read but the configuration", () => {
  const cwd = scratch({
    ".env": "POSTERN_CONFIG=/nonexistent.yaml\nFROM_DOTENV=1\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\n[define]\nx = "1"\n',
    "preload.ts": 'console.log("preloaded"); process.exit(9);\n',
    "package.json": '{"type": "commonjs", "imports": {"#x": "./preload.ts"}}',
    "tsconfig.json": '{"compilerOptions": {"paths": {"*": ["./preload.ts"]}}}',
    "config.yaml": `${GOOD}workspaces: { \${FROM_DOTENV}: {} }\nusers: {}\n`,
  });
  expect(postern(["version"], { cwd })).toMatchObject({ code: 0, err: "" });
  expect(postern(["key", "new", "bob"], { cwd }).code).toBe(0);
  const unset = scratch({ ".env": "FROM_DOTENV=1\n", "config.yaml": `default_provider: \${FROM_DOTENV}\n` });
  const { code, out } = postern(["check"], { cwd: unset });
  expect(code).toBe(1);
  expect(out).toContain("FROM_DOTENV");
});

describe("bad input is answered in lines, not with a stack trace", () => {
  const cwd = scratch({
    "folder/x": "",
    "empty.yaml": "",
    "nul.yaml": "a\0b: 1\n",
    "binary.yaml": Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 0xff),
    "utf16.yaml": Uint8Array.from([0xff, 0xfe, 0x61, 0x00]),
    "long.yaml": `k: ${"x".repeat(10_000_000)}\n`,
    "longkey.yaml": `${"k".repeat(10_000_000)}: 1\n`,
    "deep.yaml": "[".repeat(20_000),
    "tabs.yaml": "providers:\n\tdemo: {}\n",
    "escapes.yaml": '\u001b[31m: 1\nproviders: { "a\\u001b[2J": { type: mock } }\n',
  });
  const FILES = [
    ..."folder empty.yaml nul.yaml binary.yaml utf16.yaml long.yaml longkey.yaml deep.yaml tabs.yaml".split(
      " ",
    ),
    ..."escapes.yaml folder/x/y /proc/self/mem".split(" "),
  ];

  test.each(FILES)("%s as the configuration", (file) => {
    const checked = postern(["check", "--config", file], { cwd });
    expect(checked.code).toBe(1);
    expect(checked.out).not.toBe("");
    expect(checked.out.length).toBeLessThan(10_000);
    expect(checked.out).not.toContain("\u001b");
    for (const args of [["serve"], ["ready"], ["env", "openai"], ["key", "new", "bob", "--write"]]) {
      const { code, out, err } = postern([...args, "--config", file], { cwd });
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).not.toContain("\u001b");
    }
  });

  test("bytes that are no text on standard input", () => {
    expect(postern(["check", "--config", "-"], { stdin: Uint8Array.from([0xc3, 0x28, 0, 1]) }).code).toBe(1);
  });

  test("arguments of a megabyte, with escapes in them", () => {
    const many = Array.from({ length: 10 }, () => `\u001b[31m${"x".repeat(100_000)}`);
    for (const args of [
      many,
      ["check", ...many],
      ["check", "--config", many[0] ?? ""],
      ["key", "new", ...many],
    ]) {
      const { code, err } = postern(args);
      expect({ code, err: err.slice(0, 1000) }).toEqual({ code: 2, err });
      expect(err).not.toContain("\u001b");
    }
    expect(postern([`--${many[0]}`]).err.length).toBeLessThan(500);
  });

  test("a reader that goes away", () => {
    const pipe = Bun.spawnSync(["sh", "-c", `"$0" schema | head -c 1; "$0" --help | true`, BINARY]);
    expect(pipe.stderr.toString()).toBe("");
    expect(pipe.stdout.toString()).toBe("{");
  });

  test("a full disk", () => {
    const full = Bun.spawnSync(["sh", "-c", '"$0" schema > /dev/full', BINARY]);
    expect(full.exitCode).toBe(1);
    expect(full.stderr.toString()).toBe("postern: cannot write to standard output (ENOSPC)\n");
  });
});
