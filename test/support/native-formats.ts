// One call of each native format, its answer as the provider sends it, and what it costs by the prices of the scene.

import { awsEvent } from "./compat/frames.ts";
import { FORMATS } from "./money-formats.ts";
import {
  CONVERSE_STREAM,
  GEMINI_ARRAY,
  GEMINI_EVENTS,
  GEMINI_PIECES,
  INVOKE_STREAM,
} from "./wire-samples/native.ts";

export interface NativeFormat {
  readonly name: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly type: string;
  readonly answer: Buffer;
  readonly stream: boolean;
  readonly usage: Readonly<Record<string, number>>;
  readonly nano: number;
  /** `provider/model` as policies and prices know it. */
  readonly target: string;
  /** As the row has it. */
  readonly endpoint: string;
}

export const JSON_TYPE = "application/json";
export const EVENTS_TYPE = "text/event-stream";
export const FRAMES_TYPE = "application/vnd.amazon.eventstream";

const CONTENTS = {
  contents: [{ role: "user", parts: [{ text: "ping" }] }],
  generationConfig: { maxOutputTokens: 50 },
};
const CONVERSE = {
  messages: [{ role: "user", content: [{ text: "ping" }] }],
  inferenceConfig: { maxTokens: 50 },
};
const MESSAGES = { messages: [{ role: "user", content: "ping" }], max_tokens: 50 };
const ON_BEDROCK = { anthropic_version: "bedrock-2023-05-31", ...MESSAGES };
const ON_VERTEX = { anthropic_version: "vertex-2023-10-16", ...MESSAGES };

const PUBLISHERS = "/vertex/v1/projects/acme-prod/locations/global/publishers";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** 7 × 150 + 4 × 75 + 7 × 600: of 11 tokens 4 were cached, and 3 of 7 were thoughts. */
const GEMINI = {
  usage: {
    input_tokens: 11,
    output_tokens: 7,
    cache_read_tokens: 4,
    cache_write_tokens: 0,
    reasoning_tokens: 3,
  },
  nano: 5_550,
};

/** 11 × 150 + 4 × 75 + 2 × 187.5 + 7 × 600: the cache comes on top of the input. */
const BEDROCK = {
  usage: {
    input_tokens: 17,
    output_tokens: 7,
    cache_read_tokens: 4,
    cache_write_tokens: 2,
    reasoning_tokens: 0,
  },
  nano: 6_525,
};

const CLAUDE_FORMAT = FORMATS.find(({ path }) => path === "/v1/messages");
if (CLAUDE_FORMAT === undefined) throw new Error("no sample of Messages");
/** With cache writes of both lifetimes. */
const CLAUDE = {
  usage: { ...CLAUDE_FORMAT.usage, reasoning_tokens: 0 },
  nano: CLAUDE_FORMAT.nano,
};
const CLAUDE_ANSWER = json(CLAUDE_FORMAT.answer);
const CLAUDE_EVENTS = Buffer.from(CLAUDE_FORMAT.events ?? "");
/** The same events, each in a frame. */
const CLAUDE_FRAMES = Buffer.concat(
  [...(CLAUDE_FORMAT.events ?? "").matchAll(/^data: (.*)$/gm)].map(([, text = ""]) =>
    awsEvent("chunk", { bytes: Buffer.from(text).toString("base64") }),
  ),
);

function whole(
  name: string,
  target: string,
  path: string,
  endpoint: string,
  rest: Pick<NativeFormat, "body" | "answer" | "usage" | "nano">,
): NativeFormat {
  return { name, target, path, endpoint, type: JSON_TYPE, stream: false, ...rest };
}

function streamed(
  name: string,
  target: string,
  path: string,
  endpoint: string,
  rest: Pick<NativeFormat, "body" | "answer" | "usage" | "nano" | "type">,
): NativeFormat {
  return { name, target, path, endpoint, stream: true, ...rest };
}

export const GEMINI_SSE = streamed(
  "streamGenerateContent as events",
  "gemini/gemini-x",
  "/gemini/v1beta/models/gemini-x:streamGenerateContent?alt=sse",
  "stream_generate_content",
  { body: CONTENTS, type: EVENTS_TYPE, answer: Buffer.from(GEMINI_EVENTS), ...GEMINI },
);

export const GEMINI_JSON_ARRAY = streamed(
  "streamGenerateContent as an array",
  "gemini/gemini-x",
  "/gemini/v1beta/models/gemini-x:streamGenerateContent",
  "stream_generate_content",
  { body: CONTENTS, type: JSON_TYPE, answer: Buffer.from(GEMINI_ARRAY), ...GEMINI },
);

export const CONVERSE_FRAMES = streamed(
  "converse-stream",
  "bedrock/us.anthropic.claude-x:0",
  "/bedrock/model/us.anthropic.claude-x%3A0/converse-stream",
  "converse_stream",
  { body: CONVERSE, type: FRAMES_TYPE, answer: CONVERSE_STREAM, ...BEDROCK },
);

export const INVOKE_FRAMES = streamed(
  "invoke-with-response-stream, with metrics",
  "bedrock/us.anthropic.claude-x:0",
  "/bedrock/model/us.anthropic.claude-x:0/invoke-with-response-stream",
  "invoke_stream",
  { body: ON_BEDROCK, type: FRAMES_TYPE, answer: INVOKE_STREAM, ...BEDROCK },
);

export const RAW_EVENTS = streamed(
  "streamRawPredict",
  "vertex/claude-x@1",
  `${PUBLISHERS}/anthropic/models/claude-x@1:streamRawPredict`,
  "stream_raw_predict",
  { body: { ...ON_VERTEX, stream: true }, type: EVENTS_TYPE, answer: CLAUDE_EVENTS, ...CLAUDE },
);

export const ANTHROPIC_EVENTS = streamed(
  "messages as events",
  "anthropic/claude-x",
  "/anthropic/v1/messages",
  "messages",
  {
    body: { model: "claude-x", ...MESSAGES, stream: true },
    type: EVENTS_TYPE,
    answer: CLAUDE_EVENTS,
    ...CLAUDE,
  },
);

const GEMINI_ANSWER = Buffer.from(GEMINI_PIECES[1]);

export const NATIVE_FORMATS: readonly NativeFormat[] = [
  whole(
    "generateContent",
    "gemini/gemini-x",
    "/gemini/v1/models/gemini-x:generateContent",
    "generate_content",
    {
      body: CONTENTS,
      answer: GEMINI_ANSWER,
      ...GEMINI,
    },
  ),
  GEMINI_SSE,
  GEMINI_JSON_ARRAY,
  whole(
    "generateContent on Vertex AI",
    "vertex/gemini-x",
    `${PUBLISHERS}/google/models/gemini-x:generateContent`,
    "generate_content",
    { body: CONTENTS, answer: GEMINI_ANSWER, ...GEMINI },
  ),
  whole(
    "rawPredict",
    "vertex/claude-x@1",
    `${PUBLISHERS}/anthropic/models/claude-x@1:rawPredict`,
    "raw_predict",
    { body: ON_VERTEX, answer: CLAUDE_ANSWER, ...CLAUDE },
  ),
  RAW_EVENTS,
  whole(
    "converse",
    "bedrock/us.anthropic.claude-x:0",
    "/bedrock/model/us.anthropic.claude-x:0/converse",
    "converse",
    {
      body: CONVERSE,
      answer: json({
        output: { message: { role: "assistant", content: [{ text: "Hello!" }] } },
        stopReason: "end_turn",
        usage: {
          inputTokens: 11,
          outputTokens: 7,
          totalTokens: 24,
          cacheReadInputTokens: 4,
          cacheWriteInputTokens: 2,
        },
        metrics: { latencyMs: 512 },
      }),
      ...BEDROCK,
    },
  ),
  CONVERSE_FRAMES,
  whole(
    "invoke of Claude",
    "bedrock/us.anthropic.claude-x:0",
    "/bedrock/model/us.anthropic.claude-x:0/invoke",
    "invoke",
    {
      body: ON_BEDROCK,
      answer: CLAUDE_ANSWER,
      ...CLAUDE,
    },
  ),
  INVOKE_FRAMES,
  {
    ...INVOKE_FRAMES,
    name: "invoke-with-response-stream, with lifetimes of cache writes",
    answer: CLAUDE_FRAMES,
    ...CLAUDE,
  },
  whole("messages", "anthropic/claude-x", "/anthropic/v1/messages", "messages", {
    body: { model: "claude-x", ...MESSAGES },
    answer: CLAUDE_ANSWER,
    ...CLAUDE,
  }),
  ANTHROPIC_EVENTS,
];

/** An answer of this format whose body is these bytes, in pieces of that size where one is given. */
export function answerOf(
  { type }: Pick<NativeFormat, "type">,
  bytes: Uint8Array,
  size = bytes.length,
): Response {
  const headers = { "content-type": type };
  let at = 0;
  return new Response(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Uint8Array.from(bytes.subarray(at, at + size)));
        at += size;
        if (at >= bytes.length) controller.close();
      },
    }),
    { headers },
  );
}

/** Sends these bytes, and then what the test sends. */
export function hangingAnswer(
  { type }: Pick<NativeFormat, "type">,
  bytes: Uint8Array,
): {
  readonly response: Response;
  readonly cancelled: Promise<void>;
  send(bytes: Uint8Array): void;
  end(): void;
} {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      sink = controller;
      controller.enqueue(Uint8Array.from(bytes));
    },
    cancel: () => resolve(),
  });
  return {
    response: new Response(body, { headers: { "content-type": type } }),
    cancelled,
    send: (more) => sink?.enqueue(Uint8Array.from(more)),
    end: () => sink?.close(),
  };
}
