// What travels in the benchmarks: requests of a given size, the one canned answer, and the chunks of a paced stream.

/** The name that clients ask for; Postern replaces it by {@link UPSTREAM_MODEL}, nginx passes it on. */
export const PUBLIC_MODEL = "fast";
export const UPSTREAM_MODEL = "bench/model-1";
export const CHAT_PATH = "/v1/chat/completions";

const ANSWER_BYTES = 1024;
const CRLF = "\r\n";

/** Text as prompts have it: short lines, now and then a quote, so that the JSON holds escapes. */
const PROSE =
  'The quick brown fox jumps over the lazy dog while "nobody" looks, and the clerk writes it all down.\n';

function filler(bytes: number): string {
  const escaped = JSON.stringify(PROSE).slice(1, -1);
  const text = escaped.repeat(Math.ceil(bytes / escaped.length)).slice(0, bytes);
  // Not in the middle of an escape.
  return text.endsWith("\\") ? `${text.slice(0, -1)}.` : text;
}

function padded(before: string, after: string, bytes: number): string {
  const room = bytes - before.length - after.length;
  if (room < 0) throw new RangeError(`a body of ${bytes} bytes is too small`);
  return before + filler(room) + after;
}

/** A whole HTTP request for a chat completion whose body has exactly so many bytes. */
export function chatRequest(key: string, bodyBytes: number): Buffer {
  const before = `{"model":"${PUBLIC_MODEL}","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"`;
  return post(key, padded(before, '"}],"temperature":0.7,"max_tokens":256}', bodyBytes));
}

/** A whole HTTP request for the stream with this number; see {@link streamChunk}. */
export function streamRequest(key: string, stream: number, chunks: number): Buffer {
  const before = `{"model":"${PUBLIC_MODEL}","stream":true,"user":"${streamName(stream)}","max_tokens":${chunks},"messages":[{"role":"user","content":"`;
  return post(key, padded(before, '"}]}', 1024));
}

function post(key: string, body: string): Buffer {
  const head = [
    `POST ${CHAT_PATH} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    "Accept: application/json",
    "User-Agent: bench/1.0",
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${head.join(CRLF)}${CRLF}${CRLF}${body}`, "latin1");
}

/** The body of every whole answer: 1 KB, usage at its end. */
export const ANSWER_BODY = Buffer.from(
  padded(
    `{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"${UPSTREAM_MODEL}","choices":[{"index":0,"message":{"role":"assistant","content":"`,
    '"},"finish_reason":"stop"}],"usage":{"prompt_tokens":211,"completion_tokens":120,"total_tokens":331}}',
    ANSWER_BYTES,
  ),
  "latin1",
);

/** The whole answer as the upstream sends it. */
export const ANSWER = Buffer.concat([
  Buffer.from(
    `HTTP/1.1 200 OK${CRLF}Content-Type: application/json${CRLF}x-request-id: req_bench${CRLF}Content-Length: ${ANSWER_BYTES}${CRLF}${CRLF}`,
  ),
  ANSWER_BODY,
]);

/** `bench-000042`. */
export function streamName(stream: number): string {
  return `bench-${String(stream).padStart(6, "0")}`;
}

export const STREAM_HEAD = `HTTP/1.1 200 OK${CRLF}Content-Type: text/event-stream; charset=utf-8${CRLF}Cache-Control: no-cache${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}`;

/** The parts of a content event between which its number and its time of sending stand. */
export interface EventFrame {
  readonly before: string;
  readonly after: string;
}

/** Digits of a time in microseconds since the epoch. */
export const TIME_DIGITS = 16;
export const NUMBER_DIGITS = 6;

export function eventFrame(name: string): EventFrame {
  return {
    before: `data: {"id":"chatcmpl-${name}","object":"chat.completion.chunk","created":1790000000,"model":"${UPSTREAM_MODEL}","choices":[{"index":0,"delta":{"content":"`,
    after: ' the clerk writes it all down."},"logprobs":null,"finish_reason":null}]}\n\n',
  };
}

/** One content event: its frame around `000007 1790000000000000`. */
export function contentEvent(frame: EventFrame, number: number, timeMicros: number): string {
  return `${frame.before}${String(number).padStart(NUMBER_DIGITS, "0")} ${timeMicros}${frame.after}`;
}

/** The event in front of the content: who speaks. */
export function firstEvent(name: string): string {
  return `data: {"id":"chatcmpl-${name}","object":"chat.completion.chunk","created":1790000000,"model":"${UPSTREAM_MODEL}","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n`;
}

/** The events behind the content: the finish, usage where it was asked for, and the end mark. */
export function lastEvents(name: string, withUsage: boolean): string[] {
  const common = `"id":"chatcmpl-${name}","object":"chat.completion.chunk","created":1790000000,"model":"${UPSTREAM_MODEL}"`;
  const finish = `data: {${common},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n`;
  const usage = `data: {${common},"choices":[],"usage":{"prompt_tokens":211,"completion_tokens":120,"total_tokens":331}}\n\n`;
  return [finish, ...(withUsage ? [usage] : []), "data: [DONE]\n\n"];
}

/** Wraps ASCII text as one chunk of a chunked body. */
export function httpChunk(text: string): string {
  return `${text.length.toString(16)}${CRLF}${text}${CRLF}`;
}

export const LAST_HTTP_CHUNK = `0${CRLF}${CRLF}`;

/** Microseconds since the epoch. Two processes may disagree by a constant, the same for every contender. */
export function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
