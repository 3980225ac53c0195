// What a key may ask about itself, and who is let in without one.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, get, keySection, outcome, yamlOf } from "../support/callers.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { hashOf, virtualKey } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { rawExchange } from "../support/raw-tcp.ts";

const PROVIDERS = { demo: { type: "mock", models: ["small", "large"] } };

let gateway: Gateway;
let open: Gateway;

beforeAll(async () => {
  gateway = await startGateway(
    yamlOf({
      organization: "acme",
      providers: PROVIDERS,
      models: { fast: "demo/small" },
      keys: keySection({
        laptop: {
          user: "alice@acme.com",
          workspace: "research",
          models_allowed: ["demo/small", "fast"],
          aliases: { "gpt-4o": "fast" },
          expires: "2099-01-31",
          tags: { team: "search" },
        },
        bare: {},
      }),
    }),
  );
  open = await startGateway(
    yamlOf({
      server: { hosts: ["gateway.internal"], cors: ["https://app.acme.com"] },
      providers: PROVIDERS,
      keys: {
        ...keySection({ laptop: {} }),
        "on-this-machine": { anonymous: true, models_allowed: ["demo/small"] },
      },
    }),
  );
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), open?.stop()]);
});

describe("GET /v1/key", () => {
  test("tells the caller its own name, workspace, allowed models and expiry", async () => {
    const answer = await get(gateway, "/v1/key", "laptop");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("application/json");
    const own = answer.json();
    expect(own).toMatchObject({ name: "laptop", user: "alice@acme.com", workspace: "research" });
    expect(own["models_allowed"]).toEqual(["demo/small", "fast"]);
    expect(String(own["expires"])).toMatch(/^2099-(01-31|02-01)/);
  });

  test("says null where there is nothing to say", async () => {
    const own = (await get(gateway, "/v1/key", "bare")).json();
    expect(own).toMatchObject({ name: "bare", user: null, workspace: null, expires: null });
  });

  test("shows neither the key nor its hash, nor other keys", async () => {
    const { text } = await get(gateway, "/v1/key", "laptop");
    for (const word of [virtualKey("laptop"), hashOf(virtualKey("laptop")).slice(7), "bare"])
      expect(text).not.toContain(word);
  });

  test("is GET only", async () => {
    const answer = await ask(gateway, { path: "/v1/key", as: "laptop" });
    expect(outcome(answer)).toBe("405 method_not_allowed");
  });
});

/** A chat request, byte by byte, with exactly these headers. */
async function anonymous(headers: readonly string[]): Promise<number> {
  const body = JSON.stringify({ model: "demo/small", messages: [{ role: "user", content: "ping" }] });
  const line = "POST /v1/chat/completions HTTP/1.1";
  const reply = await rawExchange(
    open.port,
    requestBytes(line, ["content-type: application/json", ...headers], body),
  );
  return reply.status;
}

describe("a caller without a key", () => {
  test.each([
    ["by an address", "host: 127.0.0.1:4000"],
    ["by another address", "host: 10.0.0.7"],
    ["by an address of version 6", "host: [::1]:4000"],
    ["as localhost", "host: localhost:4000"],
    ["by a name of server.hosts", "host: gateway.internal:4000"],
  ])("is let in when it asks for this machine %s", async (_, host) => {
    expect(await anonymous([host])).toBe(200);
  });

  test.each([
    ["a name of somebody else's choosing", ["host: evil.example"]],
    ["a name that only begins like localhost", ["host: localhost.evil.example"]],
    ["a name that only ends like one of server.hosts", ["host: evil-gateway.internal"]],
    ["X-Forwarded-For", ["host: 127.0.0.1", "x-forwarded-for: 127.0.0.1"]],
    ["X-Forwarded-Host", ["host: 127.0.0.1", "x-forwarded-host: localhost"]],
    ["X-Forwarded-Proto", ["host: 127.0.0.1", "x-forwarded-proto: https"]],
    ["Forwarded", ["host: 127.0.0.1", "forwarded: for=127.0.0.1"]],
    ["Via", ["host: 127.0.0.1", "via: 1.1 proxy"]],
    ["a page of another origin", ["host: 127.0.0.1", "origin: https://evil.example"]],
    ["a page without an origin", ["host: 127.0.0.1", "origin: null"]],
  ])("is refused with %s", async (_, headers) => {
    expect(await anonymous(headers)).toBe(401);
  });

  test("is still held to the allowlists of its key", async () => {
    expect(outcome(await ask(open, { model: "demo/small" }))).toBe("200 demo/small");
    expect(outcome(await ask(open, { model: "demo/large" }))).toBe("403 model_not_allowed");
    expect((await get(open, "/v1/key")).json()).toMatchObject({ name: "on-this-machine" });
  });

  test("with a key, the same requests are let in", async () => {
    const key = `x-api-key: ${virtualKey("laptop")}`;
    expect(await anonymous(["host: evil.example", key])).toBe(200);
    expect(await anonymous(["host: 127.0.0.1", "via: 1.1 proxy", key])).toBe(200);
  });

  test.each(["0.0.0.0:4000", "[::]:4000", "192.0.2.1:4000"])("cannot be configured on %s", async (listen) => {
    const yaml = yamlOf({
      server: { listen },
      admin: { key: "an-admin-key-of-more-than-32-characters" },
      providers: PROVIDERS,
      keys: { local: { anonymous: true } },
    });
    const { code, stdout, stderr } = await runPostern(["check"], { yaml });
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("keys.local");
  });

  test("has one key at most", async () => {
    const yaml = yamlOf({
      providers: PROVIDERS,
      keys: { one: { anonymous: true }, two: { anonymous: true } },
    });
    expect((await runPostern(["check"], { yaml })).code).toBe(1);
  });
});
