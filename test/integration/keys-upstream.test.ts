// How each provider's credential goes upstream, and what a caller is told when it is missing or refused.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, get, keySection, outcome, yamlOf } from "../support/callers.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { UPSTREAM_KEY } from "../support/keys.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

const CREDENTIAL_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "x-token"];

interface Sent {
  readonly provider: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Credential headers that the upstream sees, and the query. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
}

const api_key = `\${UP_KEY}`;

const MODES: readonly Sent[] = [
  { provider: "nothing", settings: {}, headers: {}, query: "?a=1" },
  {
    provider: "by-default",
    settings: { api_key },
    headers: { authorization: `Bearer ${UPSTREAM_KEY}` },
    query: "?a=1",
  },
  { provider: "none", settings: { auth: "none" }, headers: {}, query: "?a=1" },
  { provider: "none-with-key", settings: { auth: "none", api_key }, headers: {}, query: "?a=1" },
  {
    provider: "bearer",
    settings: { auth: "bearer", api_key },
    headers: { authorization: `Bearer ${UPSTREAM_KEY}` },
    query: "?a=1",
  },
  {
    provider: "api-key",
    settings: { auth: "api-key", api_key },
    headers: { "api-key": UPSTREAM_KEY },
    query: "?a=1",
  },
  {
    provider: "header",
    settings: { auth: { header: "X-Api-Key", prefix: "" }, api_key },
    headers: { "x-api-key": UPSTREAM_KEY },
    query: "?a=1",
  },
  {
    provider: "header-and-prefix",
    settings: { auth: { header: "X-Token", prefix: "Key " }, api_key },
    headers: { "x-token": `Key ${UPSTREAM_KEY}` },
    query: "?a=1",
  },
  {
    provider: "another-scheme",
    settings: { auth: { header: "Authorization", prefix: "Token " }, api_key },
    headers: { authorization: `Token ${UPSTREAM_KEY}` },
    query: "?a=1",
  },
  {
    provider: "query",
    settings: { auth: { query: "key" }, api_key },
    headers: {},
    query: `?a=1&key=${UPSTREAM_KEY}`,
  },
  {
    provider: "odd-query",
    settings: { auth: { query: "subscription-key" }, api_key: "a&b=c d" },
    headers: {},
    query: "?a=1&subscription-key=a%26b%3Dc%20d",
  },
  {
    provider: "by-headers",
    settings: { auth: "none", headers: { Authorization: "Bearer from-headers" } },
    headers: { authorization: "Bearer from-headers" },
    query: "?a=1",
  },
];

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  const base_url = upstream.url;
  gateway = await startGateway(
    yamlOf({
      providers: {
        ...Object.fromEntries(MODES.map(({ provider, settings }) => [provider, { base_url, ...settings }])),
        openai: { base_url, models: ["gpt-5.4-mini"] },
        groq: { base_url },
        spare: { type: "mistral", base_url },
      },
      models: { smart: "openai/gpt-5.4-mini" },
      keys: keySection({ caller: {} }),
    }),
  );
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

describe.each(MODES)("auth of $provider", ({ provider, headers, query }) => {
  test.each(["/v1/chat/completions", `/providers/${provider}/v1/chat/completions`])("on %s", async (path) => {
    // Whatever the client sends in these places is gone before the provider's own is added.
    const answer = await ask(gateway, {
      path: `${path}?a=1&key=`,
      as: "caller",
      model: `${provider}/m`,
      headers: { "x-token": "clients", "x-goog-api-key": "" },
    });
    expect(answer.code).toBeUndefined();
    const [seen] = upstream.requests;
    const sent = CREDENTIAL_HEADERS.flatMap((name) => {
      const value = seen?.headers[name];
      return value === undefined ? [] : [[name, value]];
    });
    expect(Object.fromEntries(sent)).toEqual(headers);
    expect(seen?.query.replaceAll("+", "%20")).toBe(query);
  });

  test("also when its models are listed", async () => {
    upstream.answer(() => Response.json({ object: "list", data: [] }));
    await get(gateway, `/providers/${provider}/v1/models?a=1`, "caller");
    const [seen] = upstream.requests;
    expect(seen?.query.replaceAll("+", "%20")).toBe(query);
    for (const [name, value] of Object.entries(headers)) expect(seen?.headers[name]).toBe(value);
  });
});

describe("a credential that is not set", () => {
  test.each([
    ["openai/gpt-5.4-mini", "openai", "OPENAI_API_KEY"],
    ["smart", "openai", "OPENAI_API_KEY"],
    ["groq/m", "groq", "GROQ_API_KEY"],
    ["spare/m", "spare", "MISTRAL_API_KEY"],
  ])("is a 424 that names provider and variable: %s", async (model, provider, variable) => {
    const answer = await ask(gateway, { as: "caller", model });
    expect(outcome(answer)).toBe("424 missing_credential");
    expect(answer.message).toContain(provider);
    expect(answer.message).toContain(variable);
    expect(upstream.requests).toHaveLength(0);
  });

  test("is a 424 under /providers too", async () => {
    const path = "/providers/openai/v1/chat/completions";
    expect(outcome(await ask(gateway, { as: "caller", path, model: "gpt-5.4-mini" }))).toBe(
      "424 missing_credential",
    );
  });

  test("is a warning for check, not an error", async () => {
    const yaml = yamlOf({ providers: { openai: {} }, keys: keySection({ caller: {} }) });
    const { code, stdout, stderr } = await runPostern(["check"], { yaml });
    expect(code).toBe(0);
    expect(stdout + stderr).toContain("OPENAI_API_KEY");
  });

  test.each(["bearer", "api-key", { header: "X-Key", prefix: "" }, { query: "key" }])(
    "is an error for check where the file asks for %p",
    async (auth) => {
      for (const more of [{}, { api_key: "" }]) {
        const providers = { up: { base_url: "http://127.0.0.1:9", auth, ...more } };
        const { code, stdout, stderr } = await runPostern(["check"], { yaml: yamlOf({ providers }) });
        expect(code).toBe(1);
        expect(stdout + stderr).toMatch(/config\.yaml:\d+:\d+ {2}providers\.up/);
      }
    },
  );
});

describe("a credential that the upstream refuses", () => {
  test.each([401, 403])(
    "with %d is a 424 that names provider and variable, not the value",
    async (status) => {
      upstream.answer(() =>
        Response.json(
          { error: { message: `Incorrect API key ${UPSTREAM_KEY}`, code: "invalid_api_key" } },
          { status },
        ),
      );
      const answer = await ask(gateway, { as: "caller", model: "bearer/m" });
      expect(outcome(answer)).toBe("424 credential_rejected");
      expect(answer.message).toContain("bearer");
      expect(answer.message).toContain("UP_KEY");
      expect(answer.text).not.toContain(UPSTREAM_KEY);
    },
  );

  test("an upstream that repeats the credential in another error does not tell it to the caller", async () => {
    upstream.answer(() =>
      Response.json(
        { error: { message: `quota of ${UPSTREAM_KEY} used up`, type: "quota", param: null, code: "quota" } },
        { status: 429, headers: { "x-request-id": `for-${UPSTREAM_KEY}` } },
      ),
    );
    const answer = await ask(gateway, { as: "caller", model: "bearer/m" });
    expect(answer.status).toBe(429);
    expect(answer.message).toBe("quota of [secret] used up");
    expect(JSON.stringify([...answer.headers])).not.toContain(UPSTREAM_KEY);
    upstream.answer(() => Response.json(CHAT_REPLY));
  });
});
