// `/v1/messages` on the unified endpoint: for providers whose `endpoints` name it, untranslated; a 501 that helps for others.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import { rowFor } from "../support/money-account.ts";
import { ANTHROPIC_EVENTS, answerOf, NATIVE_FORMATS } from "../support/native-formats.ts";
import { wrongWith } from "../support/native-refusals.ts";
import { type NativeScene, nativeScene, presetSettings } from "../support/native-scene.ts";

let scene: NativeScene;

beforeAll(async () => {
  scene = await nativeScene({
    settings: (urls) => ({
      providers: {
        anthropic: presetSettings("anthropic", urls),
        vllm: {
          base_url: `${urls.upstream}/vllm/v1`,
          endpoints: ["chat", "messages", "models"],
        },
        plain: { base_url: `${urls.upstream}/plain/v1`, auth: "none" },
        gemini: presetSettings("gemini", urls),
      },
      models: { claude: "anthropic/claude-x", local: "vllm/qwen" },
      keys: keySection({ caller: {} }),
    }),
  });
});

afterEach(() => scene.upstream.reset());

afterAll(() => scene.stop());

const BODY = { messages: [{ role: "user", content: "ping" }], max_tokens: 50 };
const WHOLE = NATIVE_FORMATS.find(({ name }) => name === "messages");
if (WHOLE === undefined) throw new Error("no sample of messages");

function post(path: string, body: object): Promise<Response> {
  return scene.gateway.post(path, body, { authorization: "", "x-api-key": virtualKey("caller") });
}

describe("a model of a provider that speaks Messages", () => {
  test.each([
    ["anthropic/claude-x", "/anthropic/v1/messages", "claude-x"],
    ["claude", "/anthropic/v1/messages", "claude-x"],
    ["vllm/qwen", "/vllm/v1/messages", "qwen"],
    ["local", "/vllm/v1/messages", "qwen"],
  ])(
    "%s is asked in its own words, whole and as a stream, and accounted for",
    async (model, path, upstream) => {
      for (const format of [WHOLE, ANTHROPIC_EVENTS]) {
        scene.upstream.requests.length = 0;
        scene.upstream.answer(() => answerOf(format, format.answer));
        const body = { ...BODY, model, ...(format.stream ? { stream: true } : {}) };
        const answer = await post("/v1/messages", body);
        expect(answer.status).toBe(200);
        expect(await answer.text()).toBe(format.answer.toString());
        const [seen] = scene.upstream.requests;
        expect([seen?.path, seen?.text]).toEqual([path, JSON.stringify({ ...body, model: upstream })]);
        const row = await rowFor(scene.gateway, answer);
        expect([row.cost_nano_usd, row.flags, row["format"]]).toEqual([format.nano, [], "anthropic"]);
      }
    },
  );

  test("counts tokens where it offers that", async () => {
    scene.upstream.answer(() => Response.json({ input_tokens: 3 }));
    const body = { model: "claude", messages: [] };
    const counted = await post("/v1/messages/count_tokens", body);
    expect([counted.status, await counted.json()]).toEqual([200, { input_tokens: 3 }]);
    const refused = await post("/v1/messages/count_tokens", { ...body, model: "local" });
    expect(await refused.clone().text()).toContain("count_tokens");
    expect(await wrongWith(refused, "anthropic", { status: 501, code: "unsupported_endpoint" })).toEqual([]);
  });

  test("is a 501 on /v1/chat/completions where it offers Messages only", async () => {
    const refused = await post("/v1/chat/completions", { model: "claude", messages: [] });
    expect(await wrongWith(refused, "openai", { status: 501, code: "unsupported_endpoint" })).toEqual([]);
  });
});

describe("another model is a 501 that says which setting would allow it", () => {
  test.each([
    ["plain/q", "add `messages` to its `endpoints`"],
    ["gemini/gemini-x", "call it by its own paths; requests are not translated"],
  ])("%s", async (model, advice) => {
    for (const stream of [false, true]) {
      const refused = await post("/v1/messages", { ...BODY, model, stream });
      const text = await refused.clone().text();
      expect(await wrongWith(refused, "anthropic", { status: 501, code: "unsupported_endpoint" })).toEqual(
        [],
      );
      expect(text).toContain(`provider ${model.split("/")[0]} does not offer messages`);
      expect(text).toContain(advice);
    }
    expect(scene.upstream.requests).toEqual([]);
  });
});

test("an unknown model, or none, is told so in Anthropic's words", async () => {
  const unknown = await post("/v1/messages", { ...BODY, model: "nobody-knows" });
  expect(await wrongWith(unknown, "anthropic", { status: 404, code: "model_not_found" })).toEqual([]);
  const none = await post("/v1/messages", BODY);
  expect(await wrongWith(none, "anthropic", { status: 400, code: "invalid_request" })).toEqual([]);
});
