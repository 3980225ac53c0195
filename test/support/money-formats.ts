// One answer of each format, whole and as a stream, with its usage, and what it costs by the prices beside it.

import { CHAT_REPLY, chatChunk, DONE, firstChunk, lastChunk, textChunk } from "./upstream.ts";

/** USD per million tokens; in nano-dollars per token 150, 600, 75, 187.5 and 300. */
export const PRICE = {
  input: 0.15,
  output: 0.6,
  cache_read: 0.075,
  cache_write: 0.1875,
  cache_write_1h: 0.3,
};

export interface Priced {
  readonly name: string;
  readonly path: string;
  /** The request without model and stream. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>>;
  /** The same answer as events; undefined = it has no streams. */
  readonly events?: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly nano: number;
}

const MESSAGES = [{ role: "user", content: "ping" }];

const CHAT_USAGE = {
  prompt_tokens: 1_000,
  completion_tokens: 301,
  total_tokens: 1_301,
  prompt_tokens_details: { cached_tokens: 400 },
  completion_tokens_details: { reasoning_tokens: 100 },
};

/** The last chunk of a stream, which has no choices. */
export function usageChunk(usage: unknown, object = "chat.completion.chunk"): string {
  const chunk = { id: "chatcmpl-1", object, created: 1_700_000_000, model: "m", choices: [], usage };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export const CHAT_CONTENT = firstChunk("a") + chatChunk("b") + lastChunk();

const CHAT: Priced = {
  name: "chat: cached tokens are part of the prompt, reasoning part of the completion",
  path: "/v1/chat/completions",
  body: { messages: MESSAGES },
  answer: { ...CHAT_REPLY, usage: CHAT_USAGE },
  events: CHAT_CONTENT + usageChunk(CHAT_USAGE) + DONE,
  usage: {
    input_tokens: 1_000,
    output_tokens: 301,
    cache_read_tokens: 400,
    cache_write_tokens: 0,
    reasoning_tokens: 100,
  },
  // 600 × 150 + 400 × 75 + 301 × 600
  nano: 300_600,
};

const TEXT_USAGE = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 };

const COMPLETIONS: Priced = {
  name: "completions",
  path: "/v1/completions",
  body: { prompt: "ping" },
  answer: {
    id: "cmpl-1",
    object: "text_completion",
    created: 1_700_000_000,
    model: "m",
    choices: [{ text: "pong", index: 0, logprobs: null, finish_reason: "stop" }],
    usage: TEXT_USAGE,
  },
  events: textChunk("a") + textChunk("b", "stop") + usageChunk(TEXT_USAGE, "text_completion") + DONE,
  usage: { input_tokens: 7, output_tokens: 9, cache_read_tokens: 0, cache_write_tokens: 0 },
  // 7 × 150 + 9 × 600
  nano: 6_450,
};

const EMBEDDINGS: Priced = {
  name: "embeddings: input only",
  path: "/v1/embeddings",
  body: { input: "ping" },
  answer: {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }],
    model: "m",
    usage: { prompt_tokens: 11, total_tokens: 11 },
  },
  usage: { input_tokens: 11, output_tokens: 0 },
  // 11 × 150
  nano: 1_650,
};

const RESPONSE = {
  id: "resp_1",
  object: "response",
  created_at: 1_700_000_000,
  status: "completed",
  model: "m",
  output: [
    {
      id: "msg_1",
      type: "message",
      status: "completed",
      role: "assistant",
      content: [{ type: "output_text", text: "pong", annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 200,
    input_tokens_details: { cached_tokens: 50 },
    output_tokens: 30,
    output_tokens_details: { reasoning_tokens: 12 },
    total_tokens: 230,
  },
};

/** An event with a name of its own, as Responses and Messages have them. */
export function namedEvent(type: string, more: Readonly<Record<string, unknown>>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
}

const RESPONSES: Priced = {
  name: "responses",
  path: "/v1/responses",
  body: { input: "ping" },
  answer: RESPONSE,
  events: [
    namedEvent("response.created", {
      sequence_number: 0,
      response: { ...RESPONSE, status: "in_progress", output: [], usage: null },
    }),
    namedEvent("response.output_text.delta", {
      sequence_number: 1,
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      delta: "pong",
    }),
    namedEvent("response.completed", { sequence_number: 2, response: RESPONSE }),
  ].join(""),
  usage: {
    input_tokens: 200,
    output_tokens: 30,
    cache_read_tokens: 50,
    cache_write_tokens: 0,
    reasoning_tokens: 12,
  },
  // 150 × 150 + 50 × 75 + 30 × 600
  nano: 44_250,
};

const MESSAGE_USAGE = {
  input_tokens: 100,
  cache_creation_input_tokens: 51,
  cache_read_input_tokens: 200,
  cache_creation: { ephemeral_5m_input_tokens: 31, ephemeral_1h_input_tokens: 20 },
};

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "pong" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { ...MESSAGE_USAGE, output_tokens: 40 },
};

export const MESSAGE_START = namedEvent("message_start", {
  message: { ...MESSAGE, content: [], stop_reason: null, usage: { ...MESSAGE_USAGE, output_tokens: 1 } },
});

const MESSAGES_FORMAT: Priced = {
  name: "messages: cache reads and writes of both kinds come on top of the input",
  path: "/v1/messages",
  body: { messages: MESSAGES, max_tokens: 50 },
  answer: MESSAGE,
  events: [
    MESSAGE_START,
    namedEvent("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    namedEvent("content_block_delta", { index: 0, delta: { type: "text_delta", text: "pong" } }),
    namedEvent("content_block_stop", { index: 0 }),
    namedEvent("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { input_tokens: null, output_tokens: 40 },
    }),
    namedEvent("message_stop", {}),
  ].join(""),
  usage: { input_tokens: 351, output_tokens: 40, cache_read_tokens: 200, cache_write_tokens: 51 },
  // 100 × 150 + 200 × 75 + 31 × 187.5 + 20 × 300 + 40 × 600 = 65,812.5, half up
  nano: 65_813,
};

export const FORMATS: readonly Priced[] = [CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, MESSAGES_FORMAT];
