// The upstream of the canary test: it repeats what it was sent wherever an answer has room for words.

import { chatBody } from "../callers.ts";
import { FORMATS, MESSAGE_START, namedEvent } from "../money-formats.ts";
import { DONE, firstChunk, type SeenRequest } from "../upstream.ts";
import type { AnswerForm } from "./canary-routes.ts";
import { awsEvent, awsFrame } from "./frames.ts";

/** How the upstream answers: well, with an error status, or with an error in a stream that began well. */
export type Mood =
  | "well"
  | "bad request"
  | "unauthorized"
  | "failure"
  | "stream error"
  | "stream error in pieces"
  | "stream error cut off";

const PIECE_BYTES = 11;

/** Enough for no error to be whole. */
const CUT_BYTES = 40;

type Json = Readonly<Record<string, unknown>>;

const GEMINI: Json = {
  candidates: [{ content: { role: "model", parts: [{ text: "pong" }] }, finishReason: "STOP", index: 0 }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1, totalTokenCount: 4 },
  modelVersion: "m",
};
const CONVERSE: Json = {
  output: { message: { role: "assistant", content: [{ text: "pong" }] } },
  stopReason: "end_turn",
  usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 },
  metrics: { latencyMs: 1 },
};
const CONVERSE_BEGIN = Buffer.concat([
  awsEvent("messageStart", { role: "assistant" }),
  awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "pong" } }),
]);
const CONVERSE_END = Buffer.concat([
  awsEvent("messageStop", { stopReason: "end_turn" }),
  awsEvent("metadata", { usage: CONVERSE["usage"], metrics: { latencyMs: 1 } }),
]);

interface Form {
  readonly type: string;
  readonly whole: string | Buffer;
  /** A stream that ends in an error which says these words; absent = no stream. */
  readonly broken?: (words: string) => string | Buffer;
}

const EVENTS = "text/event-stream";
const JSON_TYPE = "application/json";
const FRAMES = "application/vnd.amazon.eventstream";

/** The answers that the money tests know: one of each format of OpenAI's and Anthropic's. */
function known(path: string): { answer: string; events: string } {
  const format = FORMATS.find((candidate) => candidate.path === path);
  if (format === undefined) throw new Error(`no sample answer for ${path}`);
  return { answer: JSON.stringify(format.answer), events: format.events ?? "" };
}

const CHAT = known("/v1/chat/completions");
const RESPONSES = known("/v1/responses");
const MESSAGES = known("/v1/messages");

const MESSAGE_BEGIN =
  MESSAGE_START + namedEvent("content_block_delta", { index: 0, delta: { type: "text_delta", text: "po" } });

const FORMS: Readonly<Record<AnswerForm, Form>> = {
  chat: { type: JSON_TYPE, whole: CHAT.answer },
  "chat stream": {
    type: EVENTS,
    whole: CHAT.events,
    broken: (message) =>
      `${firstChunk("po")}data: ${JSON.stringify({ error: { message, type: "server_error" } })}\n\n${DONE}`,
  },
  completions: { type: JSON_TYPE, whole: known("/v1/completions").answer },
  embeddings: { type: JSON_TYPE, whole: known("/v1/embeddings").answer },
  responses: { type: JSON_TYPE, whole: RESPONSES.answer },
  "responses stream": {
    type: EVENTS,
    whole: RESPONSES.events,
    broken: (message) =>
      namedEvent("response.output_text.delta", {
        item_id: "i",
        output_index: 0,
        content_index: 0,
        delta: "po",
      }) +
      namedEvent("response.failed", {
        response: { id: "r", status: "failed", error: { code: "server_error", message } },
      }),
  },
  messages: { type: JSON_TYPE, whole: MESSAGES.answer },
  "messages stream": {
    type: EVENTS,
    whole: MESSAGES.events,
    broken: (message) => MESSAGE_BEGIN + namedEvent("error", { error: { type: "api_error", message } }),
  },
  gemini: { type: JSON_TYPE, whole: JSON.stringify(GEMINI) },
  "gemini stream": {
    type: EVENTS,
    whole: `data: ${JSON.stringify(GEMINI)}\r\n\r\n`,
    broken: (message) =>
      `data: ${JSON.stringify(GEMINI)}\r\n\r\ndata: ${JSON.stringify(geminiError(message))}\r\n\r\n`,
  },
  "gemini array": {
    type: JSON_TYPE,
    whole: `[${JSON.stringify(GEMINI)}\n]`,
    broken: (message) => `[${JSON.stringify(GEMINI)}\n,\n${JSON.stringify(geminiError(message))}]`,
  },
  converse: { type: JSON_TYPE, whole: JSON.stringify(CONVERSE) },
  "converse stream": {
    type: FRAMES,
    whole: Buffer.concat([CONVERSE_BEGIN, CONVERSE_END]),
    broken: (message) => Buffer.concat([CONVERSE_BEGIN, exception(message)]),
  },
  "invoke stream": {
    type: FRAMES,
    whole: invoked(MESSAGES.events),
    broken: (message) => Buffer.concat([invoked(MESSAGE_BEGIN), exception(message)]),
  },
  count: { type: JSON_TYPE, whole: JSON.stringify({ input_tokens: 3, inputTokens: 3, totalTokens: 3 }) },
  models: {
    type: JSON_TYPE,
    whole: JSON.stringify({
      object: "list",
      data: [{ id: "m", object: "model", type: "model" }],
      models: [{ name: "models/m" }],
    }),
  },
};

function geminiError(message: string): Json {
  return { error: { code: 500, message, status: "INTERNAL" } };
}

function exception(message: string): Buffer {
  const headers = {
    ":exception-type": "internalServerException",
    ":content-type": JSON_TYPE,
    ":message-type": "exception",
  };
  return awsFrame(headers, { message });
}

/** Claude's own events, each in a frame. */
function invoked(events: string): Buffer {
  const payloads = [...events.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) =>
    Buffer.from(json).toString("base64"),
  );
  return Buffer.concat(payloads.map((bytes) => awsEvent("chunk", { bytes })));
}

const STATUS: Readonly<Record<Mood, number>> = {
  well: 200,
  "stream error": 200,
  "stream error in pieces": 200,
  "stream error cut off": 200,
  "bad request": 400,
  unauthorized: 401,
  failure: 500,
};

/** Everything of the request in one line. */
function echoOf({ target, headers, text }: SeenRequest): string {
  return `${target} ${JSON.stringify(headers)} ${Object.values(headers).join(" ")} ${text || JSON.stringify(chatBody())}`;
}

/** The answer to a request whose route has that form. */
export function canaryAnswer(request: SeenRequest, form: AnswerForm, mood: Mood): Response {
  const { type, whole, broken } = FORMS[form];
  const echo = echoOf(request);
  const headers = {
    "x-request-id": echo,
    "request-id": echo,
    "x-amzn-requestid": echo,
    "x-amzn-errortype": "ValidationException",
    "openai-organization": echo,
    "anthropic-organization-id": echo,
    "x-ratelimit-limit-requests": echo,
    "set-cookie": `a=${encodeURIComponent(echo)}`,
    server: echo,
  };
  const status = STATUS[mood];
  if (status !== 200) {
    const error = {
      message: echo,
      type: "invalid_request_error",
      code: null,
      param: null,
      status: "INTERNAL",
    };
    const body = JSON.stringify({ type: "error", error, message: echo });
    return new Response(body, { status, headers: { ...headers, "content-type": JSON_TYPE } });
  }
  const sent = { headers: { ...headers, "content-type": type } };
  if (!mood.startsWith("stream error") || broken === undefined) return new Response(bytesOf(whole), sent);
  const bytes = bytesOf(broken(echo));
  if (mood === "stream error") return new Response(bytes, sent);
  return new Response(
    inPieces(mood === "stream error cut off" ? bytes.subarray(0, -CUT_BYTES) : bytes),
    sent,
  );
}

function bytesOf(content: string | Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(content));
}

/** So small that no credential is in one piece. */
function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(bytes.slice(at, at + PIECE_BYTES));
      at += PIECE_BYTES;
      if (at >= bytes.length) controller.close();
      await Bun.sleep(0);
    },
  });
}
