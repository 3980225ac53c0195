// Errors in the envelopes that SDKs read: every row of the table, in both families.

import { describe, expect, test } from "bun:test";
import { ERRORS, type ErrorCode, GatewayError } from "../../../src/errors.ts";
import { errorResponse } from "../../../src/http/error-response.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

/** Statuses of the contract, so that a change of the table is noticed. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request: 400,
  model_ambiguous: 400,
  invalid_api_key: 401,
  budget_exceeded: 402,
  key_disabled: 403,
  key_expired: 403,
  model_not_allowed: 403,
  provider_not_allowed: 403,
  model_unpriced: 403,
  forbidden: 403,
  model_not_found: 404,
  provider_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  body_timeout: 408,
  body_too_large: 413,
  unsupported_encoding: 415,
  unsupported_media_type: 415,
  missing_credential: 424,
  credential_rejected: 424,
  upgrade_required: 426,
  rate_limited: 429,
  client_closed: 499,
  internal: 500,
  unsupported_endpoint: 501,
  upstream_unreachable: 502,
  overloaded: 503,
  no_healthy_target: 503,
  store_unavailable: 503,
  upstream_timeout: 504,
  loop_detected: 508,
};

const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  429: "rate_limit_error",
};

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
};

test("the table has the codes and statuses of the contract", () => {
  expect(Object.fromEntries(CODES.map((code) => [code, ERRORS[code].status as number]))).toEqual(STATUSES);
});

describe.each(CODES)("%s", (code) => {
  const { status } = new GatewayError(code, "what, where, what to do");

  test("in OpenAI's envelope", async () => {
    const response = errorResponse(
      new GatewayError(code, "what, where, what to do", { param: "model" }),
      "openai",
      "r-1",
    );
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: {
        message: "what, where, what to do",
        type: OPENAI_TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error"),
        param: "model",
        code: status === 402 ? "insufficient_quota" : code,
      },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json",
      "x-postern-code": code,
      "x-postern-request-id": "r-1",
    });
    expect(response.headers.has("request-id")).toBe(false);
  });

  test("in Anthropic's envelope", async () => {
    const response = errorResponse(new GatewayError(code, "what, where, what to do"), "anthropic", "r-1");
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      type: "error",
      error: {
        type: ANTHROPIC_TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error"),
        message: "what, where, what to do",
        details: { error_code: code },
      },
      request_id: "r-1",
    });
    expect(response.headers.get("request-id")).toBe("r-1");
    expect(response.headers.get("x-postern-code")).toBe(code);
  });

  test("tells SDKs to stop where trying again cannot help, and never names a time then", () => {
    const { headers } = errorResponse(new GatewayError(code, "m"), "openai", "r-1");
    expect(headers.get("x-should-retry")).toBe([402, 403, 501].includes(status) ? "false" : null);
    expect(headers.get("retry-after")).toBeNull();
  });
});

describe("an error", () => {
  test("without a field says null", async () => {
    const body: unknown = await errorResponse(new GatewayError("not_found", "m"), "openai", "r").json();
    expect(body).toMatchObject({ error: { param: null } });
  });

  test("carries its own headers, which cannot replace what every error has", () => {
    const headers = { allow: "GET", "content-type": "text/html", "x-postern-code": "other" };
    const error = new GatewayError("method_not_allowed", "m", { headers, retryAfterSeconds: 7 });
    const response = errorResponse(error, "openai", "r");
    expect(Object.fromEntries(response.headers)).toEqual({
      allow: "GET",
      "content-type": "application/json",
      "x-postern-code": "method_not_allowed",
      "x-postern-request-id": "r",
      "retry-after": "7",
    });
  });

  test("may say in milliseconds, too, when to try again", () => {
    const error = new GatewayError("rate_limited", "m", { retryAfterSeconds: 2, retryAfterMs: 1_500 });
    const { headers } = errorResponse(error, "openai", "r");
    expect([headers.get("retry-after"), headers.get("retry-after-ms")]).toEqual(["2", "1500"]);
    expect(headers.has("x-should-retry")).toBe(false);
  });

  test("that may pass the next time does not tell SDKs to stop", () => {
    const { headers } = errorResponse(
      new GatewayError("budget_exceeded", "m", { mayRetry: true }),
      "openai",
      "r",
    );
    expect(headers.has("x-should-retry")).toBe(false);
  });

  test("tells nothing of its cause", async () => {
    const error = new GatewayError("internal", "generic", { cause: new Error("secret") });
    for (const family of ["openai", "anthropic"] as const)
      expect(await errorResponse(error, family, "r").text()).not.toContain("secret");
  });
});

describe("money that has run out under a policy with status 429", () => {
  const error = new GatewayError("budget_exceeded", "m", { status: 429 });

  test("is called by its own words in every envelope", async () => {
    const openai: unknown = await errorResponse(error, "openai", "r").json();
    expect(openai).toMatchObject({ error: { type: "insufficient_quota", code: "insufficient_quota" } });
    const anthropic: unknown = await errorResponse(error, "anthropic", "r").json();
    expect(anthropic).toMatchObject({ error: { type: "billing_error" } });
  });

  test("has that status, and nothing about trying again", () => {
    const { status, headers } = errorResponse(error, "openai", "r");
    expect([status, headers.get("x-should-retry"), headers.get("retry-after")]).toEqual([429, null, null]);
    expect(headers.get("x-postern-code")).toBe("budget_exceeded");
  });
});
