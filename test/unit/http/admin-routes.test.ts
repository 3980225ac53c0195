// What admin paths mean: methods, unknown paths, hosts, base paths, listeners, and how bodies are sent.

import { beforeEach, describe, expect, test } from "bun:test";
import { ADMIN_KEY, AdminUnderTest, ROLES } from "./admin-under-test.ts";

let admin: AdminUnderTest;

beforeEach(() => {
  admin = new AdminUnderTest();
});

describe("paths", () => {
  test.each([
    "/admin",
    "/admin/v1",
    "/admin/v2/status",
    "/admin/v1/nothing",
    "/admin/v1/status/more",
    "/admin/v1//status",
    "/admin/v1/policies//reset",
    "/admin/v1/issues",
    "/admin/v1/targets",
    "/admin/v1/audit",
    "/metrics/x",
    "/ui",
  ])("%s is 404", async (path) => {
    expect(await admin.outcomeOf(path)).toBe("404 not_found");
  });

  test("close names are suggested", async () => {
    const answer = await admin.ask("/admin/v1/polices");
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining("`policies`") } });
  });

  test("a trailing slash is accepted", async () => {
    for (const path of ["/admin/v1/status/", "/metrics/"]) expect(await admin.outcomeOf(path)).toBe("200");
  });

  test.each([
    ["POST", "/admin/v1/status", "GET, HEAD"],
    ["DELETE", "/admin/v1/requests/some-id", "GET, HEAD"],
    ["POST", "/admin/v1/openapi.json", "GET, HEAD"],
    ["PUT", "/metrics", "GET, HEAD"],
    ["GET", "/admin/v1/reload", "POST"],
    ["OPTIONS", "/admin/v1/policies/P/reset", "POST"],
  ])("%s %s is 405 with allow", async (method, path, allow) => {
    const answer = await admin.ask(path, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    expect(answer.headers.get("x-postern-code")).toBe("method_not_allowed");
  });

  test.each(["a", "gw", "llm", "x:1", "admin", "127.0.0.1:4000"])("host %s changes nothing", async (host) => {
    for (const path of ["status", "config", "keys", "spend", "policies", "requests", "openapi.json"])
      expect(await admin.outcomeOf(`/admin/v1/${path}`, { host })).toBe("200");
    expect(await admin.outcomeOf("/metrics", { host })).toBe("200");
    expect(await admin.outcomeOf("/admin/v1/reload", { host, method: "POST" })).toBe("200");
    expect(await admin.outcomeOf("/admin/v1/status", { host, key: null })).toBe("401 invalid_api_key");
  });
});

describe("answers", () => {
  test("are kept by nobody, and readable by no page", async () => {
    const cors = new AdminUnderTest(`${ROLES}server: { cors: ["https://app.test"] }\n`);
    for (const path of ["/admin/v1/status", "/metrics", "/admin/v1/nothing"]) {
      const { headers } = await cors.ask(path, { headers: { origin: "https://app.test" } });
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-postern-request-id")).toStartWith("admin-");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
    const preflight = { origin: "https://app.test", "access-control-request-method": "GET" };
    expect(
      await cors.outcomeOf("/admin/v1/status", { method: "OPTIONS", headers: preflight, key: null }),
    ).toBe("401 invalid_api_key");
  });

  test("a fault of ours is logged, and says nothing", async () => {
    const broken = {
      ...admin.plane,
      metrics: () => {
        throw new Error("boom");
      },
    };
    Object.assign(admin, { plane: broken });
    const answer = await admin.ask("/metrics");
    expect([answer.status, (await answer.text()).includes("boom")]).toEqual([500, false]);
    expect(admin.log.lines).toMatchObject([{ level: "error", message: "internal error" }]);
  });

  test("metrics are Prometheus text", async () => {
    const answer = await admin.ask("/metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toBe("# metrics\n");
  });
});

describe("below a base path", () => {
  beforeEach(() => {
    admin = new AdminUnderTest(`${ROLES}server: { base_path: /gateway }\n`);
  });

  test("the administration stands there", async () => {
    expect(await admin.outcomeOf("/gateway/admin/v1/status")).toBe("200");
    expect(await admin.outcomeOf("/gateway/metrics")).toBe("200");
    const document = await (await admin.ask("/gateway/admin/v1/openapi.json")).json();
    expect(document).toMatchObject({ servers: [{ url: "/gateway" }] });
  });

  test("an address of its own has it with and without", async () => {
    admin.serves = "admin";
    for (const base of ["", "/gateway"]) expect(await admin.outcomeOf(`${base}/metrics`)).toBe("200");
  });
});

describe("with an address of its own", () => {
  const paths = ["/admin/v1/status", "/admin", "/ui", "/ui/app.js", "/metrics", "/admin/v1/reload"];

  test.each(paths)("the main one has no %s, whoever asks", async (path) => {
    admin.serves = "data";
    for (const key of [ADMIN_KEY, null]) expect(await admin.outcomeOf(path, { key })).toBe("404 not_found");
  });

  test("it has nothing else but health", async () => {
    admin.serves = "admin";
    for (const path of ["/healthz", "/readyz"])
      expect(await admin.outcomeOf(path, { key: null })).toBe("200");
    for (const path of ["/v1/models", "/v1/chat/completions", "/", "/providers/up/v1/models", "/adminx"])
      expect(await admin.outcomeOf(path)).toBe("404 not_found");
    expect(await admin.outcomeOf("/admin/v1/status")).toBe("200");
  });
});

describe("the body of a POST", () => {
  const post = (body: string, type?: string) =>
    admin.outcomeOf("/admin/v1/policies/P/reset", {
      method: "POST",
      body,
      ...(type === undefined ? {} : { headers: { "content-type": type } }),
    });

  beforeEach(() => {
    admin.policyRows = [{ name: "P", subject: null }];
  });

  test("may be absent", async () => {
    expect(await admin.outcomeOf("/admin/v1/policies/P/reset", { method: "POST" })).toBe("200");
    expect(await post("", "text/plain")).toBe("200");
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/merge-patch+json",
  ])("may be %s", async (type) => expect(await post("{}", type)).toBe("200"));

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json"])(
    "may not be %s",
    async (type) => expect(await post("{}", type)).toBe("415 unsupported_media_type"),
  );

  test.each(["{", "[]", "null", '"text"', '{"subjekt":"a"}', '{"subject":1}', '{"subject":""}'])(
    "that is %p is 400",
    async (body) => expect(await post(body, "application/json")).toBe("400 invalid_request"),
  );

  test("that is too large is 413", async () => {
    expect(await post(`{"subject":"${"x".repeat(70_000)}"}`, "application/json")).toBe("413 body_too_large");
    expect(admin.resets).toEqual([]);
  });
});
