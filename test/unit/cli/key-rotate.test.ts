// `postern key rotate`: the new key, the entry with both hashes, and the file it is written into.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { hashOf } from "../../support/keys.ts";
import { scratch } from "../../support/scratch.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 10, 0, 0, 987);
const OLD = `sha256:${"a".repeat(64)}`;
const OLDER = `sha256:${"b".repeat(64)}`;

const CONFIG = `# Mine
providers:
  demo: { type: mock }

keys:
  alice:   # first
    hash: ${OLD} # May
    user: alice@acme.com
  local: { anonymous: true }
  carol: { secret: "${"x".repeat(40)}" }
  dave: { hash: "sha256:${"d".repeat(64)}", disabled: true }
`;

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

async function rotate(args: readonly string[], given: Given = {}) {
  const files = given.files ?? { "config.yaml": CONFIG };
  const cwd = scratch(files);
  const io = fakeIo({ cwd, stdin: given.stdin ?? "", now: () => NOW_MS });
  const config = given.stdin === undefined ? join(cwd, "config.yaml") : "-";
  const code = await run(["key", "rotate", "--config", config, ...args], io);
  const text = (name: string) => readFileSync(join(cwd, name), "utf8");
  expect(readdirSync(cwd).sort()).toEqual(Object.keys(files).sort());
  return { code, out: io.out(), err: io.err().replaceAll(cwd, "CWD"), text };
}

/** The key that was printed, and its digest. */
function made(out: string) {
  const [key = ""] = out.split("\n");
  expect(key).toMatch(/^sk-postern-[A-Za-z0-9_-]{43}$/);
  return hashOf(key);
}

describe("without --write", () => {
  test("the key once, then the entry with the old hash until tomorrow; the file stays", async () => {
    const { code, out, err, text } = await rotate(["alice"]);
    expect(code).toBe(0);
    const hash = made(out);
    expect(out.split("\n").slice(1)).toEqual([
      "",
      "  alice:",
      `    hashes: [${hash}, {hash: ${OLD}, until: 2026-11-22T10:00:00Z}]`,
      "",
    ]);
    expect(err).toBe(
      "The key is shown this once. Put the line in place of the entry's `hash` in CWD/config.yaml, or use --write; then the old one is accepted until 2026-11-22T10:00:00Z.\n",
    );
    expect(text("config.yaml")).toBe(CONFIG);
  });

  test.each([
    ["30m", "2026-11-21T10:30:00Z"],
    ["7d", "2026-11-28T10:00:00Z"],
    ["1s", "2026-11-21T10:00:01Z"],
  ])("--grace %s ends the old one at %s", async (grace, until) => {
    expect((await rotate(["alice", "--grace", grace])).out).toContain(`until: ${until}}]\n`);
  });

  test("--grace 0 drops the old one at once", async () => {
    const { out, err } = await rotate(["alice", "--grace", "0"]);
    expect(out).toEndWith(`  alice:\n    hash: ${made(out)}\n`);
    expect(err).toContain("then the old one is not accepted any more.");
  });

  test("as JSON", async () => {
    const made = JSON.parse((await rotate(["alice", "--json", "--grace", "24h"])).out);
    expect(made).toEqual({
      name: "alice",
      key: expect.any(String),
      hash: hashOf(made.key),
      until: "2026-11-22T10:00:00Z",
    });
    expect(JSON.parse((await rotate(["alice", "--json", "--grace", "0"])).out).until).toBe(null);
  });

  test("of standard input", async () => {
    const { code, err } = await rotate(["alice"], { stdin: CONFIG });
    expect(code).toBe(0);
    expect(err).toContain("in your configuration");
  });

  test("of a disabled entry, which is said", async () => {
    expect((await rotate(["dave"])).err).toContain("the entry is disabled, and the new key is with it");
  });
});

describe("a key that has several hashes", () => {
  const several = (hashes: string) => ({ "config.yaml": `keys:\n  alice:\n    hashes: ${hashes}\n` });

  test("keeps the old ones until the grace is over, and no longer", async () => {
    const files = several(`[${OLD}, {hash: ${OLDER}, until: 2030-01-01}]`);
    const { out } = await rotate(["alice", "--grace", "1h"], { files });
    const ended = (hash: string) => `{hash: ${hash}, until: 2026-11-21T11:00:00Z}`;
    expect(out).toEndWith(`    hashes: [${made(out)}, ${ended(OLD)}, ${ended(OLDER)}]\n`);
  });

  test("keeps an earlier end as it is, and drops what has ended", async () => {
    const gone = `{hash: sha256:${"c".repeat(64)}, until: 2026-11-20}`;
    const files = several(`[${OLD}, {hash: ${OLDER}, until: 2026-11-21}, ${gone}]`);
    const { out } = await rotate(["alice", "--write"], { files });
    const olds = `{hash: ${OLD}, until: 2026-11-22T10:00:00Z}, {hash: ${OLDER}, until: 2026-11-21}`;
    expect(out).toEndWith(`    hashes: [${made(out)}, ${olds}]\n`);
  });
});

describe("--write", () => {
  test("changes the entry and keeps everything else", async () => {
    const { code, out, err, text } = await rotate(["alice", "--write", "--grace", "24h"]);
    expect(code).toBe(0);
    const hashes = `hashes: [${made(out)}, {hash: ${OLD}, until: 2026-11-22T10:00:00Z}]`;
    expect(text("config.yaml")).toBe(CONFIG.replace(`hash: ${OLD}`, hashes));
    expect(err).toBe(
      "The key is shown this once. Its hash is in CWD/config.yaml now; the old one is accepted until 2026-11-22T10:00:00Z.\n",
    );
  });

  test("changes an entry where it stands: in a file that is included", async () => {
    const files = {
      "config.yaml":
        "include: [keys.yaml]\nproviders: { demo: { type: mock } }\nkeys: { bob: { anonymous: true } }\n",
      "keys.yaml": `# people\nkeys:\n  alice: { hash: ${OLD}, aliases: { x: demo/y } }\n`,
    };
    const { code, out, err, text } = await rotate(["alice", "--write", "--grace", "0"], { files });
    expect(code).toBe(0);
    expect(err).toContain("Its hash is in keys.yaml now");
    expect(text("keys.yaml")).toBe(files["keys.yaml"].replace(OLD, made(out)));
    expect(text("config.yaml")).toBe(files["config.yaml"]);
  });

  test.each([
    ["the hash is a variable", `keys:\n  alice: { hash: "\${ALICE:-${OLD}}" }\n`, "not written out"],
    ["the entry is an alias", `x-a: &a { hash: "${OLD}" }\nkeys:\n  alice: *a\n`, "no entry of that name"],
  ])("changes nothing when %s", async (_, yaml, message) => {
    const { code, out, err, text } = await rotate(["alice", "--write"], { files: { "config.yaml": yaml } });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toStartWith("postern: CWD/config.yaml was not changed: ");
    expect(err).toContain(message);
    expect(text("config.yaml")).toBe(yaml);
  });

  test("needs a file", async () => {
    expect(await rotate(["alice", "--write"], { stdin: CONFIG })).toMatchObject({ code: 2, out: "" });
  });

  test("twice in a row: three keys, of which the first two end", async () => {
    const cwd = scratch({ "config.yaml": CONFIG });
    const io = fakeIo({ cwd, now: () => NOW_MS });
    const args = ["key", "rotate", "alice", "--write", "--config", join(cwd, "config.yaml")];
    expect([await run(args, io), await run([...args, "--grace", "1h"], io)]).toEqual([0, 0]);
    const [line = ""] = /hashes: .*/.exec(readFileSync(join(cwd, "config.yaml"), "utf8")) ?? [];
    expect(line.match(/sha256:/g)).toHaveLength(3);
    expect(line.match(/until: 2026-11-21T11:00:00Z/g)).toHaveLength(2);
  });
});

describe("what cannot be rotated", () => {
  test.each([
    ["alcie", 'there is no key named "alcie"; did you mean "alice"?'],
    ["nobody-like-this", 'there is no key named "nobody-like-this"\n'],
    ["constructor", 'there is no key named "constructor"\n'],
    ["local", '"local" is for callers without a key'],
    ["carol", 'the key "carol" is a `secret`, read from a variable or file: change it there'],
  ])("%s", async (name, message) => {
    const { code, out, err } = await rotate([name, "--write"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("xxx");
  });

  test("a key of a configuration with errors", async () => {
    const files = { "config.yaml": `${CONFIG}servr: {}\n` };
    for (const more of [[], ["--write"]]) {
      const { code, out, err } = await rotate(["alice", ...more], { files });
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain("the configuration is bad\nCWD/config.yaml:12:1  servr: ");
    }
  });

  test.each(["soon", "10", "-1h", "9999d", ""])("--grace=%s is wrong usage", async (grace) => {
    expect(await rotate(["alice", `--grace=${grace}`])).toMatchObject({ code: 2, out: "" });
  });
});
