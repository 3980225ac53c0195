// What the soak test's calls ask of the upstream, and what their caller must get for it: both sides read this table.

import { chatChunk, DONE, firstChunk, lastChunk } from "./upstream.ts";

/** Written into the request by the caller, read from it by the upstream. */
export interface Plan {
  readonly kind: string;
  /** All sizes and pauses follow from it. */
  readonly seed: number;
}

/** One step of the upstream's answer: a pause, bytes, or how the connection goes on. */
export type Step = { readonly waitMs: number } | { readonly bytes: string | Uint8Array } | "reset" | "stall";

/** What the caller must get. */
export interface Expected {
  readonly status: number;
  /** Of the body, without keep-alive comments. */
  readonly body: (text: string) => boolean;
  /** A fault that may also show before the head: then the answer is this status. */
  readonly orStatus?: number;
}

interface Script {
  readonly steps: readonly Step[];
  readonly expected: Expected;
}

interface Kind {
  /** Out of all. */
  readonly weight: number;
  readonly stream: boolean;
  readonly endpoint: "chat/completions" | "embeddings";
  /** Provider that the call is sent to. */
  readonly provider: "up" | "impatient" | "crowded";
  /** Bytes that the prompt is padded to. */
  readonly promptBytes: (random: Random) => number;
  readonly script: (random: Random) => Script;
}

/** A whole number from `from` to `to`. */
export type Random = (from: number, to: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (from, to) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return from + (((mixed ^ (mixed >>> 14)) >>> 0) % (to - from + 1));
  };
}

function reply(status: string, body: string, type = "application/json"): Step {
  return {
    bytes: `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  };
}

function chunk(text: string): Step {
  return { bytes: `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n` };
}

const STREAM_HEAD: Step = {
  bytes: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
};
const STREAM_END: Step = { bytes: "0\r\n\r\n" };
const ERROR_EVENT = /data: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/;

function chatReply(content: string): string {
  return JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "m",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  });
}

/** An answer of so many bytes after so long. */
function plain(waitMs: number, bytes: number): Script {
  const body = chatReply("x".repeat(bytes));
  return {
    steps: [{ waitMs }, reply("200 OK", body)],
    expected: { status: 200, body: (text) => text === body },
  };
}

/** A stream of so many events, the pauses between them given one by one. */
function streamed(events: number, size: number, firstMs: number, pause: () => number): Script {
  const steps: Step[] = [{ waitMs: firstMs }, STREAM_HEAD];
  let text = "";
  for (let at = 0; at < events; at++) {
    const event = at === 0 ? firstChunk("a") : chatChunk("b".repeat(size));
    text += event;
    steps.push(chunk(event));
    const waitMs = pause();
    if (waitMs > 0) steps.push({ waitMs });
  }
  text += lastChunk() + DONE;
  steps.push(chunk(lastChunk() + DONE), STREAM_END);
  return { steps, expected: { status: 200, body: (got) => got === text } };
}

function failing(status: string): Script {
  const body = JSON.stringify({
    error: { message: `planned ${status}`, type: "x", param: null, code: null },
  });
  return {
    steps: [reply(status, body)],
    expected: { status: Number.parseInt(status, 10), body: (text) => text === body },
  };
}

/** Breaks, before the head is out, in a way that the caller must see as this code. */
function broken(status: number, code: string, ...steps: Step[]): Script {
  return { steps, expected: { status, body: (text) => text.includes(`"${code}"`) } };
}

/** Some events arrive, then this happens: the caller must see them, and an error at the end. */
function cutStream(random: Random, last: Step): Script {
  const first = firstChunk("begun");
  return {
    steps: [STREAM_HEAD, chunk(first), { waitMs: random(150, 600) }, last],
    expected: {
      status: 200,
      orStatus: 502,
      body: (text) => text.startsWith(first) && ERROR_EVENT.test(text),
    },
  };
}

function vectors(random: Random): Script {
  const data = Array.from({ length: random(1, 24) }, (_, index) => ({
    object: "embedding",
    index,
    embedding: Array.from({ length: 256 }, (_unused, at) => (at + index) / 1024),
  }));
  const body = JSON.stringify({
    object: "list",
    data,
    model: "m",
    usage: { prompt_tokens: 9, total_tokens: 9 },
  });
  return {
    steps: [{ waitMs: random(0, 60) }, reply("200 OK", body)],
    expected: {
      status: 200,
      body: (text) => JSON.stringify((JSON.parse(text) as { data: unknown }).data) === JSON.stringify(data),
    },
  };
}

const HTML = "<html><body><h1>Internal Server Error</h1></body></html>";
const TRUNCATED = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{"id":';

const CHAT = { endpoint: "chat/completions", provider: "up", promptBytes: () => 0 } as const;

/** Every kind of call, by name. */
export const KINDS: Readonly<Record<string, Kind>> = {
  "plain, small": { ...CHAT, weight: 26, stream: false, script: (r) => plain(r(0, 40), r(10, 2_000)) },
  "plain, large": {
    ...CHAT,
    weight: 6,
    stream: false,
    promptBytes: (r) => r(10_000, 120_000),
    script: (r) => plain(r(0, 100), r(16_000, 300_000)),
  },
  "plain, slow": { ...CHAT, weight: 7, stream: false, script: (r) => plain(r(500, 4_000), 500) },
  "plain, queued": {
    ...CHAT,
    weight: 8,
    stream: false,
    provider: "crowded",
    script: (r) => plain(r(10, 150), 300),
  },
  "stream, fast": {
    ...CHAT,
    weight: 10,
    stream: true,
    script: (r) => streamed(r(3, 80), 20, r(0, 30), () => 0),
  },
  "stream, paced": {
    ...CHAT,
    weight: 14,
    stream: true,
    script: (r) => streamed(r(5, 50), 12, r(0, 300), () => r(5, 70)),
  },
  "stream, long thought": {
    ...CHAT,
    weight: 3,
    stream: true,
    script: (r) => streamed(r(3, 8), 12, r(2_500, 5_000), () => r(5, 2_600)),
  },
  "stream, heavy": {
    ...CHAT,
    weight: 2,
    stream: true,
    script: (r) => streamed(60, 20_000, 0, () => r(0, 4)),
  },
  embeddings: {
    ...CHAT,
    weight: 8,
    stream: false,
    endpoint: "embeddings",
    promptBytes: (r) => r(0, 5_000),
    script: vectors,
  },
  "error 400": { ...CHAT, weight: 2, stream: false, script: () => failing("400 Bad Request") },
  "error 429": { ...CHAT, weight: 2, stream: true, script: () => failing("429 Too Many Requests") },
  "error 503": { ...CHAT, weight: 2, stream: false, script: () => failing("503 Service Unavailable") },
  "error 500, HTML": {
    ...CHAT,
    weight: 2,
    stream: false,
    script: () => ({
      steps: [reply("500 Internal Server Error", HTML, "text/html")],
      expected: { status: 500, body: (text) => text.includes('"error":{') },
    }),
  },
  "fault, reset": {
    ...CHAT,
    weight: 2,
    stream: false,
    script: (r) => broken(502, "upstream_unreachable", { waitMs: r(0, 100) }, "reset"),
  },
  "fault, garbage": {
    ...CHAT,
    weight: 1,
    stream: false,
    script: () => broken(502, "upstream_unreachable", { bytes: "SSH-2.0-OpenSSH_9.2\r\n\r\n" }),
  },
  "fault, truncated": {
    ...CHAT,
    weight: 1,
    stream: false,
    script: (r) => broken(502, "upstream_unreachable", { bytes: TRUNCATED }, { waitMs: r(0, 100) }, "reset"),
  },
  "fault, stall": {
    ...CHAT,
    weight: 1,
    stream: false,
    provider: "impatient",
    script: () => broken(504, "upstream_timeout", "stall"),
  },
  "fault, stalled stream": {
    ...CHAT,
    weight: 1,
    stream: true,
    provider: "impatient",
    script: (r) => cutStream(r, "stall"),
  },
  "fault, cut stream": { ...CHAT, weight: 2, stream: true, script: (r) => cutStream(r, "reset") },
};

/** The kind's row, and its script for this seed. @throws for a plan that is none */
export function readPlan({ kind, seed }: Plan): Kind & { readonly script: (random: Random) => Script } {
  const row = KINDS[kind];
  if (row === undefined || !Number.isInteger(seed)) throw new Error(`no plan: ${kind} ${seed}`);
  return row;
}

/** The upstream's steps and the caller's expectation. */
export function scriptOf(plan: Plan): Script {
  return readPlan(plan).script(seededRandom(plan.seed));
}

const MARK = /PLAN<([^>]*)>(\d+)</;

/** The body of the request that carries the plan. */
export function requestBody(plan: Plan): string {
  const { provider, endpoint, stream, promptBytes } = readPlan(plan);
  const text = `PLAN<${plan.kind}>${plan.seed}<`.padEnd(promptBytes(seededRandom(plan.seed)), " lorem");
  const model = `${provider}/m`;
  if (endpoint === "embeddings") return JSON.stringify({ model, input: text, encoding_format: "float" });
  const streaming = stream ? { stream, stream_options: { include_usage: true } } : {};
  return JSON.stringify({ model, messages: [{ role: "user", content: text }], ...streaming });
}

/** The plan in a request's body; undefined when there is none. */
export function planIn(body: string): Plan | undefined {
  const [, kind, seed] = MARK.exec(body) ?? [];
  return kind === undefined ? undefined : { kind, seed: Number(seed) };
}
