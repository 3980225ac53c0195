// Health routes: alive as long as it answers, ready until it is told to stop.

import { describe, expect, test } from "bun:test";
import { createState, type State } from "../../../src/gateway/state.ts";
import { health } from "../../../src/http/operations.ts";
import { fakeLedger } from "../../support/fake-ledger.ts";
import { FakeWheel } from "../../support/fake-parts.ts";

function at(phase: State["phase"], path: string, method = "GET"): Response | undefined {
  const upstream = { send: () => Promise.reject(new Error("not asked")) };
  const state = createState({
    wheel: new FakeWheel(),
    upstream,
    ledger: fakeLedger(() => 0),
    instanceId: "i",
  });
  state.phase = phase;
  return health(method, path, state, () => "request-1");
}

describe("health", () => {
  test.each([
    ["serving", "/healthz", 200],
    ["stopping", "/healthz", 200],
    ["closed", "/healthz", 200],
    ["serving", "/readyz", 200],
    ["stopping", "/readyz", 503],
    ["closed", "/readyz", 503],
  ] as const)("of a gateway that is %s at %s is %d", (phase, path, status) => {
    for (const method of ["GET", "HEAD"])
      for (const slash of ["", "/"]) expect(at(phase, path + slash, method)?.status).toBe(status);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("is not for %s", async (method) => {
    for (const path of ["/healthz", "/readyz"]) {
      const answer = at("serving", path, method);
      expect([answer?.status, answer?.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await answer?.json()).toMatchObject({ error: { code: "method_not_allowed" } });
    }
  });

  test.each([
    "",
    "/",
    "/health",
    "/healthz/x",
    "/healthz//",
    "/v1/healthz",
    "/HEALTHZ",
    "/healthz%2f",
    "//readyz",
  ])("is not at %p", (path) => {
    expect(at("serving", path)).toBeUndefined();
  });
});
