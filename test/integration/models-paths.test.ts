// Paths that name a provider or a public model, and pins: whatever model the client sent is replaced.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, chatBody, get, keySection, outcome, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const base_url = `${upstream.url}/v1`;
  gateway = await startGateway(
    yamlOf({
      providers: {
        plain: { base_url },
        pinned: { base_url, model: "the/pin" },
        "meta-llama/Llama-3.1-8B-Instruct": { base_url },
        "R&D büro 模型": { base_url, model: "m" },
        "100%": { base_url },
        "chat-only": { base_url, endpoints: ["chat"] },
      },
      models: {
        fast: "plain/upstream-id",
        talk: "chat-only/m",
        "org/model": "plain/deep",
        "schnell 快": "plain/quick",
      },
      keys: keySection({ caller: {}, aliased: { aliases: { mine: "fast" } } }),
    }),
  );
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

/** Outcome, upstream path, and the model that the upstream read. */
async function led(path: string, model?: unknown): Promise<string> {
  const answer = await ask(gateway, { as: "caller", path, model });
  if (answer.status !== 200) return outcome(answer);
  const seen = upstream.requests.at(-1);
  return `${seen?.path} ${JSON.stringify(seen?.json()["model"])}`;
}

const CHAT = "/v1/chat/completions";

describe("/providers/{name}", () => {
  test.each([
    ["/providers/plain/v1/chat/completions", "/v1/chat/completions"],
    ["/providers/plain/chat/completions", "/v1/chat/completions"],
    ["/providers/plain/v1/chat/completions/", "/v1/chat/completions"],
    ["/providers/plain/v1/completions", "/v1/completions"],
    ["/providers/plain/completions", "/v1/completions"],
    ["/providers/plain/v1/embeddings", "/v1/embeddings"],
    ["/providers/plain/embeddings/", "/v1/embeddings"],
    ["/providers/plain/v1/responses", "/v1/responses"],
  ])("%s leads to %s, the model as sent", async (path, expected) => {
    expect(await led(path, "any/model")).toBe(`${expected} "any/model"`);
  });

  test("decodes the name once", async () => {
    const name = "meta-llama%2FLlama-3.1-8B-Instruct";
    expect(await led(`/providers/${name}${CHAT}`, "x")).toBe(`${CHAT} "x"`);
    expect(await led(`/providers/${name}/chat/completions`, "x")).toBe(`${CHAT} "x"`);
    expect(await led(`/providers/${name.toLowerCase()}${CHAT}`, "x")).toBe("404 provider_not_found");
    expect(await led(`/providers/${encodeURIComponent(name)}${CHAT}`, "x")).toBe("404 provider_not_found");
    expect(await led(`/providers/100%25${CHAT}`, "x")).toBe(`${CHAT} "x"`);
    expect(await led(`/providers/${encodeURIComponent("R&D büro 模型")}${CHAT}`, "x")).toBe(`${CHAT} "m"`);
  });

  test("names the target in a header, whatever letters are in it", async () => {
    const path = `/providers/${encodeURIComponent("R&D büro 模型")}${CHAT}`;
    const { target } = await ask(gateway, { as: "caller", path });
    expect(decodeURIComponent(target ?? "")).toBe("R&D büro 模型/m");
  });

  test("a name that cannot be decoded is a 4xx", async () => {
    for (const name of ["%zz", "%", "%ff"]) {
      const { status } = await ask(gateway, { as: "caller", path: `/providers/${name}${CHAT}`, model: "x" });
      expect([400, 404]).toContain(status);
    }
  });

  test.each(["nobody", "plai", "Plain", "fast", "__proto__"])("%s is not configured: 404", async (name) => {
    expect(await led(`/providers/${name}${CHAT}`, "x")).toBe("404 provider_not_found");
    expect(await led(`/providers/${name}/v1/nonsense`, "x")).toBe("404 provider_not_found");
  });

  test("without a pin the model may be absent and passes as sent; an empty one or another type is a 400", async () => {
    const path = `/providers/plain${CHAT}`;
    const answer = await ask(gateway, { as: "caller", path });
    expect(answer.status).toBe(200);
    expect(upstream.requests[0]?.text).toBe(JSON.stringify(chatBody()));
    for (const model of ["", null, 7, [], {}]) expect(await led(path, model)).toBe("400 invalid_request");
  });

  test("no name is looked up: aliases and public models pass as sent", async () => {
    expect(await led(`/providers/plain${CHAT}`, "fast")).toBe(`${CHAT} "fast"`);
    upstream.reset();
    expect(await led(`/providers/plain${CHAT}`, "plain/x")).toBe(`${CHAT} "plain/x"`);
  });

  test("the query goes on", async () => {
    await ask(gateway, {
      as: "caller",
      path: `/providers/plain${CHAT}?api-version=1&x=%2F+y&key=`,
      model: "m",
    });
    expect(upstream.requests[0]?.query).toBe("?api-version=1&x=%2F+y");
  });

  test.each([
    ["POST", "/providers/chat-only/v1/embeddings"],
    ["POST", "/providers/chat-only/v1/responses"],
    ["GET", "/providers/chat-only/v1/models"],
    ["POST", "/providers/plain/v1/messages"],
    ["POST", "/providers/plain/v1/nonsense"],
    ["POST", "/providers/plain/v1"],
    ["POST", "/providers/plain/v1/v1/chat/completions"],
    ["GET", "/providers/plain/v1/chat/completions"],
    ["DELETE", "/providers/plain/v1/chat/completions"],
    ["POST", "/providers/plain/v1/models"],
    ["POST", "/models/fast/v1/nonsense"],
    ["GET", "/models/fast/v1/chat/completions"],
  ])("%s %s is not on the list: 501, once and for all", async (method, path) => {
    const answer = await ask(gateway, { as: "caller", method, path, model: "m" });
    expect(outcome(answer)).toBe("501 unsupported_endpoint");
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.headers.get("retry-after")).toBeNull();
    expect(upstream.requests).toHaveLength(0);
  });

  test.each(["/providers/chat-only/v1/embeddings", "/models/talk/v1/embeddings"])(
    "what the path alone decides comes before the body is looked at: %s",
    async (path) => {
      const answer = await ask(gateway, { as: "caller", path, body: "{" });
      expect(outcome(answer)).toBe("501 unsupported_endpoint");
    },
  );

  test("an endpoint that the provider does not offer is a 501 through /v1 as well", async () => {
    const answer = await ask(gateway, {
      as: "caller",
      path: "/v1/embeddings",
      body: { model: "chat-only/m", input: "x" },
    });
    expect(outcome(answer)).toBe("501 unsupported_endpoint");
  });

  test.each([404, 405])("an upstream's own %d passes as it is", async (status) => {
    const body = { error: { message: "no such model here", type: "x", param: null, code: "gone" } };
    upstream.answer(() => Response.json(body, { status }));
    const answer = await ask(gateway, { as: "caller", model: "plain/m" });
    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual(body);
    upstream.answer(() => Response.json(CHAT_REPLY));
  });
});

describe("/models/{name}", () => {
  test.each([
    ["/models/fast/v1/chat/completions", `${CHAT} "upstream-id"`],
    ["/models/fast/chat/completions", `${CHAT} "upstream-id"`],
    ["/models/org%2Fmodel/v1/chat/completions", `${CHAT} "deep"`],
    [`/models/${encodeURIComponent("schnell 快")}/v1/chat/completions`, `${CHAT} "quick"`],
    ["/models/nobody/v1/chat/completions", "404 model_not_found"],
    ["/models/__proto__/v1/chat/completions", "404 model_not_found"],
  ])("%s leads to %p", async (path, expected) => {
    expect(await led(path, "ignored")).toBe(expected);
  });

  test.each([["", null, 7, [], {}, "plain/other", undefined]])(
    "the model is always replaced",
    async (...models) => {
      for (const model of models) {
        upstream.reset();
        expect(await led(`/models/fast${CHAT}`, model)).toBe(`${CHAT} "upstream-id"`);
      }
    },
  );
});

describe("a pin", () => {
  const path = `/providers/pinned${CHAT}`;

  test.each([
    ['{"model":"x","messages":[]}', '{"model":"the/pin","messages":[]}'],
    [
      '{ "a" : 1.0e0 , "model" : "x\\u0000" , "é":"\\ud83d" }',
      '{ "a" : 1.0e0 , "model" : "the/pin" , "é":"\\ud83d" }',
    ],
    ['{"messages":[{"model":"inner"}],"model":null}', '{"messages":[{"model":"inner"}],"model":"the/pin"}'],
    ['{"model":{"id":["x"]},"n":1}', '{"model":"the/pin","n":1}'],
    ['{"\\u006dodel":"x","n":1}', '{"\\u006dodel":"the/pin","n":1}'],
    ['{"model":12345678901234567890}', '{"model":"the/pin"}'],
  ])("replaces the model in %p and nothing else", async (sent, expected) => {
    const answer = await ask(gateway, { as: "caller", path, body: sent });
    expect(answer.status).toBe(200);
    expect(upstream.requests[0]?.text).toBe(expected);
  });

  test.each(["{}", " { } ", '{"n":1}', '{\n  "messages": []\n}'])("is put into %p", async (sent) => {
    const answer = await ask(gateway, { as: "caller", path, body: sent });
    expect(outcome(answer)).toBe("200 pinned/the/pin");
    expect(upstream.requests[0]?.json()).toEqual({ ...JSON.parse(sent), model: "the/pin" });
  });

  test("also applies when the provider is reached through /v1", async () => {
    expect(await led(CHAT, "pinned/asked-for")).toBe(`${CHAT} "the/pin"`);
  });

  test.each(['{"model":"a","model":"b"}', '{"model":"a","\\u006dodel":"b"}', '{"model":"a","Model":"b"}'])(
    "%p could be read two ways: 400",
    async (sent) => {
      for (const where of [path, CHAT, `/models/fast${CHAT}`]) {
        const answer = await ask(gateway, { as: "caller", path: where, body: sent });
        expect(outcome(answer)).toBe("400 invalid_request");
      }
      expect(upstream.requests).toHaveLength(0);
    },
  );

  test("leaves a body alone that names the same model already", async () => {
    const sent = '{ "model" : "the\\/pin" }';
    await ask(gateway, { as: "caller", path, body: sent });
    expect(upstream.requests[0]?.json()).toEqual({ model: "the/pin" });
  });
});

describe("other paths", () => {
  test.each([
    ["GET", "/v1/nonsense", "404 not_found"],
    ["POST", "/v1", "404 not_found"],
    ["GET", "/", "404 not_found"],
    ["GET", "/providers", "404 not_found"],
    ["POST", "/chat/completions", "404 not_found"],
    ["GET", "/v1/chat/completions", "405 method_not_allowed"],
    ["PUT", "/v1/chat/completions", "405 method_not_allowed"],
    ["DELETE", "/v1/models/x", "405 method_not_allowed"],
    ["POST", "/v1/models", "405 method_not_allowed"],
  ])("%s %s: %s", async (method, path, expected) => {
    const answer = await ask(gateway, { as: "caller", method, path, model: "plain/m" });
    expect(outcome(answer)).toBe(expected);
    if (answer.status === 405) expect(answer.headers.get("allow")).toBeTruthy();
  });

  test("a trailing slash is accepted on /v1", async () => {
    expect(await led(`${CHAT}/`, "plain/m")).toBe(`${CHAT} "m"`);
    expect((await get(gateway, "/v1/models/", "caller")).status).toBe(200);
  });
});
