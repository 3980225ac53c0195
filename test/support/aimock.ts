// The independent mock upstream (npm @copilotkit/aimock) as a child process, with the answers the SDK tests expect.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "./deadline.ts";
import { readLines } from "./lines.ts";

export interface Aimock {
  /** `http://127.0.0.1:PORT`, without `/v1`. */
  readonly url: string;
  stop(): Promise<void>;
}

const LONG_TEXT = "Größe 😀 and many words follow here. ".repeat(20).trim();

/** What the mock answers to which last user message. Ids and times are fixed where it lets us. */
export const MOCK_ANSWERS = {
  hello: "Hello there, this answer takes several chunks. Ünïcödé 😀.",
  long: LONG_TEXT,
  weatherArguments: '{"city":"Paris","unit":"celsius"}',
  embedding: [0.25, -0.5, 0.125, 1],
} as const;

const ENVELOPE = { id: "chatcmpl-fixed", created: 1_700_000_000 };

function failing(userMessage: string, status: number, type: string, code?: string): unknown {
  const error = { message: `${userMessage} happened`, type, ...(code === undefined ? {} : { code }) };
  return { match: { userMessage }, response: { error, status } };
}

const FIXTURES = [
  {
    match: { userMessage: "hello" },
    response: { content: MOCK_ANSWERS.hello, usage: { prompt_tokens: 5, completion_tokens: 7 }, ...ENVELOPE },
  },
  { match: { userMessage: "long" }, response: { content: LONG_TEXT, ...ENVELOPE } },
  {
    match: { userMessage: "cut off" },
    response: { content: "not the", finishReason: "length", ...ENVELOPE },
  },
  { match: { userMessage: "think" }, response: { content: "42", reasoning: "first, multiply", ...ENVELOPE } },
  { match: { userMessage: "json" }, response: { content: '{"status":"ok"}', ...ENVELOPE } },
  {
    match: { userMessage: "weather", hasToolResult: false },
    response: {
      toolCalls: [{ name: "get_weather", arguments: MOCK_ANSWERS.weatherArguments, id: "call_weather1" }],
      ...ENVELOPE,
    },
  },
  {
    match: { userMessage: "weather", hasToolResult: true },
    response: { content: "It is sunny.", ...ENVELOPE },
  },
  {
    match: { userMessage: "both" },
    response: {
      content: "Let me look.",
      toolCalls: [
        { name: "get_weather", arguments: MOCK_ANSWERS.weatherArguments, id: "call_one" },
        { name: "get_time", arguments: '{"zone":"UTC"}', id: "call_two" },
      ],
      ...ENVELOPE,
    },
  },
  { match: { inputText: "embed me" }, response: { embedding: MOCK_ANSWERS.embedding } },
  {
    match: { userMessage: "Call the provided tool" },
    response: { toolCalls: [{ name: "compatcanary_echo", arguments: '{"value":"CANARY_OK"}' }] },
  },
  {
    match: { userMessage: "Return the requested compatibility status" },
    response: { content: '{"status":"ok"}' },
  },
  { match: { userMessage: "Reply briefly with CANARY_OK" }, response: { content: "CANARY_OK" } },
  failing("bad request", 400, "invalid_request_error", "bad_thing"),
  failing("payment", 402, "insufficient_quota", "insufficient_quota"),
  failing("gone", 404, "invalid_request_error", "model_not_found"),
  failing("too many", 429, "rate_limit_error", "rate_limit_exceeded"),
  failing("failure", 500, "server_error"),
  failing("busy", 503, "server_error"),
  failing("rejected", 401, "authentication_error", "invalid_api_key"),
];

/** Starts the mock on a port of its own choice. */
export async function startAimock(fixtures: readonly unknown[] = FIXTURES): Promise<Aimock> {
  const dir = mkdtempSync(join(tmpdir(), "aimock-"));
  const file = join(dir, "fixtures.json");
  writeFileSync(file, JSON.stringify({ fixtures }));
  const program = join(dirname(Bun.fileURLToPath(import.meta.resolve("@copilotkit/aimock"))), "cli.js");
  const child = Bun.spawn([Bun.which("node") ?? process.execPath, program, "-p", "0", "-f", file], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"] ?? "", HOME: dir },
  });
  const output = [readLines(child.stdout), readLines(child.stderr)];
  const url = await until("aimock to listen", () => {
    const text = output.map((buffer) => buffer.text()).join("\n");
    if (child.exitCode !== null) throw new Error(`aimock exited with ${child.exitCode}:\n${text}`);
    return /listening on (http:\/\/\S+)/.exec(text)?.[1];
  });
  return {
    url,
    stop: async () => {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
