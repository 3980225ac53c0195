// What is found in a body: the model, stream and usage; anything that could be read two ways is refused.

import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../../src/errors.ts";
import type { Call } from "../../../src/exchange.ts";
import { ENDPOINTS, type EndpointName } from "../../../src/formats/table.ts";
import { bodylessCall, readCall } from "../../../src/gateway/read-call.ts";
import { FakeWheel } from "../../support/fake-parts.ts";

type Need = "required" | "optional" | "fixed";

function read(
  body: string | Uint8Array,
  need: Need = "required",
  endpoint: EndpointName = "chat",
): Promise<Call> {
  const request = new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) },
    body,
  });
  const limits = { maxBytes: 1e6, timeoutMs: 0, wheel: new FakeWheel(), hold: () => {} };
  return readCall(request, ENDPOINTS[endpoint], { need: need, native: undefined }, limits);
}

/** Message and param of the refusal; every one of them is an invalid request. */
async function refusal(
  body: string | Uint8Array,
  need?: Need,
): Promise<{ message: string; param: string | undefined }> {
  const error = await read(body, need).catch((thrown: unknown) => thrown);
  if (!(error instanceof GatewayError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.code).toBe("invalid_request");
  return { message: error.message, param: error.details.param };
}

describe("the model", () => {
  test.each([
    ['{"model":"up/m"}', "up/m"],
    ['{"model":"größe 😀"}', "größe 😀"],
    [String.raw`{"\u006dodel":"a\/b\u00e9\"\\"}`, 'a/bé"\\'],
    ['{"messages":[{"model":"inner"}],"model":"outer"}', "outer"],
  ])("of %s is %p, whoever decides it", async (body, model) => {
    for (const need of ["required", "optional", "fixed"] as const)
      expect((await read(body, need)).requestedModel).toBe(model);
  });

  test("may be absent where the upstream knows it, or path or pin fix it", async () => {
    expect((await refusal('{"messages":[]}')).param).toBe("model");
    expect((await read('{"messages":[]}', "optional")).requestedModel).toBeUndefined();
    expect((await read("{}", "fixed")).requestedModel).toBeUndefined();
  });

  test.each(['""', "null", "7", "true", "[]", '{"id":"m"}', String.raw`"\ud800"`])(
    "%s is none, and matters only where it is read",
    async (value) => {
      for (const need of ["required", "optional"] as const)
        expect((await refusal(`{"model":${value}}`, need)).param).toBe("model");
      const { requestedModel } = await read(`{"model":${value}}`, "fixed");
      expect(requestedModel === undefined || requestedModel === "" || !requestedModel.isWellFormed()).toBe(
        true,
      );
    },
  );

  test.each([String.raw`{"model":"\x"}`, String.raw`{"model":"\u12"}`, '{"model":"a\nb"}'])(
    "%j is no JSON string",
    async (body) => {
      for (const need of ["required", "optional", "fixed"] as const)
        expect((await refusal(body, need)).param).toBe("model");
    },
  );
});

describe("a body that is not one JSON object in UTF-8 is refused", () => {
  test.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["an array", "[]"],
    ["a string", '"x"'],
    ["half an object", '{"model":"m"'],
    ["trailing data", '{"model":"m"}{}'],
    ["a trailing comma", '{"model":"m",}'],
    ["a byte order mark", '\ufeff{"model":"m"}'],
    ["UTF-16", Buffer.from('{"model":"m"}', "utf16le")],
    [
      "a stray byte",
      Buffer.concat([Buffer.from('{"model":"m","a":"'), Uint8Array.of(0xff), Buffer.from('"}')]),
    ],
    [
      "an overlong form",
      Buffer.concat([Buffer.from('{"model":"'), Uint8Array.of(0xc0, 0xaf), Buffer.from('"}')]),
    ],
    [
      "a surrogate in UTF-8",
      Buffer.concat([Buffer.from('{"model":"'), Uint8Array.of(0xed, 0xa0, 0x80), Buffer.from('"}')]),
    ],
    ["1,001 levels", `{"model":"m","a":${"[".repeat(1001)}${"]".repeat(1001)}}`],
  ])("%s", async (_, body) => {
    expect((await refusal(body)).message).toMatch(/JSON/);
  });

  test("without repeating it", async () => {
    expect((await refusal(`{"model":"m" ${"secret".repeat(100)}`)).message).not.toContain("secret");
  });
});

describe("a top-level key that could be read two ways is refused", () => {
  test.each([
    ['{"model":"m","model":"m"}', "model"],
    [String.raw`{"model":"m","\u006dodel":"n"}`, "model"],
    ['{"model":"m","x":1,"x":2}', "x"],
    ['{"model":"m","MODEL":"n"}', "MODEL"],
    ['{"Model":"m"}', "Model"],
    ['{"model":"m","Stream":true}', "Stream"],
    ['{"model":"m","stream_Options":{}}', "stream_Options"],
    ['{"model":"m","Max_Tokens":1}', "Max_Tokens"],
    ['{"model":"m","MAX_completion_TOKENS":1}', "MAX_completion_TOKENS"],
    ['{"model":"m","max_Output_tokens":1}', "max_Output_tokens"],
    ['{"model":"m","N":1}', "N"],
    ['{"model":"m","Tools":[]}', "Tools"],
    ['{"model":"m","Web_Search_Options":{}}', "Web_Search_Options"],
    ['{"model":"m","\u017ftream":true}', "\u017ftream"],
    ['{"model":"m","max_to\u212aens":1}', "max_to\u212aens"],
  ])("%s", async (body, param) => {
    for (const need of ["required", "optional", "fixed"] as const)
      expect((await refusal(body, need)).param).toBe(param);
  });

  test("a long one is cut in the answer", async () => {
    const key = "k".repeat(10_000);
    const { message, param } = await refusal(`{"model":"m","${key}":1,"${key}":2}`);
    expect(message.length + (param?.length ?? 0)).toBeLessThan(500);
  });

  test.each([
    '{"model":"m","Messages":[]}',
    '{"model":"m","__proto__":1,"constructor":2}',
    '{"model":"m","a":{"b":1,"b":2,"Model":3}}',
  ])("%s could not", async (body) => {
    expect((await read(body)).requestedModel).toBe("m");
  });
});

describe("stream", () => {
  test.each([
    ["true", true],
    ["false", false],
    ["null", false],
  ])("%s: %p", async (value, stream) => {
    expect((await read(`{"model":"m","stream":${value}}`)).stream).toBe(stream);
  });
  test("absent is false", async () => {
    expect((await read('{"model":"m"}')).stream).toBe(false);
  });
  test.each(['"true"', "1", "0", "[]", "{}"])("%s is refused", async (value) => {
    expect((await refusal(`{"model":"m","stream":${value}}`)).param).toBe("stream");
  });
  test.each([
    ["chat", true],
    ["completions", true],
    ["responses", true],
    ["messages", true],
    ["embeddings", false],
    ["count_tokens", false],
  ] as const)("on %s means a stream: %p", async (endpoint, stream) => {
    expect((await read('{"model":"m","stream":true}', "required", endpoint)).stream).toBe(stream);
  });
});

describe("usage on a stream", () => {
  test.each([
    ['"stream_options":{"include_usage":true}', true],
    [String.raw`"stream_options" : { "x":[], "include\u005fusage" : true }`, true],
    ['"stream_options":{"include_usage":false}', false],
    ['"stream_options":{"include_usage":null}', false],
    ['"stream_options":{"x":{"include_usage":true}}', false],
    ['"stream_options":{}', false],
    ['"stream_options":null', false],
    ['"x":1', false],
  ])("with %s is asked for: %p", async (member, asks) => {
    expect((await read(`{"model":"m","stream":true,${member}}`)).asksUsage).toBe(asks);
    expect((await read(`{"model":"m",${member}}`)).asksUsage).toBe(false);
    expect((await read(`{"model":"m","stream":true,${member}}`, "required", "responses")).asksUsage).toBe(
      false,
    );
  });

  test.each(["1", '"x"', "[]", "true", '{"include_usage":1}', '{"include_usage":"true"}'])(
    "with stream_options of %s is refused rather than overwritten",
    async (options) => {
      const body = `{"model":"m","stream":true,"stream_options":${options}}`;
      expect((await refusal(body)).param).toBe("stream_options");
    },
  );

  test("asked for twice is refused", async () => {
    const options = '{"include_usage":false,"include_usage":true}';
    expect((await refusal(`{"model":"m","stream":true,"stream_options":${options}}`)).param).toBe(
      "include_usage",
    );
  });
});

test("a request without a body asks for nothing", () => {
  expect(bodylessCall(ENDPOINTS.models)).toEqual({
    endpoint: ENDPOINTS.models,
    body: undefined,
    members: { members: [], bodyStart: 0 },
    requestedModel: undefined,
    stream: false,
    asksUsage: false,
  });
});
