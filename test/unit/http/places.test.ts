// What a method and a path mean: every route, wrong methods, upgrades, encodings, and whose envelope a refusal takes.

import { describe, expect, test } from "bun:test";
import type { Place } from "../../../src/exchange.ts";
import { ENDPOINTS, type EndpointName } from "../../../src/formats/table.ts";
import { placeOf } from "../../../src/http/places.ts";

/** `endpoint scope[:name] [model]`, `key`, or `code family`. */
function said(place: Place): string {
  if (place.kind === "key") return "key";
  if (place.kind === "problem") return `${place.error.code} ${place.family}`;
  const { endpoint, scope, modelId } = place;
  const where = scope.kind === "unified" ? "unified" : `${scope.kind}:${scope.name}`;
  return [endpoint.name, where, ...(modelId === undefined ? [] : [modelId])].join(" ");
}

function at(method: string, path: string, upgrade = false): string {
  return said(placeOf(method, path, upgrade));
}

const BASES: readonly (readonly [string, string])[] = [
  ["/v1", "unified"],
  ["/providers/up/v1", "provider:up"],
  ["/providers/up", "provider:up"],
  ["/providers/a%2Fb%20%E9%87%8F/v1", "provider:a/b 量"],
  ["/providers/%61%2525", "provider:a%25"],
  ["/openai/v1", "provider:openai"],
  ["/anthropic", "provider:anthropic"],
  ["/models/fast/v1", "model:fast"],
  ["/models/fast", "model:fast"],
  ["/models/org%2fm/v1", "model:org/m"],
];

describe.each(BASES)("below %s", (base, scope) => {
  const names = Object.keys(ENDPOINTS) as EndpointName[];

  test.each(names)("%s is found, with a trailing slash too", (name) => {
    const { method, path } = ENDPOINTS[name];
    for (const slash of ["", "/"]) expect(at(method, `${base}/${path}${slash}`)).toBe(`${name} ${scope}`);
  });

  test.each(names)("%s with another method is refused in the client's envelope", (name) => {
    const { method, path, family } = ENDPOINTS[name];
    const code = scope === "unified" ? "method_not_allowed" : "unsupported_endpoint";
    for (const other of ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"].filter(
      (one) => one !== method,
    ))
      expect([other, at(other, `${base}/${path}`)]).toEqual([other, `${code} ${family}`]);
  });

  test.each(names)("%s as a WebSocket is told to fall back, whatever the method", (name) => {
    const { path, family } = ENDPOINTS[name];
    for (const method of ["GET", "POST"])
      expect(at(method, `${base}/${path}`, true)).toBe(`upgrade_required ${family}`);
  });

  test.each([
    ["m", "m"],
    ["up/m", "up/m"],
    ["up%2Fm", "up/m"],
    ["up/org%2fm", "up/org/m"],
    ["m/", "m"],
    ["%E9%87%8F", "量"],
    ["a%2525", "a%25"],
    ["..%2f..", "../.."],
  ])("one model is asked for as models/%s: %p", (spelled, id) => {
    expect(at("GET", `${base}/models/${spelled}`)).toBe(`models ${scope} ${id}`);
  });

  test.each(["%zz", "%", "%ff", "%c0%af", "up/%E9"])(
    "a model that cannot be decoded is a mistake: %s",
    (id) => {
      expect(at("GET", `${base}/models/${id}`)).toBe("invalid_request openai");
    },
  );

  const off = scope === "unified" ? "not_found" : "unsupported_endpoint";
  test.each<[string, string]>([
    ["/audio/speech", "openai"],
    ["/chat", "openai"],
    ["/chat/completions/x", "openai"],
    ["/chat//completions", "openai"],
    ["//chat/completions", "openai"],
    ["/chat/completions//", "openai"],
    ["/Chat/completions", "openai"],
    ["/chat%2fcompletions", "openai"],
    ["/chat/completions%00", "openai"],
    ["/v1/v1/chat/completions", "openai"],
    ["/messages/batches", "anthropic"],
  ])("nothing is found at %p", (path, family) => {
    for (const method of ["GET", "POST"]) expect(at(method, base + path)).toBe(`${off} ${family}`);
  });
});

describe("elsewhere", () => {
  test.each([
    ["GET", "/v1/key", "key"],
    ["GET", "/v1/key/", "key"],
    ["POST", "/v1/key", "method_not_allowed openai"],
    ["GET", "/v1/key/x", "not_found openai"],
    ["GET", "/providers/up/v1/key", "unsupported_endpoint openai"],
    ["GET", "/", "not_found openai"],
    ["GET", "", "not_found openai"],
    ["GET", "/v1", "not_found openai"],
    ["GET", "/v2/models", "not_found openai"],
    ["GET", "/v1models", "not_found openai"],
    ["GET", "//v1/models", "not_found openai"],
    ["GET", "/providers", "not_found openai"],
    ["GET", "/providers/up", "not_found openai"],
    ["GET", "/models", "not_found openai"],
    ["GET", "/models/fast", "not_found openai"],
    ["POST", "/chat/completions", "not_found openai"],
    ["GET", "/healthz", "not_found openai"],
    ["GET", "/metrics", "not_found openai"],
    ["GET", "/admin/v1/status", "not_found openai"],
    ["GET", "/ui", "not_found openai"],
    ["POST", "/openaix/v1/chat/completions", "not_found openai"],
    ["POST", "/providers/%ff/v1/chat/completions", "invalid_request openai"],
    ["POST", "/models/%/chat/completions", "invalid_request openai"],
    ["POST", "/providers//v1/chat/completions", "chat provider:"],
  ])("%s %s is %s", (method, path, expected) => {
    expect(at(method, path)).toBe(expected);
  });

  test("the key route as a WebSocket is told to fall back", () => {
    expect(at("GET", "/v1/key", true)).toBe("upgrade_required openai");
  });
});

describe("a refusal", () => {
  const headersOf = (place: Place) => (place.kind === "problem" ? place.error.details.headers : undefined);

  test("of a method says which one it is", () => {
    expect(headersOf(placeOf("GET", "/v1/chat/completions", false))).toEqual({ allow: "POST" });
    expect(headersOf(placeOf("POST", "/v1/models", false))).toEqual({ allow: "GET" });
    expect(headersOf(placeOf("POST", "/v1/key", false))).toEqual({ allow: "GET" });
  });

  test("of an upgrade says what is spoken", () => {
    expect(headersOf(placeOf("GET", "/v1/responses", true))).toEqual({ upgrade: "HTTP/1.1" });
  });

  test("below a provider or model says of which, so that a name that does not exist is told first", () => {
    for (const path of ["/providers/up/v1/nope", "/providers/up/v1/chat/completions"])
      expect(placeOf("GET", path, false)).toMatchObject({
        kind: "problem",
        scope: { kind: "provider", name: "up" },
      });
    expect(placeOf("GET", "/models/fast/nope", false)).toMatchObject({
      scope: { kind: "model", name: "fast" },
    });
  });

  test("does not repeat a path that goes on for ever", () => {
    const place = placeOf("POST", `/providers/up/${"x".repeat(100_000)}`, false);
    expect(place.kind === "problem" ? place.error.message.length : 0).toBeLessThan(500);
  });
});
