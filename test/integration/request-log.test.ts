// The request log: one JSON line per request on standard output, with who, what, where, how long, and nothing private.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, get, keySection, type Question, yamlOf } from "../support/callers.ts";
import { until } from "../support/deadline.ts";
import { type Gateway, type LogLine, startGateway } from "../support/gateway.ts";
import { UPSTREAM_KEY, virtualKey } from "../support/keys.ts";
import {
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
  USAGE_CHUNK,
} from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream((request) =>
    request.text.includes('"stream":true')
      ? eventStream(firstChunk("canary-streamed-answer") + lastChunk() + USAGE_CHUNK + DONE)
      : Response.json({
          id: "chatcmpl-1",
          object: "chat.completion",
          created: 1,
          model: "m",
          choices: [
            { index: 0, message: { role: "assistant", content: "canary-answer" }, finish_reason: "stop" },
          ],
          usage: { prompt_tokens: 31, completion_tokens: 17, total_tokens: 48 },
        }),
  );
  gateway = await startGateway(
    yamlOf({
      log: { level: "debug", format: "json" },
      providers: {
        up: { base_url: upstream.url, api_key: `\${UP_KEY}`, models: ["!no"] },
        nobody: { base_url: "http://127.0.0.1:1" },
      },
      models: { fast: "up/m" },
      keys: keySection({ caller: { user: "ann", workspace: "lab" }, off: { disabled: true } }),
    }),
  );
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

const isRequest = (line: LogLine) => typeof line["request_id"] === "string" && line["status"] !== undefined;

/** The line of a request; it is written a moment after the answer. */
async function lineOf(question: Question): Promise<LogLine> {
  const answer = await ask(gateway, question);
  const id = answer.headers.get("x-postern-request-id");
  expect(id).toBeTruthy();
  return await gateway.logged((line) => line["request_id"] === id && isRequest(line));
}

describe("the line of a request", () => {
  test("says who called what, how it went, and how long it took", async () => {
    const line = await lineOf({ as: "caller", model: "fast" });
    expect(line).toMatchObject({
      key: "caller",
      user: "ann",
      workspace: "lab",
      target: "up/m",
      requested_model: "fast",
      status: 200,
      stream: false,
      input_tokens: 31,
      output_tokens: 17,
    });
    for (const name of ["total_ms", "first_byte_ms", "overhead_ms"]) {
      expect(line[name]).toBeNumber();
      expect(line[name]).toBeGreaterThanOrEqual(0);
    }
    expect(String(line["time"])).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(line["level"]).toBe("info");
  });

  test("has the tokens of a stream, also when the client did not ask for them", async () => {
    const line = await lineOf({ as: "caller", body: { model: "fast", messages: [], stream: true } });
    expect(line).toMatchObject({ status: 200, stream: true, input_tokens: 3, output_tokens: 2 });
  });

  test.each([
    [{ model: "nothing" }, { status: 404, code: "model_not_found" }],
    [{ model: "up/no" }, { status: 403, code: "model_not_allowed" }],
    [{ model: "nobody/m" }, { status: 502, code: "upstream_unreachable", target: "nobody/m" }],
    [{ body: "{" }, { status: 400, code: "invalid_request" }],
    [
      { path: "/v1/nonsense", method: "GET" },
      { status: 404, code: "not_found" },
    ],
  ] satisfies [Question, LogLine][])("has the code of a refusal (%#)", async (question, expected) => {
    expect(await lineOf({ as: "caller", ...question })).toMatchObject({ key: "caller", ...expected });
  });

  test("carries the id that the client chose, when it is a fit one", async () => {
    const headers = { "x-postern-request-id": "my-own.request_id-0001" };
    expect(await lineOf({ as: "caller", model: "fast", headers })).toMatchObject({
      request_id: headers["x-postern-request-id"],
    });
    const unfit = { "x-postern-request-id": "short" };
    expect((await lineOf({ as: "caller", model: "fast", headers: unfit }))["request_id"]).not.toBe("short");
  });

  test("is one, whatever the request", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) {
      const model = n % 2 === 0 ? "fast" : "nothing";
      const answer = await ask(gateway, { as: "caller", model });
      ids.push(answer.headers.get("x-postern-request-id") ?? "");
    }
    await lineOf({ as: "caller", model: "fast" });
    const counts = ids.map(
      (id) => gateway.log().filter((line) => line["request_id"] === id && isRequest(line)).length,
    );
    expect(counts).toEqual(ids.map(() => 1));
  });

  test("is there for a key that is refused by its state, or at most one a second", async () => {
    const answer = await get(gateway, "/v1/models", "off");
    expect(answer.status).toBe(403);
  });
});

describe("standard output", () => {
  test("holds JSON objects, one per line, and nothing else", () => {
    const lines = gateway.stdout().filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(JSON.parse(line)).toBeObject();
  });
});

describe("what never stands in the log", () => {
  const canary = "canary-in-the-request";

  test("content, keys, query strings, headers, answers: of good requests and bad ones", async () => {
    const body = (model: unknown) => ({
      model,
      messages: [
        { role: "system", content: `${canary}-system` },
        { role: "user", content: `${canary}-user` },
      ],
      user: `${canary}-field`,
      metadata: { note: `${canary}-metadata` },
      tools: [{ type: "function", function: { name: `${canary}-tool` } }],
    });
    const headers = { "x-custom": `${canary}-header`, cookie: `session=${canary}-cookie` };
    const questions: Question[] = [
      { as: "caller", body: body("fast"), path: `/v1/chat/completions?q=${canary}-query&key=` },
      { as: "caller", body: { ...body("fast"), stream: true } },
      { as: "caller", body: body("nobody/m") },
      { as: "caller", body: body(7) },
      { as: "caller", body: `{"model":"fast","messages":[{"content":"${canary}-broken"` },
      { as: "caller", path: `/v1/${canary}-path?x=${canary}`, method: "GET" },
      { as: "caller", path: `/providers/${canary}-name/v1/chat/completions`, body: body("m") },
      { body: body("fast"), headers: { "x-api-key": `${canary}-wrong-key` } },
      { body: body("fast"), path: `/v1/chat/completions?key=${canary}-wrong-query-key` },
      { as: "off", body: body("fast") },
    ];
    for (const question of questions)
      await ask(gateway, { ...question, headers: { ...headers, ...question.headers } });
    await upstreamErrors(questions[0]);
    await lineOf({ as: "caller", model: "fast" });
    const everything = gateway.stdout().join("\n") + gateway.stderr();
    expect(everything).not.toContain("canary-in-the-request");
    expect(everything).not.toContain("canary-answer");
    expect(everything).not.toContain("canary-streamed-answer");
    expect(everything).not.toContain("canary-upstream-words");
    expect(everything).not.toContain(UPSTREAM_KEY);
    for (const word of ["caller", "off"]) expect(everything).not.toContain(virtualKey(word));
  });

  async function upstreamErrors(question: Question | undefined): Promise<void> {
    for (const status of [400, 401, 404, 429, 500, 503]) {
      upstream.answer(() =>
        Response.json({ error: { message: `canary-upstream-words ${UPSTREAM_KEY}` } }, { status }),
      );
      await ask(gateway, question ?? {});
    }
    upstream.reset();
  }
});

describe("callers that fail authentication", () => {
  test("leave at most one line a second, and none per request", async () => {
    const knocks = async () => {
      for (let n = 0; n < 40; n++) await get(gateway, "/v1/models", "nobody");
    };
    const isRefused = (line: LogLine) => line["status"] === 401 || line["code"] === "invalid_api_key";
    const start = performance.now();
    await knocks();
    // The second's one line may have been spent on an earlier test; then it comes with the next second.
    await until("a line about refused callers", async () => {
      await knocks();
      return gateway.log().find(isRefused);
    });
    await lineOf({ as: "caller", model: "fast" });
    const seconds = (performance.now() - start) / 1000;
    expect(gateway.log().filter(isRefused).length).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
  });
});
