// A well-behaved upstream of the tests' own: records every request exactly and answers as told.

import { within } from "./deadline.ts";

export interface SeenRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly path: string;
  /** With the question mark; empty when there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly text: string;
  json(): Record<string, unknown>;
  /** Resolves when the gateway gives this request up. */
  readonly gone: Promise<void>;
}

export type Answer = (request: SeenRequest) => Response | Promise<Response>;

export interface FakeUpstream {
  /** `http://127.0.0.1:PORT`, without `/v1`. */
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** Answers from now on like this. */
  answer(answer: Answer): void;
  /** The request with this number (0 = first), as soon as it has come. */
  request(index: number): Promise<SeenRequest>;
  /** Forgets the requests seen and answers again as at the start. */
  reset(): void;
  stop(): Promise<void>;
}

export const CHAT_REPLY = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "m",
  choices: [
    { index: 0, message: { role: "assistant", content: "pong", refusal: null }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
};

async function record(request: Request): Promise<SeenRequest> {
  const url = new URL(request.url);
  const body = new Uint8Array(await request.arrayBuffer());
  const text = new TextDecoder().decode(body);
  const target = request.url.slice(url.origin.length);
  const gone = new Promise<void>((resolve) => {
    if (request.signal.aborted) resolve();
    request.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return {
    method: request.method,
    target,
    path: url.pathname,
    query: url.search,
    headers: Object.fromEntries(request.headers),
    body,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
    gone,
  };
}

/** Starts one on a free port of the loopback; TLS when a certificate is given. */
export function fakeUpstream(
  first: Answer = () => Response.json(CHAT_REPLY),
  tls?: { readonly cert: string; readonly key: string },
): FakeUpstream {
  const requests: SeenRequest[] = [];
  let waiting: (() => void)[] = [];
  let current = first;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    ...(tls === undefined ? {} : { tls }),
    async fetch(request) {
      const seen = await record(request);
      requests.push(seen);
      for (const wake of waiting.splice(0)) wake();
      return current(seen);
    },
  });
  const arrival = async (index: number): Promise<SeenRequest> => {
    for (;;) {
      const seen = requests[index];
      if (seen !== undefined) return seen;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    requests,
    answer(next) {
      current = next;
    },
    request: (index) => within(`upstream request ${index}`, arrival(index)),
    reset() {
      requests.length = 0;
      waiting = [];
      current = first;
    },
    stop: () => server.stop(true),
  };
}

/** A server-sent event stream that the test sends by hand, piece by piece. */
export interface PacedStream {
  readonly response: Response;
  send(text: string): void;
  end(): void;
  /** Resolves when the reader gives it up. */
  readonly cancelled: Promise<void>;
}

export function pacedStream(headers: Readonly<Record<string, string>> = {}): PacedStream {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      sink = controller;
    },
    cancel: () => resolve(),
  });
  return {
    response: new Response(body, { headers: { "content-type": "text/event-stream", ...headers } }),
    send: (text) => sink?.enqueue(new TextEncoder().encode(text)),
    end: () => sink?.close(),
    cancelled,
  };
}

/** A whole event stream as one answer. */
export function eventStream(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

/** The chunk that a chat stream begins with, as an event: only this one names the role. */
export function firstChunk(content: string, more: Readonly<Record<string, unknown>> = {}): string {
  const choice = { index: 0, delta: { role: "assistant", content }, finish_reason: null };
  return `data: ${JSON.stringify({ ...CHUNK_HEAD, choices: [choice], ...more })}\n\n`;
}

/** One well-formed chat chunk behind the first, as an event. */
export function chatChunk(content: string, more: Readonly<Record<string, unknown>> = {}): string {
  const choice = { index: 0, delta: { content }, finish_reason: null };
  return `data: ${JSON.stringify({ ...CHUNK_HEAD, choices: [choice], ...more })}\n\n`;
}

/** The chunk that ends a choice. */
export function lastChunk(more: Readonly<Record<string, unknown>> = {}): string {
  const choice = { index: 0, delta: {}, finish_reason: "stop" };
  return `data: ${JSON.stringify({ ...CHUNK_HEAD, choices: [choice], ...more })}\n\n`;
}

/** The extra chunk that `stream_options.include_usage` asks for. */
export const USAGE_CHUNK = `data: ${JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "m",
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})}\n\n`;

/** One well-formed chunk of a completions stream, as an event; the last one has a reason. */
export function textChunk(
  text: string,
  finish: string | null = null,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const choice = { text, index: 0, logprobs: null, finish_reason: finish };
  return `data: ${JSON.stringify({ ...CHUNK_HEAD, object: "text_completion", choices: [choice], ...more })}\n\n`;
}

export const DONE = "data: [DONE]\n\n";

const CHUNK_HEAD = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "m",
};
