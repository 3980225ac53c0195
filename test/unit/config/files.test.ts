// The files a configuration consists of: how they are found, merged, watched and checked.

import { describe, expect, test } from "bun:test";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../../support/certificates.ts";
import { scratch } from "../../support/scratch.ts";
import { good, load } from "./loading.ts";

const HASH = `sha256:${"ab".repeat(32)}`;

describe("what is watched", () => {
  const files = {
    "c.yaml": `include: [keys.d/*.yaml, missing.yaml]\nproviders: { a: { base_url: "https://h", api_key: "\${file:s/key}", tls: { ca_file: tls/ca.pem } } }\n`,
    "keys.d/a.yaml": `keys: { a: { secret: "\${file:key}" } }`,
    "keys.d/key": "k".repeat(40),
    "tls/ca.pem": CERTIFICATE.cert,
  };

  test("is every file read or tried, and every folder searched", () => {
    const { files: watched, folder } = load(files);
    expect(watched.map((path) => relative(folder, path)).sort()).toEqual([
      "c.yaml",
      "keys.d/*",
      "keys.d/a.yaml",
      "keys.d/key",
      "missing.yaml",
      "s/key",
      "tls/ca.pem",
    ]);
  });

  test.each(Object.keys(files))("the hash changes with %s", (name) => {
    const folder = scratch(files);
    const hash = () => loadConfig(join(folder, "c.yaml"), { env: {} }).hash;
    const before = hash();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(hash()).toBe(before);
    writeFileSync(join(folder, name), `${files[name as keyof typeof files]}\n`);
    expect(hash()).not.toBe(before);
  });

  test("a file that appears changes it too", () => {
    const folder = scratch(files);
    const before = loadConfig(join(folder, "c.yaml"), { env: {} }).hash;
    mkdirSync(join(folder, "s"));
    writeFileSync(join(folder, "s/key"), "");
    expect(loadConfig(join(folder, "c.yaml"), { env: {} }).hash).not.toBe(before);
  });
});

describe("paths", () => {
  test("are relative to the file that names them, and absolute in what is handed on", () => {
    const { folder, ...loaded } = load({
      "c.yaml":
        "include: [conf/p.yaml]\nserver: { listen: 'unix:run/s.sock', tls: { cert_file: c.pem, key_file: ./k.pem } }",
      "conf/p.yaml": "providers: { a: { base_url: https://h, tls: { ca_file: ca.pem } } }",
      "conf/ca.pem": CERTIFICATE.cert,
      "c.pem": CERTIFICATE.cert,
      "k.pem": CERTIFICATE.key,
      "run/x": "",
    });
    const { server, providers } = good(loaded);
    expect(server.listen).toBe(`unix:${folder}/run/s.sock`);
    expect(server.tls).toEqual({ cert_file: `${folder}/c.pem`, key_file: `${folder}/k.pem` });
    expect(providers["a"]?.tls?.ca_file).toBe(`${folder}/conf/ca.pem`);
  });

  test("a secret's path counts from its own file, through a symbolic link too", () => {
    const folder = scratch({
      "conf/p.yaml": `providers: { groq: { api_key: "\${file:../k}" } }`,
      k: "sk-1",
      "a/c.yaml": "",
    });
    symlinkSync("../conf/p.yaml", join(folder, "a/p.yaml"));
    writeFileSync(join(folder, "a/c.yaml"), "include: [p.yaml]");
    expect(good(loadConfig(join(folder, "a/c.yaml"), { env: {} })).providers["groq"]?.api_key).toBe("sk-1");
    expect(realpathSync(join(folder, "a/p.yaml"))).toBe(realpathSync(join(folder, "conf/p.yaml")));
  });
});

describe("includes", () => {
  test("a file that two entries name is read once", () => {
    const { config } = load({
      "c.yaml": "include: [a.yaml, ./a.yaml, '*.yml', a.yml, link.yaml]",
      "a.yaml": `keys: { a: { hash: ${HASH} } }`,
      "a.yml": "users: { u: {} }",
      "link.yaml": "{}",
    });
    expect(Object.keys(config?.keys ?? {})).toEqual(["a"]);
  });

  test("files are merged in the order of the list, patterns in the order of names", () => {
    const { config } = load({
      "c.yaml": "include: [z.yaml, 'd/*/m*.yaml']\nmodels: { first: a/x }\nproviders: { a: { type: mock } }",
      "z.yaml": "models: { second: a/x }",
      "d/1/m.yaml": "models: { third: a/x }",
      "d/2/m2.yaml": "models: { fourth: a/x }",
      "d/2/n.yaml": "models: { never: a/x }",
      "d/.3/m.yaml": "models: { never: a/x }",
    });
    expect(Object.keys(config?.models ?? {})).toEqual(["first", "second", "third", "fourth"]);
  });

  test("anchors belong to one file", () => {
    const { lines } = load({
      "c.yaml": "x-a: &a { type: mock }\ninclude: [p.yaml]\nproviders: { q: *a }",
      "p.yaml": "providers: { p: *a }",
    });
    expect(lines).toEqual(["p.yaml:1:17  providers.p: no anchor of this name stands before the alias"]);
  });

  test("a very long cycle is one line", () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}.yaml`);
    const files = Object.fromEntries(names.map((name, i) => [name, `include: [f${(i + 1) % 20}.yaml]`]));
    const { lines } = load({ ...files, "c.yaml": "include: [f0.yaml]" });
    expect(lines).toEqual([
      expect.stringMatching(/^f19\.yaml:1:11 {2}include\[0\]: the file includes itself: f0\.yaml → /),
    ]);
  });
});

test("a key that is not the certificate's, and files that are neither, are errors", () => {
  const pem = { "cert.pem": CERTIFICATE.cert, "key.pem": OTHER_CERTIFICATE.key, "text.pem": "hello" };
  const server = (cert: string, key: string) => `server: { tls: { cert_file: ${cert}, key_file: ${key} } }`;
  expect(load({ ...pem, "c.yaml": server("cert.pem", "key.pem") }).lines).toEqual([
    "c.yaml:1:49  server.tls.key_file: is not the key of the certificate in cert_file",
  ]);
  expect(load({ ...pem, "c.yaml": server("text.pem", "cert.pem") }).lines).toEqual([
    "c.yaml:1:29  server.tls.cert_file: the file does not hold a certificate in PEM",
    "c.yaml:1:49  server.tls.key_file: the file does not hold a private key without a passphrase in PEM",
  ]);
});
