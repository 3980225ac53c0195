// The commands and a running gateway: what `serve` is as a process, and how `ready` and `env` find it.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBinary } from "../support/binary.ts";
import { CERTIFICATE } from "../support/certificates.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

const YAML = "providers:\n  demo: { type: mock, models: [echo] }\nkeys:\n  local: { anonymous: true }\n";

/** Runs a command beside a gateway, on its configuration. */
function beside(gateway: Gateway, ...args: readonly string[]) {
  const child = Bun.spawnSync([ensureBinary(), ...args], {
    cwd: gateway.dir,
    env: { PATH: process.env["PATH"] ?? "", PORT: String(gateway.port), HTTP_PROXY: "http://127.0.0.1:9" },
    timeout: 20_000,
  });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

describe("more upstream calls at once than Bun's 256", () => {
  function limitOf(pid: number): string | undefined {
    const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.find((line) => line.startsWith("BUN_CONFIG_MAX_HTTP_REQUESTS="))?.split("=")[1];
  }

  test("serve restarts itself with the higher limit, as the same process with the same arguments", async () => {
    const gateway = await startGateway({ yaml: YAML });
    expect(limitOf(gateway.pid)).toBe("65336");
    const command = readFileSync(`/proc/${gateway.pid}/cmdline`, "utf8").split("\0");
    expect(command.slice(1)).toEqual(["serve", "--config", join(gateway.dir, "config.yaml"), ""]);
    expect(await gateway.stop()).toBe(0);
  });

  test("a limit that the operator set is kept", async () => {
    const gateway = await startGateway({ yaml: YAML, env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "1000" } });
    expect(limitOf(gateway.pid)).toBe("1000");
    expect(await gateway.stop()).toBe(0);
  });
});

describe("ready", () => {
  test("finds a gateway over HTTP, past a proxy of the environment, and misses it once it is gone", async () => {
    const gateway = await startGateway({ yaml: `${YAML}server:\n  base_path: /gw\n` });
    const place = `http://127.0.0.1:${gateway.port}`;
    expect(beside(gateway, "ready")).toEqual({ code: 0, out: `${place} is ready\n`, err: "" });
    gateway.signal("SIGKILL");
    await gateway.exited;
    expect(beside(gateway, "ready", "--timeout", "0")).toEqual({
      code: 1,
      out: "",
      err: `postern: ${place} is not ready after 0: nothing listens there\n`,
    });
    await gateway.stop();
  });

  test("finds a gateway over TLS", async () => {
    const gateway = await startGateway({
      yaml: `${YAML}server:\n  tls: { cert_file: cert.pem, key_file: key.pem }\n`,
      files: { "cert.pem": CERTIFICATE.cert, "key.pem": CERTIFICATE.key },
      reach: "https",
    });
    const out = `https://127.0.0.1:${gateway.port} is ready\n`;
    expect(beside(gateway, "ready")).toEqual({ code: 0, out, err: "" });
    await gateway.stop();
  });

  test("finds a gateway on a unix socket", async () => {
    const gateway = await startGateway({
      yaml: `${YAML}server: { listen: "unix:gateway.sock" }\n`,
      reach: { unix: "gateway.sock" },
    });
    const out = `unix:${join(gateway.dir, "gateway.sock")} is ready\n`;
    expect(beside(gateway, "ready")).toEqual({ code: 0, out, err: "" });
    await gateway.stop();
  });
});

test("the address that env prints is the gateway's", async () => {
  const gateway = await startGateway({ yaml: `${YAML}server:\n  base_path: /gw\n` });
  const { out } = beside(gateway, "env", "openai", "--key", "sk-postern-x");
  const shell = Bun.spawnSync(["sh", "-c", `${out}\nprintf %s "$OPENAI_BASE_URL"`]);
  const answer = await fetch(`${shell.stdout}/models`);
  expect(await answer.json()).toMatchObject({ data: [{ id: "demo/echo" }] });
  await gateway.stop();
});
