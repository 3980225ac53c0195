import { describe, expect, test } from "bun:test";
import { ERRORS, type ErrorCode } from "../../../src/errors.ts";
import { bedrockErrorAnswer, bedrockTerminal, readException } from "../../../src/formats/bedrock-error.ts";
import { geminiErrorAnswer, geminiTerminal } from "../../../src/formats/gemini-error.ts";
import { readUpstreamError } from "../../../src/formats/upstream-error.ts";
import { EventStreamScanner } from "../../../src/lib/event-stream.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

const error = (code: ErrorCode, retryAfterSeconds?: number) => ({
  code,
  status: ERRORS[code].status,
  message: "it did not work",
  requestId: "req-1",
  retryAfterSeconds,
});

describe("Gemini's envelope", () => {
  test("has the status, its name, our code and the request id", () => {
    expect(geminiErrorAnswer(error("budget_exceeded"))).toEqual({
      body: {
        error: {
          code: 402,
          message: "it did not work",
          status: "RESOURCE_EXHAUSTED",
          details: [
            {
              "@type": "type.googleapis.com/google.rpc.ErrorInfo",
              reason: "BUDGET_EXCEEDED",
              domain: "postern",
              metadata: { code: "budget_exceeded" },
            },
            { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId: "req-1" },
          ],
        },
      },
      headers: {},
    });
  });

  test("says with 429, and with nothing else, how long to wait", () => {
    const retry = '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"42s"}';
    const limited = JSON.stringify(geminiErrorAnswer(error("rate_limited", 42)).body);
    expect(limited).toContain(retry);
    expect(limited).toContain('"status":"RESOURCE_EXHAUSTED"');
    expect(JSON.stringify(geminiErrorAnswer(error("overloaded", 42)).body)).not.toContain("RetryInfo");
    expect(JSON.stringify(geminiErrorAnswer(error("rate_limited")).body)).not.toContain("RetryInfo");
  });

  test("takes the status that a policy put in the code's place", () => {
    const { body } = geminiErrorAnswer({ ...error("budget_exceeded"), status: 429 });
    expect(body).toMatchObject({ error: { code: 429, status: "RESOURCE_EXHAUSTED" } });
  });

  test.each<[ErrorCode, string]>([
    ["invalid_request", "INVALID_ARGUMENT"],
    ["invalid_api_key", "UNAUTHENTICATED"],
    ["model_not_allowed", "PERMISSION_DENIED"],
    ["model_not_found", "NOT_FOUND"],
    ["body_too_large", "INVALID_ARGUMENT"],
    ["missing_credential", "FAILED_PRECONDITION"],
    ["internal", "INTERNAL"],
    ["unsupported_endpoint", "UNIMPLEMENTED"],
    ["upstream_unreachable", "UNAVAILABLE"],
    ["upstream_timeout", "DEADLINE_EXCEEDED"],
  ])("%s is %s", (code, status) => {
    expect(geminiErrorAnswer(error(code)).body).toMatchObject({ error: { status } });
  });

  test("ends a stream with an event that Google's SDK raises", () => {
    const event = geminiTerminal({ code: "upstream_timeout", message: "too slow" }, "req-1");
    expect(event).toStartWith("data: {");
    expect(event).toEndWith("}\r\n\r\n");
    const value = JSON.parse(event.slice("data: ".length));
    expect(value.error).toMatchObject({ code: 504, message: "too slow", status: "DEADLINE_EXCEEDED" });
    expect(readUpstreamError(value)).toMatchObject({ message: "too slow", status: 504 });
  });
});

describe("Bedrock's envelope", () => {
  test.each<[ErrorCode, string]>([
    ["invalid_request", "ValidationException"],
    ["invalid_api_key", "AccessDeniedException"],
    ["budget_exceeded", "ServiceQuotaExceededException"],
    ["key_expired", "AccessDeniedException"],
    ["model_not_found", "ResourceNotFoundException"],
    ["body_timeout", "RequestTimeoutException"],
    ["unsupported_media_type", "ValidationException"],
    ["missing_credential", "ModelErrorException"],
    ["rate_limited", "ThrottlingException"],
    ["internal", "InternalServerException"],
    ["unsupported_endpoint", "UnknownOperationException"],
    ["overloaded", "ServiceUnavailableException"],
    ["upstream_timeout", "ModelTimeoutException"],
  ])("%s is %s", (code, name) => {
    expect(bedrockErrorAnswer(error(code))).toEqual({
      body: { message: "it did not work" },
      headers: { "x-amzn-errortype": name, "x-amzn-requestid": "req-1" },
    });
  });

  test.each<[ErrorCode, string]>([
    ["upstream_unreachable", "modelStreamErrorException"],
    ["upstream_timeout", "modelStreamErrorException"],
    ["overloaded", "serviceUnavailableException"],
    ["rate_limited", "throttlingException"],
    ["internal", "internalServerException"],
    ["invalid_request", "validationException"],
  ])("%s ends an event stream with %s", (code, name) => {
    const scanner = new EventStreamScanner(1000);
    scanner.push(bedrockTerminal({ code, message: "größer" }));
    expect(scanner.next()).toBe(true);
    const { frame } = scanner;
    if (frame === undefined) throw new Error("no message");
    expect([...frame.headers]).toEqual([
      [":exception-type", name],
      [":content-type", "application/json"],
      [":message-type", "exception"],
    ]);
    expect(JSON.parse(frame.payload.toString("utf8"))).toEqual({ message: "größer" });
    expect(readException(frame)?.message).toBe("größer");
  });
});

test("every code has a name in both", () => {
  for (const code of CODES) {
    expect(JSON.stringify(geminiErrorAnswer(error(code)).body)).toMatch(/"status":"[A-Z_]+"/);
    expect(bedrockErrorAnswer(error(code)).headers["x-amzn-errortype"]).toMatch(/^[A-Z]\w+Exception$/);
  }
});

describe("exceptions of an upstream", () => {
  const message = (headers: Record<string, string>, payload: string) => ({
    headers: new Map(Object.entries(headers)),
    payload: Buffer.from(payload),
  });

  test.each<[string, Record<string, string>, string, ReturnType<typeof readException>]>([
    ["an event", { ":message-type": "event", ":event-type": "x" }, '{"message":"no"}', undefined],
    [
      "an exception",
      { ":message-type": "exception", ":exception-type": "throttlingException" },
      '{"message":"Too many"}',
      { message: "Too many", status: 429 },
    ],
    [
      "one that may be tried again elsewhere",
      { ":message-type": "exception", ":exception-type": "modelStreamErrorException" },
      '{"message":"Broke"}',
      { message: "Broke", status: undefined },
    ],
    [
      "an error in headers",
      { ":message-type": "error", ":error-code": "InternalError", ":error-message": "Oh" },
      "",
      { message: "Oh", status: undefined },
    ],
    [
      "one without words",
      { ":message-type": "exception", ":exception-type": "validationException" },
      "{}",
      { message: "validationException", status: 400 },
    ],
    [
      "one without anything",
      { ":message-type": "exception" },
      "",
      { message: "The upstream reported an error without a message.", status: undefined },
    ],
  ])("%s", (_, headers, payload, expected) => {
    expect(readException(message(headers, payload))).toEqual(expected);
  });
});
