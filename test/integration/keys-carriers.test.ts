// Where a virtual key may stand in a request, which of several places decides, and what of it goes upstream.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { keySection, outcome, verdictOf, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { UPSTREAM_KEY, virtualKey } from "../support/keys.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

const KEY = virtualKey("carrier");
const OTHER = virtualKey("nobody's");

let upstream: FakeUpstream;
let gateway: Gateway;
let open: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream(({ method }) =>
    Response.json(method === "GET" ? { object: "list", data: [{ id: "m", object: "model" }] } : CHAT_REPLY),
  );
  const providers = {
    up: {
      base_url: `${upstream.url}/v1`,
      api_key: `\${UP_KEY}`,
      models: ["m"],
      endpoints: ["chat", "completions", "embeddings", "responses", "messages", "count_tokens", "models"],
    },
  };
  const keys = keySection({ carrier: {} });
  gateway = await startGateway(yamlOf({ providers, models: { fast: "up/m" }, keys }));
  open = await startGateway(yamlOf({ providers, keys: { ...keys, local: { anonymous: true } } }));
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), open?.stop(), upstream?.stop()]);
});

type Headers = Record<string, string>;

/** Where the key stands: headers, and a query. */
interface Place {
  readonly headers: Headers;
  readonly query: string;
}

const CARRIERS: Readonly<Record<string, (key: string) => Place>> = {
  "x-api-key": (key) => ({ headers: { "x-api-key": key }, query: "" }),
  "api-key": (key) => ({ headers: { "api-key": key }, query: "" }),
  "x-goog-api-key": (key) => ({ headers: { "x-goog-api-key": key }, query: "" }),
  "?key=": (key) => ({ headers: {}, query: `?key=${encodeURIComponent(key)}` }),
  "Authorization: Bearer": (key) => ({ headers: { authorization: `Bearer ${key}` }, query: "" }),
};

const CHAT = { model: "up/m", messages: [{ role: "user", content: "ping" }] };

const ROUTES: readonly (readonly [string, string, unknown])[] = [
  ["POST", "/v1/chat/completions", CHAT],
  ["POST", "/v1/completions", { model: "up/m", prompt: "ping" }],
  ["POST", "/v1/embeddings", { model: "up/m", input: "ping" }],
  ["POST", "/v1/responses", { model: "up/m", input: "ping" }],
  ["POST", "/v1/messages", { ...CHAT, max_tokens: 5 }],
  ["POST", "/v1/messages/count_tokens", CHAT],
  ["GET", "/v1/models", undefined],
  ["GET", "/v1/models/up/m", undefined],
  ["GET", "/v1/key", undefined],
  ["POST", "/providers/up/v1/chat/completions", { ...CHAT, model: "m" }],
  ["POST", "/providers/up/chat/completions", { ...CHAT, model: "m" }],
  ["POST", "/models/fast/v1/chat/completions", CHAT],
  ["GET", "/providers/up/v1/models", undefined],
];

async function call(to: Gateway, method: string, path: string, body: unknown, headers: Headers) {
  return await verdictOf(
    await to.fetch(path, {
      method,
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

async function chat(to: Gateway, { headers, query }: Place): Promise<string> {
  return outcome(await call(to, "POST", `/v1/chat/completions${query}`, CHAT, headers));
}

describe.each(ROUTES)("%s %s", (method, path, body) => {
  test.each(Object.entries(CARRIERS))("takes the key from %s", async (_, place) => {
    const { headers, query } = place(KEY);
    const verdict = await call(gateway, method, path + query, body, headers);
    expect(verdict.code).toBeUndefined();
    expect(verdict.status).toBe(200);
  });

  test("refuses a caller without a key", async () => {
    const verdict = await call(gateway, method, path, body, {});
    expect(outcome(verdict)).toBe("401 invalid_api_key");
    expect(upstream.requests).toHaveLength(0);
  });

  test("refuses an unknown key, and does not repeat it", async () => {
    const { headers } = CARRIERS["x-api-key"]?.(OTHER) ?? { headers: {} };
    const verdict = await call(gateway, method, path, body, headers);
    expect(outcome(verdict)).toBe("401 invalid_api_key");
    expect(verdict.text).not.toContain(OTHER);
    expect(upstream.requests).toHaveLength(0);
  });
});

function both(first: Place, second: Place): Place {
  return { headers: { ...second.headers, ...first.headers }, query: first.query || second.query };
}

describe("of several carriers the first decides", () => {
  const order = Object.entries(CARRIERS);
  const pairs = order.flatMap(([early, first], at) =>
    order.slice(at + 1).map(([late, second]) => ({ early, late, first, second })),
  );

  test.each(pairs)("$early before $late", async ({ first, second }) => {
    expect(await chat(gateway, both(first(KEY), second(OTHER)))).toBe("200 up/m");
    expect(await chat(gateway, both(first(OTHER), second(KEY)))).toBe("401 invalid_api_key");
  });

  test.each(pairs)("an empty $early counts as absent beside $late", async ({ first, second }) => {
    expect(await chat(gateway, both(first(""), second(KEY)))).toBe("200 up/m");
  });

  test.each(order)("an empty %s alone is no key", async (_, place) => {
    expect(await chat(gateway, place(""))).toBe("401 invalid_api_key");
    expect(await chat(open, place(""))).toBe("200 up/m");
  });
});

describe("Authorization", () => {
  test.each(["Bearer", "bearer", "BEARER", "bEaReR"])("is read with the scheme %s", async (scheme) => {
    expect(await chat(gateway, { headers: { authorization: `${scheme} ${KEY}` }, query: "" })).toBe(
      "200 up/m",
    );
  });

  test.each([`Basic ${btoa(`user:${KEY}`)}`, `Token ${KEY}`, KEY, `Bearer${KEY}`, `Digest ${KEY}`])(
    "of another scheme is ignored (%#)",
    async (authorization) => {
      const headers = { authorization };
      expect(await chat(gateway, { headers, query: "" })).toBe("401 invalid_api_key");
      expect(await chat(open, { headers, query: "" })).toBe("200 up/m");
      expect(await chat(gateway, { headers: { ...headers, "x-api-key": KEY }, query: "" })).toBe("200 up/m");
    },
  );
});

describe("where callers without a key are let in", () => {
  test.each(Object.entries(CARRIERS))("an unknown key in %s is still refused", async (_, place) => {
    expect(await chat(open, place(OTHER))).toBe("401 invalid_api_key");
  });

  test("a known one is used", async () => {
    const named = await call(open, "GET", "/v1/key", undefined, { "x-api-key": KEY });
    const anonymous = await call(open, "GET", "/v1/key", undefined, {});
    expect(named.json()).toMatchObject({ name: "carrier" });
    expect(anonymous.json()).toMatchObject({ name: "local" });
  });
});

describe("what goes upstream", () => {
  test("no carrier does, deciding or not; the provider's own credential does", async () => {
    const headers = {
      "x-api-key": KEY,
      "api-key": "second",
      "x-goog-api-key": "third",
      authorization: "Bearer fourth",
      cookie: "session=fifth",
    };
    expect(await chat(gateway, { headers, query: "?a=1&key=sixth&b=x%20y" })).toBe("200 up/m");
    const [seen] = upstream.requests;
    expect(seen?.headers["authorization"]).toBe(`Bearer ${UPSTREAM_KEY}`);
    for (const name of ["x-api-key", "api-key", "x-goog-api-key", "cookie"])
      expect(seen?.headers).not.toHaveProperty(name);
    expect(seen?.query).toBe("?a=1&b=x%20y");
  });

  test.each(Object.entries(CARRIERS))("the key of %s appears nowhere", async (_, place) => {
    expect(await chat(gateway, place(KEY))).toBe("200 up/m");
    const [seen] = upstream.requests;
    expect(JSON.stringify([seen?.target, seen?.headers, seen?.text])).not.toContain(KEY.slice(11));
  });

  test("a key in the query goes in whatever spelling of its name", async () => {
    expect(await chat(gateway, { headers: {}, query: `?%6bey=${KEY}&a=1` })).toBe("200 up/m");
    expect(upstream.requests[0]?.query).toBe("?a=1");
  });
});
