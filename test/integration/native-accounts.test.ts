// What native calls are accounted as: hosted tools, answers in the background, and log-ins of the callers' own.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import { money, type RequestRow, rowFor, spend } from "../support/money-account.ts";
import type { Settings } from "../support/money-scene.ts";
import { answerOf, NATIVE_FORMATS } from "../support/native-formats.ts";
import { wrongWith } from "../support/native-refusals.ts";
import {
  type NativeScene,
  nativeScene,
  presetSettings,
  secretOf,
  type Urls,
} from "../support/native-scene.ts";
import { CHAT_REPLY } from "../support/upstream.ts";

let scene: NativeScene;

function settings(urls: Urls): Settings {
  const presets = ["openai", "azure", "anthropic", "gemini", "vertex", "bedrock"];
  return {
    providers: {
      ...Object.fromEntries(presets.map((name) => [name, presetSettings(name, urls)])),
      plans: { ...presetSettings("anthropic", urls, "plans"), api_key: "", subscription_logins: true },
      both: { ...presetSettings("anthropic", urls, "both"), subscription_logins: true },
    },
    models: { claude: "plans/claude-x" },
    keys: keySection({ caller: {}, broke: {}, twice: {} }),
    spend_policies: {
      Watched: { limit_usd: 100, window: "total" },
      Broke: { limit_usd: 0, window: "total", applies_to: { keys: ["broke"] } },
    },
    rate_limits: { Twice: { requests: "2/day", applies_to: { keys: ["twice"] } } },
  };
}

beforeAll(async () => {
  scene = await nativeScene({ settings });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return scene.gateway.post(path, body, { authorization: `Bearer ${virtualKey("caller")}`, ...headers });
}

describe("`background: true`", () => {
  test("is a 400 on every path of Responses", async () => {
    for (const path of [
      "/openai/v1/responses",
      "/azure/responses",
      "/providers/openai/v1/responses",
      "/v1/responses",
    ])
      for (const stream of [false, true]) {
        const answer = await post(path, { model: "openai/m", input: "ping", background: true, stream });
        expect(await wrongWith(answer, "openai", { status: 400, code: "invalid_request" })).toEqual([]);
      }
    expect(scene.upstream.requests).toEqual([]);
  });

  test("false or null passes", async () => {
    for (const background of [false, null])
      expect((await post("/openai/v1/responses", { model: "m", input: "ping", background })).status).toBe(
        200,
      );
  });
});

/** The row of a call that the upstream answers with usage of its format. */
async function rowOfCall(path: string, body: object): Promise<RequestRow> {
  const format = NATIVE_FORMATS.find((one) => !one.stream && one.endpoint === endpointOf(path));
  const chat = {
    ...CHAT_REPLY,
    usage: { prompt_tokens: 3, completion_tokens: 1, input_tokens: 3, output_tokens: 1 },
  };
  scene.upstream.answer(() => (format === undefined ? Response.json(chat) : answerOf(format, format.answer)));
  const answer = await post(path, body);
  await answer.text();
  expect([path, answer.status]).toEqual([path, 200]);
  return await rowFor(scene.gateway, answer);
}

function endpointOf(path: string): string {
  if (path.endsWith(":generateContent")) return "generate_content";
  if (path.endsWith(":rawPredict")) return "raw_predict";
  return path.endsWith("/messages") ? "messages" : path.endsWith("/converse") ? "converse" : "";
}

const GEMINI = "/gemini/v1beta/models/gemini-x:generateContent";
const VERTEX = "/vertex/v1/publishers/google/models/gemini-x:generateContent";
const RAW = "/vertex/v1/publishers/anthropic/models/claude-x:rawPredict";
const CLAUDE = { model: "claude-x", messages: [], max_tokens: 9 };

describe("tools that the provider runs itself flag the row unpriced", () => {
  test.each([
    ["/openai/v1/responses", { model: "m", input: "ping", tools: [{ type: "web_search_preview" }] }],
    [
      "/openai/v1/responses",
      { model: "m", input: "p", tools: [{ type: "code_interpreter", container: {} }] },
    ],
    ["/azure/v1/responses", { model: "m", input: "ping", tools: [{ type: "file_search" }] }],
    ["/openai/v1/chat/completions", { model: "m", messages: [], web_search_options: {} }],
    ["/anthropic/v1/messages", { ...CLAUDE, tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    [RAW, { ...CLAUDE, tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    [GEMINI, { contents: [], tools: [{ googleSearch: {} }] }],
    [GEMINI, { contents: [], tools: [{ google_search: {} }] }],
    [GEMINI, { contents: [], tools: [{ functionDeclarations: [] }, { codeExecution: {} }] }],
    [VERTEX, { contents: [], tools: [{ urlContext: {} }] }],
  ])("%s %j", async (path, body) => {
    const { flags, cost_nano_usd } = await rowOfCall(path, body);
    expect(flags).toEqual(["unpriced"]);
    expect(cost_nano_usd).toBeGreaterThan(0);
  });

  test.each([
    [
      "/openai/v1/responses",
      { model: "m", input: "web_search", tools: [{ type: "function", name: "web_search" }] },
    ],
    ["/anthropic/v1/messages", { ...CLAUDE, tools: [{ name: "web_search", input_schema: {} }] }],
    [GEMINI, { contents: [], tools: [{ functionDeclarations: [{ name: "googleSearch" }] }] }],
    [
      "/bedrock/model/m/converse",
      { messages: [], toolConfig: { tools: [{ toolSpec: { name: "web_search" } }] } },
    ],
  ])("and those of the caller's own do not: %s %j", async (path, body) => {
    expect((await rowOfCall(path, body)).flags).toEqual([]);
  });
});

describe("a log-in of the caller's own", () => {
  const LOGIN = "Bearer sk-ant-oat01-the-callers-subscription";
  const asLogin = (as = "caller", more = {}) => ({
    authorization: LOGIN,
    "x-api-key": virtualKey(as),
    "anthropic-beta": "oauth-2025-04-20,claude-code-20250219",
    ...more,
  });
  const messages = NATIVE_FORMATS.find(({ name }) => name === "messages");
  if (messages === undefined) throw new Error("no sample of messages");

  async function send(path: string, headers: Readonly<Record<string, string>>, body: object = CLAUDE) {
    scene.upstream.requests.length = 0;
    scene.upstream.answer(() =>
      answerOf(messages as NonNullable<typeof messages>, messages?.answer ?? Buffer.of()),
    );
    const answer = await post(path, body, headers);
    await answer.clone().text();
    return { answer, seen: scene.upstream.requests[0] };
  }

  test.each([
    ["/providers/plans/v1/messages", CLAUDE],
    ["/providers/both/messages", CLAUDE],
    ["/v1/messages", { ...CLAUDE, model: "plans/claude-x" }],
    ["/v1/messages", { ...CLAUDE, model: "claude" }],
    ["/models/claude/v1/messages", CLAUDE],
  ])("goes upstream as it is, and the virtual key does not: %s", async (path, body) => {
    const { answer, seen } = await send(path, asLogin(), body);
    expect(answer.status).toBe(200);
    expect(seen?.headers).toMatchObject({
      authorization: LOGIN,
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "oauth-2025-04-20,claude-code-20250219",
    });
    expect(seen?.headers["x-api-key"]).toBeUndefined();
    expect(JSON.stringify(seen)).not.toContain(virtualKey("caller"));
    expect(JSON.stringify(seen)).not.toContain(secretOf("anthropic"));
  });

  test("is counted in usage and not in spend, and the row says so", async () => {
    const before = await money(scene.gateway, "Watched");
    const { answer } = await send("/providers/plans/v1/messages", asLogin());
    const row = await rowFor(scene.gateway, answer);
    expect(row.flags).toEqual(["subscription"]);
    expect([row.cost_nano_usd, row.price]).toEqual([0, null]);
    expect(row.usage).toMatchObject(messages?.usage ?? {});
    expect(row.policies.matched).toEqual([]);
    expect(await money(scene.gateway, "Watched")).toEqual(before);
    const { rows } = await spend(scene.gateway, "by=provider&window=total");
    const plans = rows.find(({ name }) => name === "plans");
    expect(plans?.cost_nano_usd).toBe(0);
    expect(plans?.["subscription_requests"]).toBe(plans?.requests);
    expect(plans?.["input_tokens"]).toBeGreaterThan(0);
  });

  test("passes where no money is left; rate limits count it", async () => {
    expect((await send("/providers/plans/v1/messages", asLogin("broke"))).answer.status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++)
      statuses.push((await send("/providers/plans/v1/messages", asLogin("twice"))).answer.status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test("is not taken where the virtual key stands elsewhere, or where it is none", async () => {
    const path = "/providers/plans/v1/messages";
    const key = virtualKey("caller");
    const other = asLogin("caller", { "x-api-key": "", "x-goog-api-key": key });
    const apiKey = asLogin("caller", { authorization: "Bearer sk-ant-api03-an-api-key" });
    const twice = asLogin("caller", { authorization: `Bearer ${virtualKey("broke")}` });
    for (const headers of [other, apiKey, twice, { authorization: `Bearer ${key}` }]) {
      const { answer, seen } = await send(path, headers);
      expect(await wrongWith(answer, "anthropic", { status: 424, code: "missing_credential" })).toEqual([]);
      expect(seen).toBeUndefined();
    }
  });

  test("without one, the provider's own key pays; a provider that takes none never forwards one", async () => {
    for (const [path, headers] of [
      ["/providers/both/v1/messages", { "x-api-key": virtualKey("caller"), authorization: "" }],
      ["/anthropic/v1/messages", asLogin()],
    ] as const) {
      const { answer, seen } = await send(path, headers);
      expect(answer.status).toBe(200);
      expect(seen?.headers["x-api-key"]).toBe(secretOf("anthropic"));
      expect(seen?.headers["authorization"]).toBeUndefined();
      expect((await rowFor(scene.gateway, answer)).flags).toEqual([]);
    }
  });

  test("also lists models and counts tokens with it", async () => {
    const counted = await send("/providers/plans/v1/messages/count_tokens", asLogin());
    expect([counted.answer.status, counted.seen?.headers["authorization"]]).toEqual([200, LOGIN]);
    scene.upstream.answer(() => Response.json({ data: [] }));
    const listed = await scene.gateway.fetch("/providers/plans/v1/models", { headers: asLogin() });
    expect(listed.status).toBe(200);
    expect(scene.upstream.requests.at(-1)?.headers["authorization"]).toBe(LOGIN);
  });
});
