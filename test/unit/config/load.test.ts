// The whole of loading: what cannot be read, what is missing, what is handed on.

import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join, relative } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { scratch } from "../../support/scratch.ts";
import { good, linesOf, load } from "./loading.ts";

describe("a file that cannot be read is a problem like others", () => {
  test.each<[string, Record<string, string | Uint8Array>, string]>([
    ["a missing file", {}, "c.yaml:1:1  the file cannot be read: no such file"],
    ["a directory", { "c.yaml/x": "" }, "c.yaml:1:1  the file cannot be read: it is a directory"],
    [
      "UTF-16",
      { "c.yaml": new Uint8Array([0xff, 0xfe, 0x61, 0]) },
      "c.yaml:1:1  the file is UTF-16: save it as UTF-8",
    ],
    ["binary", { "c.yaml": "log: {}\nx\u0000" }, "c.yaml:2:2  the file is binary, not text"],
    [
      "invalid UTF-8",
      { "c.yaml": new Uint8Array([0x61, 0x3a, 0x20, 0xff]) },
      "c.yaml:1:4  the file is not valid UTF-8",
    ],
    [
      "too large",
      { "c.yaml": "#".repeat(9 * 2 ** 20) },
      "c.yaml:1:1  the file cannot be read: it is larger than 8MiB",
    ],
    ["a path below a file", { "c.yaml": "" }, "c.yaml:1:1  the file is empty"],
  ])("%s", (_, files, line) => {
    const { config, lines } = load(files);
    expect(lines).toEqual([line]);
    expect(config).toBeUndefined();
  });

  test("a file without permission", () => {
    const folder = scratch({ "c.yaml": "log: {}" });
    chmodSync(join(folder, "c.yaml"), 0o000);
    const loaded = loadConfig(join(folder, "c.yaml"), { env: {} });
    // Whoever may read everything may read this too.
    const expected = process.getuid?.() === 0 ? [] : [expect.stringContaining("permission denied")];
    expect(linesOf(loaded)).toEqual(expected);
  });

  test("a secret below a file, and a path with NUL", () => {
    expect(load({ "c.yaml": "organization: a" }, {}, "c.yaml/x").lines).toHaveLength(1);
    expect(load({}, {}, "a\0b").config).toBeUndefined();
  });
});

test("a byte order mark and CRLF are no obstacle", () => {
  const { config } = load({ "c.yaml": "\uFEFForganization: acme\r\nlog:\r\n  level: warn\r\n" });
  expect(config).toMatchObject({ organization: "acme", log: { level: "warn" } });
});

test("problems name the file as the user wrote it, included ones in the same manner", () => {
  const folder = scratch({
    "conf/c.yaml": "include: [more/*.yaml]\nfoo: 1\n",
    "conf/more/k.yaml": "keys: { a: { bar: 1 } }\n",
  });
  const path = relative(process.cwd(), join(folder, "conf/c.yaml"));
  expect(loadConfig(path, { env: {} }).problems.map(({ file, path: at }) => [file, at])).toEqual([
    [path, "foo"],
    [path.replace("c.yaml", "more/k.yaml"), "keys.a.bar"],
  ]);
});

describe("standard input", () => {
  test("is read as a file in the working folder, called -", () => {
    const loaded = loadConfig("-", { env: {}, stdin: "\uFEFFlog: { level: debug }\nfoo: 1\n" });
    expect(linesOf(loaded)).toEqual(["-:2:1  foo: unknown key"]);
    expect(loaded.files).toEqual([]);
    const { server } = good(loadConfig("-", { env: {}, stdin: "server: { listen: 'unix:test.sock' }" }));
    expect(server.listen).toBe(`unix:${join(process.cwd(), "test.sock")}`);
  });

  test("may be empty or too much, which is said", () => {
    expect(linesOf(loadConfig("-", { env: {} }))).toEqual(["-:1:1  the file is empty"]);
    expect(linesOf(loadConfig("-", { env: {}, stdin: "#".repeat(9 * 2 ** 20) }))).toHaveLength(1);
  });
});

describe("unset variables that are allowed", () => {
  const text = `
server: { listen: "\${LISTEN}", max_connections: "\${MAX}" }
providers:
  a: { base_url: "\${URL}", api_key: "\${KEY}", models: ["\${MODEL}"], timeouts: { total: "\${TOTAL}" } }
  openai: {}
models: { fast: "\${TARGET}" }
keys:
  local: { anonymous: true }
  one: { hash: "\${HASH}", expires: "\${EXPIRES}" }
  two: { secret: "\${SECRET}", aliases: { x: fast } }
default_provider: "\${DEFAULT}"
`;

  test("are warnings, one each, and nothing follows from them", () => {
    const { config, problems } = load({ "c.yaml": text }, { allowMissingEnv: true });
    const warnings = problems.map(({ level, path }) => `${level} ${path}`);
    expect(warnings).toEqual([
      "warning server.listen",
      "warning server.max_connections",
      "warning providers.a.base_url",
      "warning providers.a.api_key",
      "warning providers.a.models[0]",
      "warning providers.a.timeouts.total",
      "warning providers.openai",
      "warning models.fast",
      "warning keys.one.hash",
      "warning keys.one.expires",
      "warning keys.two.secret",
      "warning default_provider",
    ]);
    expect(config?.server).toMatchObject({ listen: "127.0.0.1:4000", max_connections: 16384 });
    expect(config?.providers["a"]).toMatchObject({ auth: "none", timeouts: { total: "30m" } });
    expect(config?.keys["one"]).not.toHaveProperty("hash");
  });

  test("are the only errors where they are not allowed", () => {
    const { config, problems } = load({ "c.yaml": text });
    expect(config).toBeUndefined();
    expect(problems.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual(
      ["LISTEN", "MAX", "URL", "KEY", "MODEL", "TOTAL", "TARGET", "HASH", "EXPIRES", "SECRET", "DEFAULT"].map(
        (name) => expect.stringContaining(`variable ${name} is not set`),
      ),
    );
  });
});

describe("a provider's credential", () => {
  test("its variable or file is known by name, for whoever misses it", () => {
    const { credentialNames } = load(
      {
        "c.yaml": `providers:\n  a: { base_url: https://h, api_key: "\${KEY}" }\n  b: { base_url: https://h, api_key: "\${file:k}" }\n  groq: {}\n`,
        k: "x",
      },
      { env: { KEY: "1" } },
    );
    expect([...credentialNames]).toEqual([
      ["a", "KEY"],
      ["b", "the file k"],
    ]);
  });
});

test("what is handed on has no prototype, so that no name is special", () => {
  const { config } = load({ "c.yaml": "models: { __proto__: a/x }\nproviders: { a: { type: mock } }" });
  expect(Object.keys(config?.models ?? {})).toEqual(["__proto__"]);
  expect(config?.providers["constructor"]).toBeUndefined();
  expect(Object.getPrototypeOf(config?.providers["a"]?.timeouts)).toBeNull();
});

test("thousands of problems are all reported, in file order, and soon", () => {
  const keys = Array.from(
    { length: 5000 },
    (_, i) => `  k${i}: { hash: short, aliases: { a: nowhere/x } }`,
  ).join("\n");
  const { problems } = load({ "c.yaml": `keys:\n${keys}\n` });
  expect(problems).toHaveLength(10_000);
  const lines = problems.map(({ line }) => line);
  expect(lines).toEqual([...lines].sort((a, b) => a - b));
});

test("a file can count as holding another text, to try a change before it is made", () => {
  const folder = scratch({ "c.yaml": "include: [k.yaml]\n", "k.yaml": "keys: { a: { anonymous: true } }\n" });
  const [main, included] = [join(folder, "c.yaml"), join(folder, "k.yaml")];
  const attempt = (path: string, text: string) => loadConfig(main, { env: {}, instead: { path, text } });
  expect(Object.keys(attempt(included, "keys: { b: { anonymous: true } }\n").config?.keys ?? {})).toEqual([
    "b",
  ]);
  expect(attempt(included, "kesy: {}\n").problems[0]).toMatchObject({ file: included, path: "kesy" });
  expect(Object.keys(attempt(main, "log: {}\n").config?.keys ?? {})).toEqual([]);
  expect(Object.keys(loadConfig(main, { env: {} }).config?.keys ?? {})).toEqual(["a"]);
});
