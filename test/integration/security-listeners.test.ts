// Other ways in than plain TCP: a unix socket, TLS, and pages of named origins.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { CERTIFICATE } from "../support/certificates.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;

beforeAll(() => {
  upstream = fakeUpstream();
});
afterAll(async () => {
  await upstream?.stop();
});

describe("a unix socket", () => {
  test.each([
    ["", 0o660],
    ['  listen_mode: "0600"\n', 0o600],
    ['  listen_mode: "0666"\n', 0o666],
  ])("beside the file that names it answers, with the mode asked for (%j)", async (mode, expected) => {
    const gateway = await startGateway({
      yaml: `server:\n  listen: unix:gate.sock\n${mode}${oneProvider(upstream.url)}  local: { anonymous: true }\n`,
      reach: { unix: "gate.sock" },
    });
    try {
      expect(statSync(join(gateway.dir, "gate.sock")).mode & 0o777).toBe(expected);
      const keyed = await gateway.post("/v1/chat/completions", { model: "up/m" });
      expect(await keyed.json()).toEqual(CHAT_REPLY);
      const anonymous = await gateway.post("/v1/chat/completions", { model: "up/m" }, { authorization: "" });
      expect(anonymous.status).toBe(200);
      const second = await runPostern(["serve", "--config", "config.yaml"], {
        yaml: `server: { listen: "unix:${gateway.dir}/gate.sock" }\n${oneProvider(upstream.url)}`,
      });
      expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("gate.sock")]);
      expect((await gateway.fetch("/healthz")).status).toBe(200);
    } finally {
      expect(await gateway.stop()).toBe(0);
    }
  });
});

test("a socket left behind by a gateway that was killed is taken over", async () => {
  const yaml = `server:\n  listen: unix:gate.sock\n${oneProvider(upstream.url)}`;
  const killed = await startGateway({ yaml, reach: { unix: "gate.sock" } });
  killed.signal("SIGKILL");
  await killed.exited;
  const socket = join(killed.dir, "gate.sock");
  expect(statSync(socket).isSocket()).toBe(true);
  const next = await startGateway({
    yaml: yaml.replace("unix:gate.sock", `unix:${socket}`),
    reach: { unix: socket },
  });
  expect((await next.fetch("/healthz")).status).toBe(200);
  await next.stop();
  await killed.stop();
});

describe("TLS", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({
      yaml: `server:\n  tls: { cert_file: cert.pem, key_file: tls/key.pem }\n${oneProvider(upstream.url)}`,
      files: { "cert.pem": CERTIFICATE.cert, "tls/key.pem": CERTIFICATE.key },
      reach: "https",
    });
  });
  afterAll(async () => {
    await gateway?.stop();
  });

  test("answers under its certificate", async () => {
    const answer = await fetch(`https://localhost:${gateway.port}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` },
      body: '{"model":"up/m"}',
      tls: { ca: CERTIFICATE.cert },
    });
    expect(await answer.json()).toEqual(CHAT_REPLY);
  });

  test("does not answer plain HTTP with anything of use", async () => {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/healthz`).catch(() => undefined);
    expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400);
  });

  test("the banner says https", () => {
    expect(gateway.stderr()).toContain(`https://127.0.0.1:${gateway.port}`);
  });
});

const ORIGIN = "https://app.example";
const FOREIGN = [
  "https://evil.example",
  "https://app.example.evil.example",
  "https://xapp.example",
  "https://app.example:8443",
  "http://app.example",
  "https://app.exampl",
  "null",
  "*",
];

describe("CORS", () => {
  let gateway: Gateway;
  let closed: Gateway;
  beforeAll(async () => {
    gateway = await startGateway(
      `server:\n  cors: [${ORIGIN}, "http://localhost:5173"]\n${oneProvider(upstream.url)}`,
    );
    closed = await startGateway(oneProvider(upstream.url));
  });
  afterAll(async () => {
    await Promise.all([gateway?.stop(), closed?.stop()]);
  });

  const preflight = (to: Gateway, origin: string) =>
    to.fetch("/v1/chat/completions", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-lang",
      },
    });

  test.each([ORIGIN, "http://localhost:5173"])(
    "lets a page of %s ask, and read the answer",
    async (origin) => {
      const before = await preflight(gateway, origin);
      expect([before.status, before.headers.get("access-control-allow-origin")]).toEqual([204, origin]);
      expect(before.headers.get("access-control-allow-methods")).toContain("POST");
      const allowed = before.headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
      for (const name of ["authorization", "content-type", "x-stainless-lang"])
        expect(allowed).toContain(name);
      const answer = await gateway.post("/v1/chat/completions", { model: "up/m" }, { origin });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
      expect(answer.headers.get("vary")?.toLowerCase()).toContain("origin");
    },
  );

  test("lets a page read refusals too", async () => {
    const answer = await gateway.post(
      "/v1/chat/completions",
      {},
      { origin: ORIGIN, authorization: "Bearer no" },
    );
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([401, ORIGIN]);
  });

  test.each(FOREIGN)("gives a page of %s nothing", async (origin) => {
    for (const to of [gateway, closed]) {
      const before = await preflight(to, origin);
      expect(before.headers.get("access-control-allow-origin")).toBeNull();
      const answer = await to.post("/v1/chat/completions", { model: "up/m" }, { origin });
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("gives nothing to anybody where none is named", async () => {
    expect((await preflight(closed, ORIGIN)).headers.get("access-control-allow-origin")).toBeNull();
  });
});
