// The mock provider as configured: scripts, tool calls, failures, latency, pace, stalls.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, keySection, type Question, type Verdict, yamlOf } from "../support/callers.ts";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { rawConnect } from "../support/raw-tcp.ts";

let gateway: Gateway;

const LATENCY_MS = 120;

beforeAll(async () => {
  gateway = await startGateway(
    yamlOf({
      providers: {
        scripted: {
          type: "mock",
          mock: {
            reply: "nothing special",
            script: [
              {
                when: { contains: "weather" },
                tool_call: { name: "get_weather", arguments: { city: "Paris" } },
              },
              { when: { contains: "teapot" }, status: 418 },
              { when: { contains: "busy" }, status: 429 },
              { when: { contains: "hello" }, reply: "Hello to you, {{last_user_message}}!" },
              { when: { contains: "hello", model: "never" }, reply: "not reached" },
              { when: { contains: "wait" }, stall: true },
            ],
          },
        },
        flaky: { type: "mock", mock: { fail: { status: 503, every: 3 } } },
        slow: { type: "mock", mock: { latency: `${LATENCY_MS}ms` } },
        paced: {
          type: "mock",
          mock: { reply: "one two three four five six seven eight", tokens_per_second: 50 },
        },
        impatient: {
          type: "mock",
          mock: { script: [{ when: { contains: "wait" }, stall: true }] },
          timeouts: { first_byte: "150ms" },
        },
      },
      keys: keySection({ caller: {} }),
    }),
  );
});

afterAll(async () => {
  await gateway?.stop();
});

async function say(provider: string, content: string, more: Record<string, unknown> = {}): Promise<Verdict> {
  const body = { model: `${provider}/m`, messages: [{ role: "user", content }], ...more };
  return await ask(gateway, { as: "caller", body });
}

const TOOLS = [
  { type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } },
];

interface ToolDelta {
  readonly choices: readonly {
    readonly finish_reason: string | null;
    readonly delta: {
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
  }[];
}

describe("a script", () => {
  test("answers what it knows, by the first entry that matches", async () => {
    expect((await say("scripted", "well, hello")).text).toContain("Hello to you, well, hello!");
    expect((await say("scripted", "anything else")).text).toContain("nothing special");
  });

  test("calls a tool, as JSON", async () => {
    const answer = await say("scripted", "the weather?", { tools: TOOLS });
    expect(answer.json()).toMatchObject({
      choices: [
        {
          message: {
            role: "assistant",
            content: null,
            tool_calls: [
              { type: "function", id: expect.stringMatching(/./), function: { name: "get_weather" } },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
    });
    expect(answer.text).toContain(JSON.stringify(JSON.stringify({ city: "Paris" })));
  });

  test("calls a tool, as a stream", async () => {
    const answer = await say("scripted", "the weather?", { tools: TOOLS, stream: true });
    const events = answer.text.split("\n\n").filter((event) => event.startsWith("data: {"));
    const all = events.map((event) => JSON.parse(event.slice(6)) as ToolDelta);
    const calls = all.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(calls[0]).toMatchObject({
      index: 0,
      id: expect.stringMatching(/./),
      function: { name: "get_weather" },
    });
    expect(JSON.parse(calls.map((call) => call.function.arguments ?? "").join(""))).toEqual({
      city: "Paris",
    });
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(answer.text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("calls a tool through the Responses API", async () => {
    const body = { model: "scripted/m", input: "the weather?" };
    const answer = await ask(gateway, { as: "caller", path: "/v1/responses", body });
    expect(answer.json()).toMatchObject({
      output: [{ type: "function_call", name: "get_weather", arguments: '{"city":"Paris"}' }],
    });
  });

  test.each([
    ["I am a teapot", 418],
    ["are you busy", 429],
  ])("answers %p with %d, in the envelope, streamed or not", async (content, status) => {
    for (const stream of [false, true]) {
      const answer = await say("scripted", content, { stream });
      expect(answer.status).toBe(status);
      expect(answer.message).not.toBe("");
      expect(answer.headers.get("content-type")).toContain("application/json");
    }
  });
});

describe("what goes wrong on purpose", () => {
  test("every n-th request fails, the others do not", async () => {
    const statuses: number[] = [];
    for (let n = 1; n <= 7; n++) statuses.push((await say("flaky", "hi")).status);
    expect(statuses).toEqual([200, 200, 503, 200, 200, 503, 200]);
  });

  test("latency comes before the first byte", async () => {
    const start = performance.now();
    expect((await say("slow", "hi")).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(LATENCY_MS * 0.9);
  });

  test("a stall ends when the client gives up", async () => {
    const id = "the-one-that-gave-up";
    const connection = await rawConnect({ port: gateway.port });
    const body = JSON.stringify({
      model: "scripted/m",
      messages: [{ role: "user", content: "wait for me" }],
    });
    const headers = [
      "host: localhost",
      "content-type: application/json",
      `x-api-key: ${virtualKey("caller")}`,
      `x-postern-request-id: ${id}`,
    ];
    connection.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers, body));
    // The next request is served as if nothing had happened; by then the first one is under way.
    expect((await say("scripted", "hello")).status).toBe(200);
    connection.destroy();
    const line = await gateway.logged(({ request_id }) => request_id === id);
    expect(line).toMatchObject({ status: 499, ended: "client_closed" });
  });

  test("a stall runs into the first-byte timer", async () => {
    const answer = await say("impatient", "wait for me");
    expect(`${answer.status} ${answer.code}`).toBe("504 upstream_timeout");
    expect(answer.message).toContain("first_byte");
  });
});

async function stream(provider: string, content: string): Promise<Response> {
  return await gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": virtualKey("caller") },
    body: JSON.stringify({ model: `${provider}/m`, messages: [{ role: "user", content }], stream: true }),
  });
}

describe("pace", () => {
  test("a stream comes piece by piece, not at once", async () => {
    const answer = await stream("paced", "hi");
    const reader = answer.body?.getReader();
    const pieces: string[] = [];
    for (;;) {
      const part = await within("the next piece", reader?.read() ?? Promise.resolve(undefined));
      if (part === undefined || part.done) break;
      pieces.push(new TextDecoder().decode(part.value));
    }
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.join("")).toContain("[DONE]");
  });

  test("does not hold back an answer that is not streamed", async () => {
    const question: Question = { as: "caller", model: "paced/m" };
    expect((await ask(gateway, question)).text).toContain("seven eight");
  });
});
