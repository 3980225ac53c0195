// Where the gateway of a configuration is reached from this machine.

import { describe, expect, test } from "bun:test";
import { siteOf } from "../../../src/cli/env/site.ts";
import { gatewayAddress } from "../../../src/cli/gateway-address.ts";
import { loadConfig } from "../../../src/config/load.ts";

function configOf(server: string, rest = "") {
  const { config, problems } = loadConfig("-", { env: {}, stdin: `server: { ${server} }\n${rest}` });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

const WIDE = "admin: { key: 0123456789abcdef0123456789abcdef }\n";

describe("the address to call", () => {
  test.each([
    ["", "http://127.0.0.1:4000"],
    ["listen: '127.0.0.1:8080'", "http://127.0.0.1:8080"],
    ["listen: '0.0.0.0:4000'", "http://127.0.0.1:4000"],
    ["listen: '[::]:4000'", "http://[::1]:4000"],
    ["listen: '[::1]:4000'", "http://[::1]:4000"],
    ["listen: 'localhost:80'", "http://localhost"],
  ])("%s: %s", (server, origin) => {
    const { server: section } = configOf(server, WIDE);
    expect(gatewayAddress(section)).toEqual({ origin, basePath: "", socket: undefined });
  });

  test("TLS and base path", () => {
    const { server } = configOf("listen: '127.0.0.1:443', base_path: /gateway");
    const tls = { cert_file: "/c.pem", key_file: "/k.pem" };
    expect(gatewayAddress({ ...server, tls })).toEqual({
      origin: "https://127.0.0.1",
      basePath: "/gateway",
      socket: undefined,
    });
  });

  test("a unix socket", () => {
    const { server } = configOf("listen: 'unix:/run/postern.sock'");
    expect(gatewayAddress(server)).toEqual({
      origin: "http://localhost",
      basePath: "",
      socket: "/run/postern.sock",
    });
  });

  test("a port that the system chooses is not known", () => {
    expect(() => gatewayAddress({ ...configOf("").server, listen: "127.0.0.1:0" })).toThrow("ends in :0");
  });
});

describe("what a set-up text is told", () => {
  const PROVIDERS = "providers: { a: { base_url: 'http://127.0.0.1:1/v1', models: ['*', 'x/y'] } }\n";

  test.each([
    ["", "PROVIDER/MODEL"],
    ["providers: { a: { base_url: 'http://127.0.0.1:1', models: ['x/*'] } }", "a/MODEL"],
    [PROVIDERS, "a/x/y"],
    ["providers: { a: { base_url: 'http://127.0.0.1:1', model: pinned } }", "a/pinned"],
    [`${PROVIDERS}models: { fast: a/x/y }`, "fast"],
  ])("%j: the model %s", (rest, model) => {
    expect(siteOf(configOf("", rest), undefined).model).toBe(model);
  });

  test.each([
    [undefined, "$POSTERN_KEY"],
    ["sk-postern-AZ_-09", "sk-postern-AZ_-09"],
    ["a b", "'a b'"],
    ["it's; rm -rf $HOME", "'it'\\''s; rm -rf $HOME'"],
  ])("the key %j is the shell's %s", (key, word) => {
    expect(siteOf(configOf(""), key).key).toBe(word);
  });
});
