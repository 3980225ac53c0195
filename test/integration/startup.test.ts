// How the gateway starts: what it says, what it listens on, and what it refuses, in one clear line.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { PROJECT_ROOT } from "../support/binary.ts";
import { ask, keySection, yamlOf } from "../support/callers.ts";
import { freePort, type Gateway, rssMb, runPostern, startGateway } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";

const DEMO = { providers: { demo: { type: "mock", models: ["small"] } } };

interface Refusal {
  readonly code: number;
  readonly said: string;
}

async function refused(options: Parameters<typeof runPostern>[1]): Promise<Refusal> {
  const { code, stdout, stderr } = await runPostern(["serve"], options);
  expect(stdout).toBe("");
  return { code, said: stderr };
}

/** One line or a few, each for a reader: no stack, no path of the program's own. */
function expectClear({ code, said }: Refusal): void {
  expect(code).toBe(1);
  expect(said.trim()).not.toBe("");
  expect(said.trim().split("\n").length).toBeLessThan(6);
  expect(said).not.toMatch(/^\s+at |\$bunfs|\.ts:\d|error: \w+Error|undefined/m);
}

describe("serve refuses to start", () => {
  let taken: Server;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
  });

  afterAll(() => {
    taken.close();
  });

  test("on a port that is in use, and names it", async () => {
    const refusal = await refused({ yaml: yamlOf({ server: { listen: `127.0.0.1:${port}` }, ...DEMO }) });
    expectClear(refusal);
    expect(refusal.said).toContain(String(port));
  });

  test("on an address that is not this machine's", async () => {
    const listen = "192.0.2.1:4000";
    const admin = { key: "an-admin-key-of-more-than-32-characters" };
    const refusal = await refused({ yaml: yamlOf({ server: { listen }, admin, ...DEMO }) });
    expectClear(refusal);
    expect(refusal.said).toContain(listen);
  });

  test("on a unix socket in a folder that is not there", async () => {
    const refusal = await refused({
      yaml: yamlOf({ server: { listen: "unix:nowhere/postern.sock" }, ...DEMO }),
    });
    expectClear(refusal);
    expect(refusal.said).toMatch(/server\.listen/);
  });

  test("on a unix socket where an ordinary file is", async () => {
    const yaml = yamlOf({ server: { listen: "unix:postern.sock" }, ...DEMO });
    const refusal = await refused({ yaml, files: { "postern.sock": "precious" } });
    expectClear(refusal);
  });

  test.each([
    ["a secret file that is not there", { api_key: `\${file:secrets/none}` }, {}, "secrets/none"],
    ["a secret file that is a folder", { api_key: `\${file:secrets}` }, { "secrets/x": "" }, "secrets"],
    ["a variable that is not set", { api_key: `\${NOT_SET_ANYWHERE}` }, {}, "NOT_SET_ANYWHERE"],
    ["a certificate that is not there", { tls: { ca_file: "none.pem" } }, {}, "tls.ca_file"],
  ])("with %s", async (_, more, files, named) => {
    const yaml = yamlOf({ providers: { up: { base_url: "https://example.com", ...more } } });
    const refusal = await refused({ yaml, files });
    expectClear(refusal);
    expect(refusal.said).toContain(named);
    expect(refusal.said).toMatch(/config\.yaml:\d+:\d+ {2}providers\.up/);
  });

  test("with server.tls files that are none", async () => {
    const tls = { cert_file: "cert.pem", key_file: "key.pem" };
    const files = { "cert.pem": "not a certificate", "key.pem": "not a key" };
    for (const given of [{}, files]) {
      const refusal = await refused({ yaml: yamlOf({ server: { tls }, ...DEMO }), files: given });
      expectClear(refusal);
      expect(refusal.said).toContain("server.tls.cert_file");
    }
  });

  test.each([
    ["text that is no YAML", "providers: [", /config\.yaml:\d+:\d+ {2}/],
    ["an unknown setting", "provders: {}\n", /config\.yaml:\d+:\d+ {2}provders: .*providers/],
    ["a setting twice", "providers: {}\nproviders: {}\n", /config\.yaml:\d+:1 {2}/],
    ["a setting of a later version", "redaction: {}\n", /redaction: .*not in this version/],
    ["a value of the wrong type", "providers: { up: { base_url: 7 } }\n", /providers\.up\.base_url/],
    ["a list in place of the file", "- listen: x\n- b\n", /config\.yaml:1:1 {2}/],
  ])("with %s", async (_, yaml, where) => {
    const refusal = await refused({ yaml });
    expectClear(refusal);
    expect(refusal.said).toMatch(where);
  });

  test("with a file that is not there, or is a folder", async () => {
    for (const path of ["nowhere.yaml", "."]) {
      const { code, stderr } = await runPostern(["serve", "--config", path], { yaml: "" });
      expectClear({ code, said: stderr });
      expect(stderr).toContain(path);
    }
  });
});

describe("the configuration file is", () => {
  const files = { "other.yaml": "provders: {}\n" };
  // Not completed by the helper: `listen:` stands in it.
  const yaml = "# listen: none\nprovders: {}\n";

  test.each([
    ["./config.yaml when nothing else is said", ["serve"], {}, "config.yaml:2:1 "],
    ["$POSTERN_CONFIG", ["serve"], { POSTERN_CONFIG: "other.yaml" }, "other.yaml:1:1 "],
    [
      "the one of --config first of all",
      ["serve", "--config", "other.yaml"],
      { POSTERN_CONFIG: "x" },
      "other.yaml:1:1 ",
    ],
    ["read by the default command as well", [], { POSTERN_CONFIG: "other.yaml" }, "other.yaml:1:1 "],
  ])("%s", async (_, args, env, expected) => {
    const { code, stderr } = await runPostern(args, { yaml, files, env });
    expectClear({ code, said: stderr });
    expect(stderr).toContain(expected);
  });
});

describe("a gateway that has started", () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(yamlOf({ ...DEMO, keys: keySection({ caller: {} }) }));
  });

  afterAll(async () => {
    await gateway?.stop();
  });

  test("is small when idle", () => {
    expect(rssMb(gateway.pid)).toBeLessThan(60);
  });

  test("says where it listens on stderr, and nothing on stdout", () => {
    expect(gateway.stderr()).toContain(`http://127.0.0.1:${gateway.port}`);
    expect(gateway.stdout().filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
  });

  test("promises nothing that is not there", () => {
    expect(gateway.stderr()).not.toMatch(/\/ui|\/admin|\/metrics/);
  });

  test("prints one curl line that works as pasted", async () => {
    const [line, ...more] = curlLines(gateway.stderr());
    expect(more).toEqual([]);
    expect(line).toContain("$POSTERN_KEY");
    expect(await pasted(line ?? "", { POSTERN_KEY: virtualKey("caller") })).toContain('"choices"');
  });

  test.each(["/healthz", "/readyz"])("%s says how it is, to GET and HEAD only", async (path) => {
    expect((await gateway.fetch(path)).status).toBe(200);
    expect((await gateway.fetch(path, { method: "HEAD" })).status).toBe(200);
    const answer = await gateway.fetch(path, { method: "POST" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow") ?? "").toContain("GET");
    expect(answer.headers.get("content-type")).toContain("application/json");
  });

  test("stays small after calls", async () => {
    for (let n = 0; n < 50; n++) await ask(gateway, { as: "caller", model: "demo/small" });
    expect(rssMb(gateway.pid)).toBeLessThan(72);
  });

  test("stops with 0 on SIGTERM", async () => {
    expect(await gateway.stop()).toBe(0);
  });
});

function curlLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("curl "));
}

/** What a shell prints when the line is pasted into it. */
async function pasted(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = Bun.spawn(["sh", "-c", line], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "ignore",
  });
  return await child.stdout.text();
}

describe("the curl line works as pasted", () => {
  test.each([
    ["without a key where none is needed", { keys: { local: { anonymous: true } } }],
    ["below a base path", { keys: { local: { anonymous: true } }, server: { base_path: "/gateway" } }],
    ["on a unix socket", { keys: { local: { anonymous: true } }, server: { listen: "unix:./p.sock" } }],
    [
      "where names need quoting",
      {
        keys: { local: { anonymous: true } },
        providers: { 'it\'s "odd" & $HOME': { type: "mock", models: ["a b"] } },
      },
    ],
  ])("%s", async (_, more) => {
    const unix = JSON.stringify(more).includes("unix:");
    const yaml = yamlOf({ ...DEMO, ...more });
    const gateway = await startGateway(unix ? { yaml, reach: { unix: "p.sock" } } : yaml);
    try {
      const [line] = curlLines(gateway.stderr());
      expect(line).not.toContain("POSTERN_KEY");
      expect(await pasted(line ?? "")).toContain('"choices"');
    } finally {
      await gateway.stop();
    }
  });
});

describe("config.example.yaml", () => {
  test("answers its first request with no network and no key", async () => {
    const yaml = readFileSync(join(PROJECT_ROOT, "config.example.yaml"), "utf8");
    expect(yaml).toContain("  listen: 127.0.0.1:4000\n");
    const gateway = await startGateway(yaml.replace("listen: 127.0.0.1:4000", `listen: 127.0.0.1:\${PORT}`));
    try {
      expect(await pasted(curlLines(gateway.stderr())[0] ?? "")).toContain('"choices"');
    } finally {
      await gateway.stop();
    }
  });

  test("is what check accepts", async () => {
    const yaml = readFileSync(join(PROJECT_ROOT, "config.example.yaml"), "utf8");
    const { code, stdout, stderr } = await runPostern(["check"], { yaml });
    expect([code, stderr.includes("error")]).toEqual([0, false]);
    expect(stdout).not.toBe("");
  });
});
