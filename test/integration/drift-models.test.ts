// A provider's list of models comes in the specified shape, whatever shape the server gives it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none }
  untouched: { base_url: "${upstream.url}/v1", auth: none, normalize: off }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const SHAPES: Readonly<Record<string, readonly [unknown, readonly string[]]>> = {
  "a bare array": [
    [{ id: "a/b", object: "model", type: "chat" }, { id: "c" }],
    ["a/b", "c"],
  ],
  "`models` with names": [{ models: [{ name: "qwen:8b", details: { family: "q" } }] }, ["qwen:8b"]],
  "names with a prefix": [
    { models: [{ name: "models/gem", displayName: "Gem" }], nextPageToken: "t" },
    ["gem"],
  ],
  "entries of another API": [
    { data: [{ type: "model", id: "c-1", display_name: "C" }], has_more: false, first_id: "c-1" },
    ["c-1"],
  ],
  "`data: null`": [{ object: "list", data: null }, []],
};

describe("a list in another shape", () => {
  test.each(Object.entries(SHAPES))("(%s) is read by an SDK", async (_, [body, ids]) => {
    upstream.answer(() => Response.json(body));
    const client = new OpenAI({ apiKey: TEST_KEY, baseURL: `${gateway.url}/providers/up/v1`, maxRetries: 0 });
    const page = await client.models.list();
    expect([page.object, page.data.map(({ id }) => id)]).toEqual(["list", [...ids]]);
    for (const model of page.data)
      expect(model).toMatchObject({ object: "model", created: 0, owned_by: "up" });
  });

  test.each(Object.entries(SHAPES))("(%s) passes under normalize: off", async (_, [body]) => {
    upstream.answer(() => Response.json(body));
    const headers = { authorization: `Bearer ${TEST_KEY}` };
    const answer = await gateway.fetch("/providers/untouched/v1/models", { headers });
    expect(await answer.text()).toBe(JSON.stringify(body));
  });
});

test.each([
  '{ "object":"list", "data":[ {"id":"a","object":"model","created":1.0,"owned_by":"o","max_model_len":8} ] }',
  '{"object":"list","data":[{"id":"a"}],"models":[{"name":"a"}]}',
])("one in the specified shape passes byte for byte: %s", async (body) => {
  upstream.answer(() => new Response(body, { headers: { "content-type": "application/json" } }));
  const headers = { authorization: `Bearer ${TEST_KEY}` };
  expect(await (await gateway.fetch("/providers/up/v1/models", { headers })).text()).toBe(body);
});
