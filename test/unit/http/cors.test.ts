// Pages of exactly the configured origins may call; everybody else's answers say nothing about it.

import { describe, expect, test } from "bun:test";
import { preflight, withCors } from "../../../src/http/cors.ts";

const ORIGINS = new Set(["https://app.example", "http://localhost:5173"]);

function request(method: string, headers: Record<string, string>): Request {
  return new Request("http://localhost/v1/chat/completions", { method, headers });
}

const ASKING = { "access-control-request-method": "POST" };

describe("a preflight", () => {
  test.each([...ORIGINS])("of %s is answered with what it may do", (origin) => {
    const asked = { ...ASKING, origin, "access-control-request-headers": "authorization,x-stainless-lang" };
    const answer = preflight(request("OPTIONS", asked), ORIGINS);
    expect(answer?.status).toBe(204);
    expect(Object.fromEntries(answer?.headers ?? [])).toEqual({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": "authorization,x-stainless-lang",
      "access-control-max-age": "600",
      vary: "origin",
    });
  });

  test.each<[string, Record<string, string>]>([
    ["OPTIONS", { ...ASKING, origin: "https://evil.example" }],
    ["OPTIONS", { ...ASKING, origin: "https://app.example:8443" }],
    ["OPTIONS", { ...ASKING, origin: "http://app.example" }],
    ["OPTIONS", { ...ASKING, origin: "https://APP.example" }],
    ["OPTIONS", { ...ASKING, origin: "null" }],
    ["OPTIONS", { ...ASKING, origin: "*" }],
    ["OPTIONS", ASKING],
    ["OPTIONS", { origin: "https://app.example" }],
    ["POST", { ...ASKING, origin: "https://app.example" }],
  ])("is not a %s with %j", (method, headers) => {
    expect(preflight(request(method, headers), ORIGINS)).toBeUndefined();
  });

  test("is nobody's where no origin is configured", () => {
    expect(
      preflight(request("OPTIONS", { ...ASKING, origin: "https://app.example" }), new Set()),
    ).toBeUndefined();
  });
});

describe("an answer", () => {
  test("to a page of a configured origin is readable for it, with what Postern adds", () => {
    const answer = withCors(
      new Response("x", { headers: { vary: "accept" } }),
      request("POST", { origin: "https://app.example" }),
      ORIGINS,
    );
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-expose-headers")).toContain("x-postern-request-id");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(answer.headers.get("vary")).toBe("accept, origin");
  });

  test.each(["https://evil.example", "null", undefined])("to a page of %p is left as it is", (origin) => {
    const answer = withCors(
      new Response("x"),
      request("POST", origin === undefined ? {} : { origin }),
      ORIGINS,
    );
    expect([...answer.headers.keys()].filter((name) => name !== "content-type")).toEqual([]);
  });
});
