// What changes in a body on its way: the model and the request for usage, each in its place, every other byte kept.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Call, Provider } from "../../../src/exchange.ts";
import { ENDPOINTS, type EndpointName } from "../../../src/formats/table.ts";
import { bodyFor } from "../../../src/gateway/edit-body.ts";
import { bodylessCall, readCall } from "../../../src/gateway/read-call.ts";
import { FakeWheel, fakeProvider, fakeTarget } from "../../support/fake-parts.ts";

function call(body: string, endpoint: EndpointName = "chat"): Promise<Call> {
  const headers = { "content-type": "application/json" };
  const request = new Request("http://localhost/", { method: "POST", headers, body });
  const limits = { maxBytes: 1e6, timeoutMs: 0, wheel: new FakeWheel(), hold: () => {} };
  return readCall(request, ENDPOINTS[endpoint], { need: "fixed", native: undefined }, limits);
}

interface Edited {
  readonly text: string;
  readonly hideUsage: boolean;
  /** The very bytes of the call. */
  readonly same: boolean;
}

async function edited(
  body: string,
  model: string | null = "real",
  endpoint?: EndpointName,
  provider: Provider = fakeProvider(),
): Promise<Edited> {
  const given = await call(body, endpoint);
  const result = bodyFor(given, fakeTarget(provider, model));
  const text = Buffer.from(result.body ?? []).toString();
  return { text, hideUsage: result.hideUsage, same: result.body === given.body };
}

describe("the model", () => {
  test.each([
    ['{"model":"alias"}', '{"model":"real"}'],
    [
      '{"a":1.0e0,\n "model" : "alias\\u0041", "é":"\\ud83d"}',
      '{"a":1.0e0,\n "model" : "real", "é":"\\ud83d"}',
    ],
    ['{"\\u006dodel":"alias","model2":1}', '{"\\u006dodel":"real","model2":1}'],
    ['{"x":{"model":"inner"},"model":null}', '{"x":{"model":"inner"},"model":"real"}'],
    ['{"model":{"id":["x"]}}', '{"model":"real"}'],
    ['{"model":12345678901234567890}', '{"model":"real"}'],
    ["{}", '{"model":"real"}'],
    [' {\n "n" : 1 }\n', ' {"model":"real",\n "n" : 1 }\n'],
    ['{"größe":"😀","model":"m"}', '{"größe":"😀","model":"real"}'],
  ])("of %s is replaced or put in: %s", async (body, expected) => {
    expect(await edited(body)).toEqual({ text: expected, hideUsage: false, same: false });
  });

  test("that is the target's already leaves the very bytes, however it is spelled", async () => {
    for (const body of ['{"model":"real"}', '{ "model" : "re\\u0061l" , "n":1 }'])
      expect(await edited(body)).toEqual({ text: body, hideUsage: false, same: true });
  });

  test("that nobody fixes leaves the very bytes", async () => {
    expect(await edited('{"messages":[]}', null)).toMatchObject({ text: '{"messages":[]}', same: true });
  });

  test("is written as JSON, whatever is in it", async () => {
    const odd = 'a"b\\c\nd\u2028é😀\ud800';
    expect(JSON.parse((await edited('{"model":"x"}', odd)).text)).toEqual({ model: odd });
  });
});

const ASKING = { stream_options: { include_usage: true } };

describe("usage on a stream that the client did not ask for", () => {
  test.each([
    [
      '{"model":"real","stream":true}',
      '{"stream_options":{"include_usage":true},"model":"real","stream":true}',
    ],
    [
      '{"model":"real","stream":true,"stream_options":null}',
      '{"model":"real","stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"stream_options" : {} ,"model":"real","stream":true}',
      '{"stream_options" : {"include_usage":true} ,"model":"real","stream":true}',
    ],
    [
      '{"stream_options":{ "x" : 1.0 },"model":"real","stream":true}',
      '{"stream_options":{"include_usage":true, "x" : 1.0 },"model":"real","stream":true}',
    ],
    [
      '{"stream_options":{"include_usage" : false},"model":"real","stream":true}',
      '{"stream_options":{"include_usage" : true},"model":"real","stream":true}',
    ],
    [
      '{"stream_options":{"a":{"include_usage":true},"include_usage":null},"model":"real","stream":true}',
      '{"stream_options":{"a":{"include_usage":true},"include_usage":true},"model":"real","stream":true}',
    ],
  ])("is asked for in %s", async (body, expected) => {
    for (const endpoint of ["chat", "completions"] as const)
      expect(await edited(body, "real", endpoint)).toEqual({ text: expected, hideUsage: true, same: false });
  });

  test("is asked for together with a new model, in any order of the members", async () => {
    const members = fc.shuffledSubarray([
      '"model":"alias"',
      '"stream_options":{"x":[1]}',
      '"n":1.0',
      '"messages":[{"stream":false}]',
      '"größe":"é"',
    ]);
    await fc.assert(
      fc.asyncProperty(members, fc.nat(5), async (some, at) => {
        const all = some.toSpliced(at, 0, '"stream":true');
        const body = `{ ${all.join(" , ")} }`;
        const { text, hideUsage } = await edited(body);
        const sent = JSON.parse(body) as Record<string, unknown>;
        const options = { ...(sent["stream_options"] as object), ...ASKING.stream_options };
        expect(JSON.parse(text)).toEqual({ ...sent, model: "real", stream_options: options });
        expect(hideUsage).toBe(true);
        if (some.includes('"n":1.0')) expect(text).toContain('"n":1.0');
      }),
      { seed: 71, numRuns: 200 },
    );
  });
});

describe("usage is left alone", () => {
  const silent = fakeProvider({ streamUsage: false });
  const cases: readonly (readonly [string, string, EndpointName, Provider])[] = [
    [
      "asked for already",
      '{"model":"real","stream":true,"stream_options":{"include_usage":true}}',
      "chat",
      fakeProvider(),
    ],
    ["not on a stream", '{"model":"real","stream":false,"stream_options":{}}', "chat", fakeProvider()],
    ["with stream_usage: false", '{"model":"real","stream":true}', "chat", silent],
    ["on Responses", '{"model":"real","stream":true}', "responses", fakeProvider()],
    ["on Messages", '{"model":"real","stream":true}', "messages", fakeProvider()],
    ["on embeddings", '{"model":"real","stream":true}', "embeddings", fakeProvider()],
  ];
  test.each(cases)("%s", async (_, body, endpoint, provider) => {
    expect(await edited(body, "real", endpoint, provider)).toEqual({
      text: body,
      hideUsage: false,
      same: true,
    });
  });
});

test("a request without a body stays one", () => {
  expect(bodyFor(bodylessCall(ENDPOINTS.models), fakeTarget())).toEqual({
    body: undefined,
    hideUsage: false,
  });
});
