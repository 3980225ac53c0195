// Refusals of keys, models and paths in the client's own envelope: OpenAI's and Anthropic's.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, chatBody, keySection, type Question, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  const base_url = "http://127.0.0.1:9";
  gateway = await startGateway(
    yamlOf({
      providers: {
        up: { base_url, endpoints: ["chat", "messages", "models"], models: ["!no"] },
        other: { base_url, endpoints: ["chat", "messages"], models: ["shared"] },
        third: { base_url, endpoints: ["chat", "messages"], models: ["shared"] },
        "no-messages": { base_url, endpoints: ["chat"] },
        "no-chat": { base_url, endpoints: ["messages"] },
        anthropic: { base_url, endpoints: ["chat", "messages"] },
      },
      keys: keySection({
        caller: {},
        off: { disabled: true },
        late: { expires: "2020-01-01" },
        limited: { providers_allowed: ["other"] },
      }),
    }),
  );
});

afterAll(async () => {
  await gateway?.stop();
});

interface Row {
  readonly code: string;
  readonly status: number;
  readonly question: Question;
  readonly openai: string;
  readonly anthropic: string;
  /** Whether the official SDKs are told not to try again. */
  readonly final: boolean;
}

const INVALID = { openai: "invalid_request_error", anthropic: "invalid_request_error" };
const FORBIDDEN = { openai: "permission_error", anthropic: "permission_error", final: true };

const ROWS: readonly Row[] = [
  { code: "invalid_request", status: 400, question: { as: "caller", body: "{" }, ...INVALID, final: false },
  { code: "invalid_request", status: 400, question: { as: "caller" }, ...INVALID, final: false },
  {
    code: "model_ambiguous",
    status: 400,
    question: { as: "caller", model: "shared" },
    ...INVALID,
    final: false,
  },
  {
    code: "invalid_api_key",
    status: 401,
    question: { as: "nobody", model: "up/m" },
    openai: "authentication_error",
    anthropic: "authentication_error",
    final: false,
  },
  { code: "key_disabled", status: 403, question: { as: "off", model: "up/m" }, ...FORBIDDEN },
  { code: "key_expired", status: 403, question: { as: "late", model: "up/m" }, ...FORBIDDEN },
  { code: "model_not_allowed", status: 403, question: { as: "caller", model: "up/no" }, ...FORBIDDEN },
  { code: "provider_not_allowed", status: 403, question: { as: "limited", model: "up/m" }, ...FORBIDDEN },
  {
    code: "model_not_found",
    status: 404,
    question: { as: "caller", model: "none" },
    openai: "invalid_request_error",
    anthropic: "not_found_error",
    final: false,
  },
  {
    code: "method_not_allowed",
    status: 405,
    question: { as: "caller", method: "GET" },
    ...INVALID,
    final: false,
  },
  {
    code: "unsupported_media_type",
    status: 415,
    question: { as: "caller", model: "up/m", headers: { "content-type": "text/plain" } },
    ...INVALID,
    final: false,
  },
  {
    code: "missing_credential",
    status: 424,
    question: { as: "caller", model: "anthropic/m" },
    ...INVALID,
    final: false,
  },
  {
    code: "upgrade_required",
    status: 426,
    question: { as: "caller", method: "GET", headers: { upgrade: "websocket", connection: "upgrade" } },
    ...INVALID,
    final: false,
  },
  {
    code: "upstream_unreachable",
    status: 502,
    question: { as: "caller", model: "up/m" },
    openai: "server_error",
    anthropic: "api_error",
    final: false,
  },
];

function expectHead(answer: { readonly status: number; readonly headers: Headers }, row: Row): void {
  expect(answer.status).toBe(row.status);
  expect(answer.headers.get("x-postern-code")).toBe(row.code);
  expect(answer.headers.get("content-type")).toContain("application/json");
  expect(answer.headers.get("x-should-retry")).toBe(row.final ? "false" : null);
  expect(answer.headers.get("x-postern-request-id")).toMatch(/^[A-Za-z0-9._-]{8,128}$/);
}

describe("in OpenAI's envelope", () => {
  test.each(ROWS.map((row, index) => ({ ...row, index })))("$code ($index)", async (row) => {
    const answer = await ask(gateway, row.question);
    expectHead(answer, row);
    const { error } = answer.json() as { error: Record<string, unknown> };
    expect(error).toMatchObject({ message: expect.stringMatching(/\w/), type: row.openai, code: row.code });
    expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
    if (row.code.startsWith("model_")) expect(error["param"]).toBe("model");
  });
});

describe("in Anthropic's envelope", () => {
  test.each(ROWS.map((row, index) => ({ ...row, index })))("$code ($index)", async (row) => {
    const body = row.question.body ?? { ...chatBody(row.question.model), max_tokens: 5 };
    const answer = await ask(gateway, { ...row.question, path: "/v1/messages", body });
    expectHead(answer, row);
    const requestId = answer.headers.get("x-postern-request-id");
    expect(answer.json()).toEqual({
      type: "error",
      error: { type: row.anthropic, message: expect.stringMatching(/\w/), details: { error_code: row.code } },
      request_id: requestId,
    });
    expect(answer.headers.get("request-id")).toBe(requestId);
  });
});

describe("an endpoint that is not offered is a 501 that ends all tries", () => {
  test.each([
    [
      "/v1/chat/completions",
      "no-chat/m",
      { error: { type: expect.any(String), code: "unsupported_endpoint" } },
    ],
    [
      "/v1/messages",
      "no-messages/m",
      { type: "error", error: { details: { error_code: "unsupported_endpoint" } } },
    ],
  ])("%s", async (path, model, expected) => {
    const answer = await ask(gateway, { as: "caller", path, body: { ...chatBody(model), max_tokens: 5 } });
    expect(answer.status).toBe(501);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.json()).toMatchObject(expected);
  });
});

describe("a streamed request is refused in plain JSON, too", () => {
  test.each(["/v1/chat/completions", "/v1/messages"])("%s", async (path) => {
    const body = { ...chatBody("none"), max_tokens: 5, stream: true };
    const answer = await ask(gateway, { as: "caller", path, body });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.message).not.toBe("");
  });
});
