// Providers whose `auth` is `passthrough`: the caller's own Authorization goes upstream, the virtual key never does.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, keySection, outcome, type Question, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

const KEY = virtualKey("caller");
const SECOND = virtualKey("second");
const OWN = "Bearer the-callers-own-upstream-token";

let upstream: FakeUpstream;
let gateway: Gateway;
let open: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const config = {
    providers: {
      own: { base_url: upstream.url, auth: "passthrough" },
      ours: { base_url: upstream.url, api_key: "the-gateways-upstream-token" },
    },
    models: { public: "own/m" },
  };
  const keys = keySection({ caller: {}, second: {} });
  gateway = await startGateway(yamlOf({ ...config, keys }));
  open = await startGateway(yamlOf({ ...config, keys: { ...keys, local: { anonymous: true } } }));
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), open?.stop(), upstream?.stop()]);
});

const DIRECT = "/providers/own/v1/chat/completions";

/** What the upstream saw of the question's credentials; undefined when it saw no request. */
async function seenBy(to: Gateway, question: Question) {
  const answer = await ask(to, question);
  const [seen] = upstream.requests;
  return { result: outcome(answer), authorization: seen?.headers["authorization"], seen };
}

describe("the caller's Authorization is forwarded as it is", () => {
  test.each([
    { path: DIRECT, model: "m" },
    { path: "/providers/own/chat/completions", model: "m" },
    { path: "/v1/chat/completions", model: "own/m" },
    { path: "/v1/chat/completions", model: "public" },
    { path: "/models/public/v1/chat/completions", model: "public" },
  ])("$path, model $model", async (way) => {
    const headers = { "x-api-key": KEY, authorization: OWN };
    const { result, authorization, seen } = await seenBy(gateway, { ...way, headers });
    expect(result).toBe("200 own/m");
    expect(authorization).toBe(OWN);
    expect(JSON.stringify(seen)).not.toContain(KEY);
  });

  test("also when listing models", async () => {
    upstream.answer(() => Response.json({ object: "list", data: [{ id: "m", object: "model" }] }));
    const headers = { "x-api-key": KEY, authorization: OWN };
    const question = { method: "GET", path: "/providers/own/v1/models", headers };
    const { authorization } = await seenBy(gateway, question);
    expect(authorization).toBe(OWN);
  });

  test("whatever its scheme", async () => {
    const authorization = `Basic ${btoa("me:secret")}`;
    const question = { path: DIRECT, model: "m", headers: { "x-api-key": KEY, authorization } };
    expect((await seenBy(gateway, question)).authorization).toBe(authorization);
  });

  test.each(["x-api-key", "api-key", "x-goog-api-key"])(
    "with the key in %s, which is taken out",
    async (carrier) => {
      const headers = { [carrier]: KEY, authorization: OWN };
      const { result, authorization, seen } = await seenBy(gateway, { path: DIRECT, model: "m", headers });
      expect(result).toBe("200 own/m");
      expect(authorization).toBe(OWN);
      expect(seen?.headers).not.toHaveProperty(carrier);
    },
  );

  test("with the key in the query, which is taken out", async () => {
    const question = { path: `${DIRECT}?key=${KEY}&a=1`, model: "m", headers: { authorization: OWN } };
    const { result, authorization, seen } = await seenBy(gateway, question);
    expect(result).toBe("200 own/m");
    expect(authorization).toBe(OWN);
    expect(seen?.query).toBe("?a=1");
  });

  test("and to no other provider", async () => {
    const headers = { "x-api-key": KEY, authorization: OWN };
    const { authorization } = await seenBy(gateway, { model: "ours/m", headers });
    expect(authorization).toBe("Bearer the-gateways-upstream-token");
  });
});

describe("under /providers/{name} of such a provider Authorization is never read as the virtual key", () => {
  test("a virtual key there is no key, and does not go upstream", async () => {
    const { result, seen } = await seenBy(gateway, { as: "caller", path: DIRECT, model: "m" });
    expect(result).toBe("401 invalid_api_key");
    expect(seen).toBeUndefined();
  });

  test("nor on a path below it that is no endpoint", async () => {
    const question = { as: "caller", method: "GET", path: "/providers/own/v1/nonsense" };
    expect((await seenBy(gateway, question)).result).toBe("401 invalid_api_key");
  });

  test("where callers without a key are let in, it is the upstream's business", async () => {
    const { result, authorization } = await seenBy(open, {
      path: DIRECT,
      model: "m",
      headers: { authorization: OWN },
    });
    expect(result).toBe("200 own/m");
    expect(authorization).toBe(OWN);
  });

  test("even there a virtual key is not handed on", async () => {
    const { seen } = await seenBy(open, { as: "caller", path: DIRECT, model: "m" });
    expect(JSON.stringify(seen ?? null)).not.toContain(KEY);
  });
});

describe("elsewhere Authorization is read as the virtual key when no other carrier is there", () => {
  test("then it opens the gateway and does not go upstream", async () => {
    const { seen } = await seenBy(gateway, { as: "caller", model: "own/m" });
    expect(JSON.stringify(seen ?? null)).not.toContain(KEY);
    expect(seen?.headers["authorization"]).toBeUndefined();
  });

  test("a token of the upstream alone is an unknown key, also where anonymous callers are let in", async () => {
    const question = { model: "own/m", headers: { authorization: OWN } };
    expect((await seenBy(gateway, question)).result).toBe("401 invalid_api_key");
    expect((await seenBy(open, question)).result).toBe("401 invalid_api_key");
  });
});

describe("a virtual key never goes upstream as Authorization", () => {
  test.each([
    ["the caller's own, twice", KEY],
    ["that of another caller", SECOND],
  ])("%s", async (_, key) => {
    const headers = { "x-api-key": KEY, authorization: `Bearer ${key}` };
    for (const way of [
      { path: DIRECT, model: "m" },
      { path: "/v1/chat/completions", model: "own/m" },
    ])
      await ask(gateway, { ...way, headers });
    expect(JSON.stringify(upstream.requests)).not.toContain(key);
  });
});

describe("the upstream's verdict on the caller's own credential is the caller's business", () => {
  test.each([401, 403])("%d passes as it came", async (status) => {
    const body = { error: { message: "bad token", type: "auth", param: null, code: "nope" } };
    upstream.answer(() => Response.json(body, { status }));
    const headers = { "x-api-key": KEY, authorization: OWN };
    const answer = await ask(gateway, { path: DIRECT, model: "m", headers });
    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual(body);
    upstream.answer(() => Response.json(CHAT_REPLY));
  });
});
