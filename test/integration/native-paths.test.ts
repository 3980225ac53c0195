// Native paths: where they lead, and how model ids are read and written again.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { PROVIDERS } from "../../src/catalog/providers.ts";
import { virtualKey } from "../support/keys.ts";
import { ANY_BODY, CLAUDE_ID, presetScene, renamedScene, wrongPath } from "../support/native-path-scenes.ts";
import type { NativeScene } from "../support/native-scene.ts";

let scene: NativeScene;
/** Has providers of native types under other names only. */
let renamed: NativeScene;

beforeAll(async () => {
  [scene, renamed] = await Promise.all([presetScene(), renamedScene()]);
});

afterEach(() => {
  scene.upstream.reset();
  renamed.upstream.reset();
});

afterAll(() => Promise.all([scene.stop(), renamed.stop()]));

/** Status, and the path that the upstream was asked for; undefined where it was not. */
async function led(
  path: string,
  { gateway, upstream }: NativeScene = scene,
): Promise<[number, string | undefined]> {
  upstream.requests.length = 0;
  const answer = await gateway.post(path, ANY_BODY);
  await answer.arrayBuffer();
  return [answer.status, upstream.requests[0]?.target];
}

describe("HEAD", () => {
  test("on / and on every native root answers 200 without a key and without a call", async () => {
    for (const root of ["/", ...Object.keys(PROVIDERS).flatMap((name) => [`/${name}`, `/${name}/`])]) {
      const answer = await scene.gateway.fetch(root, { method: "HEAD" });
      expect([root, answer.status, await answer.text()]).toEqual([root, 200, ""]);
    }
    expect(scene.upstream.requests).toEqual([]);
    expect(scene.tokens.requests).toEqual([]);
  });

  test("also where no such provider is configured", async () => {
    for (const root of ["/gemini", "/bedrock/"])
      expect((await renamed.gateway.fetch(root, { method: "HEAD" })).status).toBe(200);
  });

  test("also below a base path", async () => {
    const based = await presetScene({ server: { base_path: "/gw" } });
    const statuses: number[] = [];
    for (const path of ["/gw", "/gw/", "/gw/gemini", "/gw/anthropic/", "/gw/openai/v1"])
      statuses.push((await based.gateway.fetch(path, { method: "HEAD" })).status);
    await based.stop();
    expect(statuses).toEqual([200, 200, 200, 200, 401]);
  });
});

describe("a native path leads to its upstream", () => {
  const PLACE = "projects/acme-prod/locations/global/publishers";

  test.each([
    // With and without a version, and with a slash at the end.
    ["/openai/v1/chat/completions", "/openai/v1/chat/completions"],
    ["/openai/chat/completions", "/openai/v1/chat/completions"],
    ["/openai/chat/completions/", "/openai/v1/chat/completions"],
    ["/providers/openai/v1/responses/", "/openai/v1/responses"],
    ["/anthropic/v1/messages", "/anthropic/v1/messages"],
    ["/anthropic/messages", "/anthropic/v1/messages"],
    ["/anthropic/v1/messages/count_tokens/", "/anthropic/v1/messages/count_tokens"],
    ["/gemini/v1beta/models/m:generateContent/", "/gemini/v1beta/models/m:generateContent"],
    ["/gemini/v1/models/m:countTokens", "/gemini/v1/models/m:countTokens"],
    ["/providers/gemini/v1beta/models/m:embedContent", "/gemini/v1beta/models/m:embedContent"],
    ["/bedrock/model/m/converse/", "/bedrock/model/m/converse"],
    [`/vertex/v1/${PLACE}/google/models/m:countTokens/`, `/vertex/v1/${PLACE}/google/models/m:countTokens`],
    [
      `/vertex/v1beta1/${PLACE}/google/models/m:countTokens`,
      `/vertex/v1beta1/${PLACE}/google/models/m:countTokens`,
    ],
    // The query is passed on, and a key in it is not.
    [
      "/gemini/v1/models/m:countTokens?$alt=json&x=%20&a=b",
      "/gemini/v1/models/m:countTokens?$alt=json&x=%20&a=b",
    ],
    ["/openai/chat/completions?api-version=2&key=&b", "/openai/v1/chat/completions?api-version=2&b"],
    // Ids are decoded once, checked, and encoded again.
    [`/bedrock/model/${CLAUDE_ID}/converse`, "/bedrock/model/us.anthropic.claude-x%3A0/converse"],
    [
      "/bedrock/model/us.anthropic.claude-x%3a0/converse",
      "/bedrock/model/us.anthropic.claude-x%3A0/converse",
    ],
    [
      "/bedrock/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fx/invoke",
      "/bedrock/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/invoke",
    ],
    [
      "/bedrock/model/arn:aws:bedrock:us-east-1:1:inference-profile/x/invoke",
      "/bedrock/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/invoke",
    ],
    ["/gemini/v1/models/%67emini%2Dx:countTokens", "/gemini/v1/models/gemini-x:countTokens"],
    ["/gemini/v1/models/a%2Fb%20c:countTokens", "/gemini/v1/models/a%2Fb%20c:countTokens"],
    [
      `/vertex/v1/${PLACE}/anthropic/models/c@1:rawPredict`,
      `/vertex/v1/${PLACE}/anthropic/models/c%401:rawPredict`,
    ],
    // Without a place on Vertex AI: the provider's own.
    ["/vertex/v1/publishers/google/models/m:countTokens", `/vertex/v1/${PLACE}/google/models/m:countTokens`],
  ])("%s", async (path, upstream) => {
    expect(await led(path)).toEqual([200, upstream]);
  });

  test("of another provider of the type, under its name", async () => {
    expect(await led("/providers/google/v1beta/models/m:generateContent", renamed)).toEqual([
      200,
      "/own-gemini/v1beta/models/m:generateContent",
    ]);
    expect(await led("/providers/aws/model/m/converse", renamed)).toEqual([
      200,
      "/own-bedrock/model/m/converse",
    ]);
    expect(await led("/providers/team%2Fclaude/messages", renamed)).toEqual([
      200,
      "/own-anthropic/v1/messages",
    ]);
  });
});

test("an allowlist sees the id decoded, however it was spelled", async () => {
  const headers = {
    authorization: "",
    "x-api-key": virtualKey("narrow"),
  };
  const statuses: number[] = [];
  for (const id of [
    CLAUDE_ID,
    "us.anthropic.claude-x%3A0",
    "%75s.anthropic.claude-x:0",
    "us.anthropic.claude-y:0",
  ]) {
    const answer = await renamed.gateway.post(`/providers/aws/model/${id}/converse`, ANY_BODY, headers);
    statuses.push(answer.status);
    await answer.arrayBuffer();
  }
  expect(statuses).toEqual([200, 200, 200, 403]);
});

describe("a model id that could be read in two ways is a 400", () => {
  const BAD = [
    "a..b",
    "..a",
    "a%2e%2eb",
    "a%3Fb",
    "a%23b",
    "a%25b",
    "a%252e",
    "a%00b",
    "a%0ab",
    "a%7fb",
    "a%5cb",
  ];

  test.each(BAD)("%s", async (id) => {
    const bad = { status: 400, code: "invalid_request" };
    expect([
      ...(await wrongPath(
        { ...bad, path: `/gemini/v1beta/models/${id}:generateContent`, family: "gemini" },
        scene,
      )),
      ...(await wrongPath(
        { ...bad, path: `/gemini/v1beta/models/${id}`, method: "GET", family: "gemini" },
        scene,
      )),
      ...(await wrongPath(
        { ...bad, path: `/bedrock/model/${id}/converse-stream`, family: "bedrock" },
        scene,
      )),
      ...(await wrongPath(
        {
          ...bad,
          path: `/vertex/v1/publishers/google/models/${id}:generateContent`,
          family: "gemini",
        },
        scene,
      )),
      ...(await wrongPath(
        {
          ...bad,
          path: `/vertex/v1/publishers/anthropic/models/${id}:rawPredict`,
          family: "anthropic",
        },
        scene,
      )),
    ]).toEqual([]);
  });

  test("likewise one that is no UTF-8, or empty", async () => {
    const bad = { status: 400, code: "invalid_request" };
    for (const id of ["%ff", "%zz", ""])
      expect(
        await wrongPath(
          { ...bad, path: `/gemini/v1beta/models/${id}:generateContent`, family: "gemini" },
          scene,
        ),
      ).toEqual([]);
  });
});
