// `postern key new`: the key, its entry, and the file it is written into.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";

const CONFIG = `# Mine
providers:
  demo: { type: mock }

keys:
  alice:   # first
    hash: sha256:${"a".repeat(64)}
`;

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function keyNew(args: readonly string[], given: Given = {}) {
  const cwd = scratch(given.files);
  const io = fakeIo({ cwd, stdin: given.stdin ?? "", env: given.env ?? {} });
  const argv = args.map((arg) => arg.replace("CWD", cwd));
  const code = await run(["key", "new", ...argv], io);
  return { code, cwd, out: io.out(), err: io.err() };
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

describe("the key", () => {
  test("is printed once, above the entry that holds its hash", async () => {
    const { code, out, err } = await keyNew(["bob"]);
    expect(code).toBe(0);
    const match = /^(sk-postern-[A-Za-z0-9_-]{43})\n\n {2}bob:\n {4}hash: sha256:([0-9a-f]{64})\n$/.exec(out);
    expect(match?.[2]).toBe(digest(match?.[1] ?? ""));
    expect(err).toBe(
      "The key is shown this once. Paste the entry under `keys:` in ./config.yaml, or use --write.\n",
    );
  });

  test("as JSON", async () => {
    const { out } = await keyNew(["bob", "--json"]);
    const made = JSON.parse(out);
    expect(made).toEqual({ name: "bob", key: expect.any(String), hash: `sha256:${digest(made.key)}` });
    expect(Buffer.from(made.key.slice("sk-postern-".length), "base64url").length).toBe(32);
  });

  test("a name that YAML would misread is quoted", async () => {
    expect((await keyNew(["123"])).out).toContain('\n  "123":\n');
  });
});

describe("a name", () => {
  test.each(["", " a", "a ", "a\nb", "a\u0000", "a\u2028b", "<<", "x".repeat(201)])(
    "%j is refused",
    async (name) => {
      const { code, out } = await keyNew(["--", name]);
      expect({ code, out }).toEqual({ code: 2, out: "" });
    },
  );

  test.each(["alice-laptop", "a b", "é", "a@b.com", "-x", "constructor", "__proto__"])(
    "%j is accepted",
    async (name) => {
      expect((await keyNew(["--", name])).code).toBe(0);
    },
  );

  test.each([
    ["in the file", { "config.yaml": CONFIG }],
    [
      "in a file it includes",
      { "config.yaml": "include: [keys.yaml]\n", "keys.yaml": CONFIG.slice(CONFIG.indexOf("keys:")) },
    ],
    ["in a file with other errors", { "config.yaml": `${CONFIG}servr: {}\n` }],
  ])("that is taken %s is refused", async (_, files) => {
    const { code, out, err } = await keyNew(["alice", "--config", "CWD/config.yaml"], { files });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain('there is a key named "alice" already');
  });

  test("that is taken on standard input is refused", async () => {
    expect((await keyNew(["alice", "--config", "-"], { stdin: CONFIG })).code).toBe(1);
    expect((await keyNew(["bob", "--config", "-"], { stdin: CONFIG })).code).toBe(0);
  });
});

test("secrets of the configuration that are not set do not matter", async () => {
  const files = {
    "config.yaml": `providers: { a: { base_url: 'http://127.0.0.1:1', api_key: '\${NOT_SET}' } }\n`,
  };
  expect((await keyNew(["bob", "--config", "CWD/config.yaml"], { files })).code).toBe(0);
  expect((await keyNew(["bob", "--config", "CWD/config.yaml", "--write"], { files })).code).toBe(0);
});

test("a configuration that is named but not there is an error", async () => {
  const { code, out, err } = await keyNew(["bob", "--config", "CWD/none.yaml"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("none.yaml");
});

describe("--write", () => {
  async function write(files: Readonly<Record<string, string>>, name = "bob") {
    const result = await keyNew([name, "--write", "--config", "CWD/config.yaml"], { files });
    return { ...result, text: readFileSync(join(result.cwd, "config.yaml"), "utf8") };
  }

  test("adds the entry and keeps everything else", async () => {
    const { code, out, err, cwd, text } = await write({ "config.yaml": CONFIG });
    const [key = ""] = out.split("\n");
    expect(code).toBe(0);
    expect(text).toBe(`${CONFIG}  bob:\n    hash: sha256:${digest(key)}\n`);
    expect(err).toContain("Its hash is in ");
    expect(readdirSync(cwd)).toEqual(["config.yaml"]);
  });

  test.each([
    ["the name is taken", { "config.yaml": CONFIG }, "alice", "already"],
    [
      "an included file has the name",
      {
        "config.yaml": "include: [more.yaml]\nproviders: { demo: { type: mock } }\n",
        "more.yaml": CONFIG.slice(CONFIG.indexOf("keys:")),
      },
      "alice",
      "already",
    ],
    ["the file has errors", { "config.yaml": `${CONFIG}servr: {}\n` }, "bob", "servr"],
    ["the file is no YAML", { "config.yaml": "keys: {\n" }, "bob", "was not changed"],
    ["the keys are an alias", { "config.yaml": "x-k: &k {}\nkeys: *k\n" }, "bob", "paste the entry by hand"],
  ])("changes nothing when %s", async (_, files, name, message) => {
    const { code, out, err, cwd, text } = await write(files, name);
    expect({ code, out, text }).toEqual({ code: 1, out: "", text: files["config.yaml"] });
    expect(err).toContain(message);
    expect(readdirSync(cwd).sort()).toEqual(Object.keys(files).sort());
  });

  test("needs a file", async () => {
    expect(await keyNew(["bob", "--write", "--config", "CWD/none.yaml"])).toMatchObject({ code: 1, out: "" });
    expect(await keyNew(["bob", "--write", "--config", "-"])).toMatchObject({ code: 2, out: "" });
  });

  test("keeps the file's mode, and a symbolic link a link", async () => {
    const cwd = scratch({ "real/config.yaml": CONFIG, "more.yaml": "users: { u: {} }\n" });
    const target = join(cwd, "real/config.yaml");
    writeFileSync(target, `include: [more.yaml]\n${CONFIG}`);
    chmodSync(target, 0o640);
    symlinkSync("real/config.yaml", join(cwd, "config.yaml"));
    const io = fakeIo({ cwd });
    const code = await run(["key", "new", "bob", "--write", "--config", join(cwd, "config.yaml")], io);
    expect({ code, err: io.err() }).toMatchObject({ code: 0 });
    expect(lstatSync(join(cwd, "config.yaml")).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readFileSync(target, "utf8")).toContain("\n  bob:\n");
    expect(readdirSync(join(cwd, "real"))).toEqual(["config.yaml"]);
  });

  test("two keys one after the other", async () => {
    const cwd = scratch({ "config.yaml": CONFIG });
    const io = fakeIo({ cwd });
    for (const name of ["bob", "carol"]) {
      expect(await run(["key", "new", name, "--write", "--config", join(cwd, "config.yaml")], io)).toBe(0);
    }
    expect(readFileSync(join(cwd, "config.yaml"), "utf8")).toMatch(/bob:\n.*\n {2}carol:\n/);
  });
});

test.each([
  [["key"], "key needs a verb: key new NAME, key rotate NAME"],
  [["key", "new"], "key new needs a name: key new NAME"],
  [["key", "old"], 'unknown verb "old"; there is: key new NAME, key rotate NAME'],
  [["key", "rotate"], "key rotate needs a name: key rotate NAME"],
  [["key", "new", "a", "b"], "too many words: key takes 2"],
  [["key", "new", "a", "--grace", "1h"], "--grace is for key rotate"],
  [
    ["key", "new", "a", "--nope"],
    'unknown option "--nope"; there is --config, --write, --json, --grace and --help',
  ],
])("%j is wrong usage", async (argv, message) => {
  const io = fakeIo();
  expect(await run(argv, io)).toBe(2);
  expect(io.err()).toBe(`postern: ${message}\nSee \`postern key --help\`.\n`);
});
