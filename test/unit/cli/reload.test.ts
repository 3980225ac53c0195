// What a reload takes over, what it refuses, and what it says about that.

import { beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMocks } from "../../../src/cli/mocks.ts";
import { createNativeCredentials } from "../../../src/cli/native-credentials.ts";
import { createReloader, type Reloader } from "../../../src/cli/reload.ts";
import { type Loaded, loadConfig } from "../../../src/config/load.ts";
import type { Config, ServerConfig } from "../../../src/config/schema.ts";
import { compileSnapshot, type Snapshot } from "../../../src/gateway/snapshot.ts";
import type { State } from "../../../src/gateway/state.ts";
import type { Log, LogFields } from "../../../src/telemetry/log.ts";
import { CERTIFICATE } from "../../support/certificates.ts";
import { hashOf } from "../../support/keys.ts";
import { scratch } from "../../support/scratch.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

let folder: string;
let lines: Line[];
let levels: string[];
let state: Pick<State, "configReload">;
let renewCertificate: (server: ServerConfig) => "unchanged" | "renewed" | "needs restart";
let clock: number;
let env: Record<string, string>;

function write(yaml: string, name = "config.yaml"): void {
  writeFileSync(join(folder, name), yaml);
}

const log: Log = {
  ...Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [
      level,
      (fields: LogFields, message: string) => lines.push({ level, message, fields }),
    ]),
  ),
  setLevel: (level) => void levels.push(level),
  flush: () => {},
} as Log;

/** A gateway's reloader that was started with what `config.yaml` holds. */
function start(): Reloader {
  const load = (): Loaded => loadConfig(join(folder, "config.yaml"), { env });
  const createMock = createMocks({ now: () => 0, newId: () => "id" });
  const credentials = createNativeCredentials({ fetch, now: () => 0, env: {} });
  const compile = (config: Config, { credentialNames }: Loaded): Snapshot =>
    compileSnapshot(config, { now: () => clock, credentialNames, createMock, credentials });
  const loaded = load();
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.problems));
  const started = { ...loaded, config: loaded.config, snapshot: compile(loaded.config, loaded) };
  return createReloader(started, {
    path: "config.yaml",
    load,
    compile,
    renewCertificate: (server) => renewCertificate(server),
    state,
    log,
    now: () => clock,
  });
}

function providerNames(reloader: Reloader): string[] {
  return [...reloader.live().snapshot.directory.providers.keys()];
}

const ONE = "providers: { one: { type: mock } }\n";
const TWO = "providers: { two: { type: mock } }\n";
const TLS = "server: { tls: { cert_file: cert.pem, key_file: key.pem } }\n";
const BAD = "providers: { one: { type: mock, nonsense: 1 } }\nmodels: { x: nowhere/m }\n";

beforeEach(() => {
  folder = scratch();
  lines = [];
  levels = [];
  clock = 1_000;
  env = {};
  renewCertificate = () => "unchanged";
  state = { configReload: { ok: false, problems: [], path: "", loadedAt: 0, hash: "" } };
  write(ONE);
});

describe("a good file", () => {
  test("is taken over, and the log names what is different", () => {
    const reloader = start();
    const first = state.configReload;
    clock = 2_000;
    write(`${TWO}log: { level: debug }\n`);
    reloader.reload(false);
    expect(providerNames(reloader)).toEqual(["two"]);
    expect(levels).toEqual(["debug"]);
    expect(lines).toEqual([
      {
        level: "info",
        message: "configuration reloaded",
        fields: { added: ["providers.two"], removed: ["providers.one"], changed: ["log.level"] },
      },
    ]);
    expect([first.ok, first.loadedAt, first.path]).toEqual([true, 1_000, "config.yaml"]);
    expect([state.configReload.ok, state.configReload.loadedAt]).toEqual([true, 2_000]);
    expect(state.configReload.hash).not.toBe(first.hash);
  });

  test("that is the same is not taken over again, and only who asked is told", () => {
    const reloader = start();
    const before = reloader.live();
    reloader.reload(false);
    expect(lines).toEqual([]);
    reloader.reload(true);
    expect(reloader.live()).toBe(before);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ["info", "the configuration has not changed"],
    ]);
  });

  test("is read with the variables there are now", () => {
    write(
      `providers: { one: { type: mock } }\nkeys: { a: { hash: "${hashOf("a")}", user: "\${WHO:-x}" } }\n`,
    );
    const reloader = start();
    env = { WHO: "anna" };
    write(`${ONE}keys: { a: { hash: "${hashOf("a")}", user: "\${WHO:-x}" } } # again\n`);
    reloader.reload(false);
    expect(reloader.live().config.keys["a"]?.user).toBe("anna");
  });

  test("with settings that wait for a restart names them once, and takes the rest", () => {
    const reloader = start();
    write(`${TWO}server: { listen: 127.0.0.1:4999, max_connections: 9 }\n`);
    reloader.reload(false);
    write(`${ONE}server: { listen: 127.0.0.1:4999, max_connections: 9 }\n`);
    reloader.reload(false);
    expect(providerNames(reloader)).toEqual(["one"]);
    expect(reloader.live().snapshot.server.maxConnections).toBe(16_384);
    expect(lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["settings"])).toEqual([
      ["server.listen", "server.max_connections"],
    ]);
    expect(lines.filter(({ message }) => message.includes("server.listen"))).toHaveLength(1);
    write(`${ONE}server: { listen: 127.0.0.1:5000, max_connections: 9 }\n`);
    reloader.reload(false);
    expect(lines.at(-1)?.fields["settings"]).toEqual(["server.listen"]);
  });

  test("has a new warning said once, and none that was said at the start", () => {
    const remote = (name: string): string => `${name}: { base_url: "http://example.com/v1", auth: none }`;
    write(`providers:\n  ${remote("old")}\n`);
    const reloader = start();
    write(`providers:\n  ${remote("old")}\n  ${remote("new")}\n`);
    reloader.reload(false);
    write(`providers:\n  ${remote("old")}\n  ${remote("new")}\n# again\n`);
    reloader.reload(false);
    expect(lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["path"])).toEqual([
      "providers.new.base_url",
    ]);
  });

  test("names at most fifty changes of a kind", () => {
    const reloader = start();
    const names = Array.from({ length: 60 }, (_, i) => `  u${i}: {}\n`).join("");
    write(`${ONE}users:\n${names}`);
    reloader.reload(false);
    const added = lines[0]?.fields["added"] as string[];
    expect([added.length, added[0], added[50]]).toEqual([51, "users.u0", "and 10 more"]);
  });
});

describe("a bad file", () => {
  test("changes nothing, and each of its problems is said once", () => {
    const reloader = start();
    const before = reloader.live();
    write(BAD);
    reloader.reload(false);
    reloader.reload(false);
    reloader.reload(true);
    expect(reloader.live()).toBe(before);
    const errors = lines.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => [fields["file"], fields["line"], fields["path"]])).toEqual([
      [join(folder, "config.yaml"), 1, "providers.one.nonsense"],
      [join(folder, "config.yaml"), 2, "models.x"],
    ]);
    expect(errors[0]?.fields["message"]).toBeString();
    expect(errors[0]?.fields["column"]).toBeGreaterThan(1);
    expect([state.configReload.ok, state.configReload.problems.length]).toEqual([false, 2]);
    expect(state.configReload.hash).toBe(before.hash);
  });

  test("that is good again is said to be", () => {
    const reloader = start();
    write(BAD);
    reloader.reload(false);
    write(ONE);
    reloader.reload(false);
    expect(lines.at(-1)).toEqual({
      level: "info",
      message: "the configuration is good again, and in force",
      fields: {},
    });
    expect([state.configReload.ok, state.configReload.problems]).toEqual([true, []]);
  });

  test.each<[string, () => void]>([
    ["empty", () => write("")],
    ["gone", () => rmSync(join(folder, "config.yaml"))],
    ["not YAML", () => write("a: [")],
  ])("may be one that is %s", (_, spoil) => {
    const reloader = start();
    spoil();
    const watched = reloader.reload(false);
    expect(providerNames(reloader)).toEqual(["one"]);
    expect(state.configReload.ok).toBe(false);
    expect(watched).toContain(join(folder, "config.yaml"));
  });

  test("leaves the files of the last good one watched", () => {
    write("include: [more.yaml]");
    write(ONE, "more.yaml");
    const reloader = start();
    write("include: [");
    expect(reloader.reload(false)).toContain(join(folder, "more.yaml"));
  });
});

describe("files that the configuration only names", () => {
  test("make a provider changed when they hold something else", () => {
    const ca = join(folder, "ca.pem");
    writeFileSync(ca, CERTIFICATE.cert);
    write(
      "providers: { up: { base_url: 'https://127.0.0.1:1/v1', auth: none, tls: { ca_file: ca.pem } } }\n",
    );
    const reloader = start();
    writeFileSync(ca, `${CERTIFICATE.cert}\n`);
    reloader.reload(false);
    expect(lines[0]?.fields).toEqual({ changed: ["providers.up"] });
    rmSync(ca);
    reloader.reload(false);
    expect(lines.at(-2)?.fields["path"]).toBe("providers.up.tls.ca_file");
    expect(reloader.live().snapshot.directory.providers.get("up")?.tls.ca).toContain("BEGIN CERTIFICATE");
  });

  test.each([
    ["renewed", ["server.tls"], undefined],
    ["needs restart", undefined, ["server.tls"]],
  ] as const)("are named when the certificate is %s", (renewal, changed, settings) => {
    writeFileSync(join(folder, "cert.pem"), CERTIFICATE.cert);
    writeFileSync(join(folder, "key.pem"), CERTIFICATE.key);
    write(`${ONE}${TLS}`);
    const reloader = start();
    renewCertificate = () => renewal;
    write(`${ONE}${TLS}# again\n`);
    reloader.reload(false);
    expect(lines[0]?.fields["changed"] as unknown).toEqual(changed as unknown);
    expect(lines[1]?.fields["settings"] as unknown).toEqual(settings as unknown);
  });
});

describe("a certificate that the file does not name any more", () => {
  test("stays until a restart, even if its files are gone", () => {
    writeFileSync(join(folder, "cert.pem"), CERTIFICATE.cert);
    writeFileSync(join(folder, "key.pem"), CERTIFICATE.key);
    write(`${ONE}${TLS}`);
    const reloader = start();
    rmSync(join(folder, "cert.pem"));
    renewCertificate = () => {
      throw new Error("no such file");
    };
    write(TWO);
    reloader.reload(false);
    expect(providerNames(reloader)).toEqual(["two"]);
    expect(reloader.live().config.server.tls).toBeDefined();
    expect(lines.at(-1)?.fields["settings"]).toEqual(["server.tls"]);
  });
});

describe("an unexpected failure", () => {
  test("leaves everything as it was, and the same content is tried again", () => {
    writeFileSync(join(folder, "cert.pem"), CERTIFICATE.cert);
    writeFileSync(join(folder, "key.pem"), CERTIFICATE.key);
    write(`${ONE}${TLS}`);
    const reloader = start();
    const before = reloader.live();
    renewCertificate = () => {
      throw new Error("the key was replaced meanwhile");
    };
    write(`${TWO}${TLS}`);
    reloader.reload(false);
    expect(reloader.live()).toBe(before);
    expect(state.configReload.ok).toBe(false);
    expect(lines[0]?.fields["message"]).toContain("the key was replaced meanwhile");
    renewCertificate = () => "unchanged";
    reloader.reload(false);
    expect(providerNames(reloader)).toEqual(["two"]);
  });
});
