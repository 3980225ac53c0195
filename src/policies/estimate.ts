// What a call may cost at most, told from its request alone: what a reservation holds until the usage is known.

import type { Call, Price } from "../exchange.ts";
import type { NativeAction } from "../formats/native-action.ts";
import { readOutputLimit } from "../formats/native-output-limit.ts";
import type { Endpoint, EndpointName } from "../formats/table.ts";
import { MAX_TOKENS } from "../formats/usage.ts";
import { asBuffer } from "../lib/as-buffer.ts";
import type { Member, TopLevel } from "../lib/json-scan.ts";
import { divideHalfUp } from "../lib/money.ts";
import { ratesOf } from "./cost.ts";

/** Tokens. */
export interface Estimate {
  readonly inputTokens: number;
  /** The most that the answer may have, or as much of it as is held. */
  readonly outputTokens: number;
}

/** Few tokenizers make less of JSON: its own quotes and names, which are hardly tokens, make the estimate err high. */
const BYTES_PER_TOKEN = 3;

/** Held for an answer when neither the request nor the price says how long it can be. */
const UNKNOWN_OUTPUT = 4096;

/** What one image comes to at most after the usual scaling down: 1568 × 1568 pixels / 750 are counted as 1,600. */
const MEDIA_TOKENS = 1600;

/** Smaller bodies hold no media that would matter. */
const MEDIA_BODY_BYTES = 8 * 1024;

/** Shorter runs of base64 are counted like any text. */
const MEDIA_BYTES = 1024;

/** Where requests limit their answers. Another endpoint's member is ignored upstream, so it would limit nothing. */
const LIMITS: Partial<Record<EndpointName, readonly string[]>> = {
  chat: ["max_tokens", "max_completion_tokens"],
  completions: ["max_tokens"],
  responses: ["max_output_tokens"],
  messages: ["max_tokens"],
};

/** Where they ask for several answers. */
const COUNTS: Partial<Record<EndpointName, readonly string[]>> = {
  chat: ["n"],
  completions: ["n", "best_of"],
};

/**
 * @param maxOutput what the model can produce at most; undefined = not known
 * @param reserveOutput at most so much of an answer is held
 */
export function estimateCall(
  { endpoint, body, members }: Call,
  maxOutput: number | undefined,
  reserveOutput: "full" | number,
): Estimate {
  if (body === undefined) return { inputTokens: 0, outputTokens: 0 };
  const bytes = asBuffer(body);
  const inputTokens = estimateInput(bytes);
  const output = limitOf(endpoint, bytes, members);
  if (output === undefined) return { inputTokens, outputTokens: 0 };
  const { asked, answers } = output;
  const limit = asked === undefined && maxOutput === undefined ? UNKNOWN_OUTPUT : least(asked, maxOutput);
  const held = reserveOutput === "full" ? limit : Math.min(limit, reserveOutput);
  return { inputTokens, outputTokens: Math.min(answers * held, MAX_TOKENS) };
}

/** What the request says of its answers; undefined = they have no text. */
function limitOf(
  endpoint: Endpoint,
  body: Buffer,
  top: TopLevel,
): { readonly asked: number | undefined; readonly answers: number } | undefined {
  if (endpoint.native !== undefined) {
    if (!endpoint.paid || TEXTLESS.has(endpoint.native)) return undefined;
    const { maxTokens, n } = readOutputLimit(endpoint.native, body.toString("latin1"), top);
    return { asked: maxTokens, answers: n };
  }
  const limits = LIMITS[endpoint.name];
  if (limits === undefined) return undefined;
  const counts = COUNTS[endpoint.name];
  const answers = counts === undefined ? 1 : Math.max(1, largest(body, top.members, counts) ?? 1);
  return { asked: largest(body, top.members, limits), answers };
}

/** Native calls whose answers are vectors. */
const TEXTLESS: ReadonlySet<NativeAction> = new Set(["embed_content", "batch_embed_contents"]);

/** What is held for a call, in nano-dollars. */
export function estimateCost({ inputTokens, outputTokens }: Estimate, price: Price): bigint {
  const { input, output } = ratesOf(inputTokens, price);
  return (
    divideHalfUp(BigInt(inputTokens) * input + BigInt(outputTokens) * output, 1_000_000n) + price.request
  );
}

function least(...limits: readonly (number | undefined)[]): number {
  return Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
}

/** Of all members of these names, repeated ones included: upstreams do not agree on which of them counts. */
function largest(body: Buffer, members: readonly Member[], names: readonly string[]): number | undefined {
  let found: number | undefined;
  for (const { key, start, end } of members) {
    if (!names.includes(key)) continue;
    const number = numberAt(body, start, end);
    if (number !== undefined) found = Math.max(found ?? 0, number);
  }
  return found;
}

/** Undefined = not a number, or a negative one, which some servers read as no limit. */
function numberAt(body: Buffer, start: number, end: number): number | undefined {
  const first = body[start] ?? 0;
  if (first < 0x30 || first > 0x39) return undefined;
  return Math.min(Math.ceil(Number(body.toString("latin1", start, end))), MAX_TOKENS);
}

function estimateInput(body: Buffer): number {
  if (body.length < MEDIA_BODY_BYTES) return Math.ceil(body.length / BYTES_PER_TOKEN);
  const media = findMedia(body);
  return Math.ceil((body.length - media.bytes) / BYTES_PER_TOKEN) + media.count * MEDIA_TOKENS;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

/** Begins a `data:` URL that is a whole string, and the member that Anthropic and OpenAI keep base64 in. */
const DATA = Buffer.from('"data');

/** Images, audio and documents in base64: how many, and how many bytes of the body they take. */
function findMedia(body: Buffer): { readonly count: number; readonly bytes: number } {
  let count = 0;
  let bytes = 0;
  for (let at = body.indexOf(DATA); at >= 0; ) {
    const start = mediaStart(body, at);
    const end = start < 0 ? -1 : body.indexOf(QUOTE, start);
    if (end - start >= MEDIA_BYTES && isBase64(body, start, end)) {
      count++;
      bytes += end - start;
    }
    at = body.indexOf(DATA, Math.max(at + DATA.length, end));
  }
  return { count, bytes };
}

/** Where base64 may begin; -1 = something else. A quote that is escaped is text of the prompt. */
function mediaStart(body: Buffer, quote: number): number {
  if (body[quote - 1] === BACKSLASH) return -1;
  let at = quote + DATA.length;
  if (body[at] === COLON) {
    const comma = body.indexOf(0x2c, at);
    return comma < 0 || comma - at > 100 ? -1 : comma + 1;
  }
  if (body[at] !== QUOTE) return -1;
  at++;
  while (body[at] === SPACE) at++;
  if (body[at] !== COLON) return -1;
  at++;
  while (body[at] === SPACE) at++;
  return body[at] === QUOTE ? at + 1 : -1;
}

/** Told from its ends, and from having no space in between, which prose has in any stretch of that length. */
function isBase64(body: Buffer, start: number, end: number): boolean {
  const ends = body.toString("latin1", start, start + 256) + body.toString("latin1", end - 256, end);
  return /^[A-Za-z0-9+/_=-]*$/.test(ends) && !body.subarray(start, end).includes(SPACE);
}
