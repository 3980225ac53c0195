// The bytes of one journal slot: all that is needed to charge a call whose process has died.

import type { Usage } from "../formats/usage.ts";

/** A divisor of the page: no slot lies on two of them. */
export const SLOT_BYTES = 512;

/** The state word, written last. */
export const FREE = 0;
export const HELD = 1;
export const SETTLED = 2;

/** What holds beside the flags of rows, in the same number. */
export const SLOT_BITS = {
  /** The request's last attempt. */
  last: 1 << 16,
  /** Nothing was used: all holds are taken back. */
  released: 1 << 17,
  /** The request was refused: it does not count as one. */
  refused: 1 << 18,
  /** The request leaves no row. */
  silent: 1 << 20,
  /** There is a usage. */
  usage: 1 << 19,
} as const;

/** Counters that fit into a slot; a longer list is a definition. */
export const SLOT_COUNTERS = 62;

/** What is written before a call goes out. */
export interface HeldPart {
  readonly seq: number;
  /** `seq` of the request's first attempt. */
  readonly first: number;
  readonly attempt: number;
  readonly at: number;
  readonly requestId: string;
  /** Numbers of definitions; 0 = none. */
  readonly profile: number;
  readonly price: number;
  readonly heldNanoUsd: bigint;
  readonly heldTokens: number;
  /** Numbers of the durable counters; where they are too many, empty, and `list` is the number of the definition. */
  readonly counters: readonly number[];
  readonly list: number;
}

/** What is written when it came back. */
export interface SettledPart {
  readonly costNanoUsd: bigint;
  readonly tokens: number;
  readonly usage: Usage | undefined;
  readonly status: number;
  /** Bits of rows and {@link SLOT_BITS}. */
  readonly bits: number;
}

export interface Slot extends HeldPart {
  /** Undefined = still held. */
  readonly settled: SettledPart | undefined;
}

// Places: words of 4 bytes (W), of 8 bytes (D), bytes (B).
const W_STATE = 0;
const W_HELD_SUM = 1;
const W_SETTLED_SUM = 2;
const W_ATTEMPT = 3;
const D_SEQ = 2;
const D_FIRST = 3;
const D_AT = 4;
const D_HELD_TOKENS = 5;
const D_HELD_NANO = 6;
const W_PROFILE = 14;
const W_PRICE = 15;
const W_LIST = 16;
const W_COUNTERS = 17;
const W_ID_LENGTH = 18;
const D_COST = 10;
const D_TOKENS = 11;
const W_BITS = 24;
const W_STATUS = 25;
const W_USAGE = 26;
const B_ID = 136;
const MAX_ID = 128;
const W_COUNTER_LIST = 66;

const HELD_WORDS = [3, 20] as const;
const SETTLED_WORDS = [20, 34] as const;
const ID_WORDS = [34, 66] as const;

/** Views over the bytes of all slots. */
export interface SlotViews {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly longs: BigInt64Array;
  readonly bytes: Buffer;
}

/** Views over slots that begin at `offset` of the buffer, a multiple of 8. */
export function viewSlots(buffer: ArrayBuffer, offset: number, length: number): SlotViews {
  return {
    words: new Int32Array(buffer, offset, length / 4),
    doubles: new Float64Array(buffer, offset, length / 8),
    longs: new BigInt64Array(buffer, offset, length / 8),
    bytes: Buffer.from(buffer, offset, length),
  };
}

/** Writes all but the state. */
export function writeHeld({ words, doubles, longs, bytes }: SlotViews, slot: number, part: HeldPart): void {
  const w = slot * (SLOT_BYTES / 4);
  const d = slot * (SLOT_BYTES / 8);
  const { requestId, counters } = part;
  words[w + W_ATTEMPT] = part.attempt;
  doubles[d + D_SEQ] = part.seq;
  doubles[d + D_FIRST] = part.first;
  doubles[d + D_AT] = part.at;
  doubles[d + D_HELD_TOKENS] = part.heldTokens;
  longs[d + D_HELD_NANO] = part.heldNanoUsd;
  words[w + W_PROFILE] = part.profile;
  words[w + W_PRICE] = part.price;
  words[w + W_LIST] = part.list;
  words[w + W_COUNTERS] = counters.length;
  words[w + W_ID_LENGTH] = Math.min(requestId.length, MAX_ID);
  bytes.write(requestId, slot * SLOT_BYTES + B_ID, MAX_ID, "latin1");
  for (let i = 0; i < counters.length; i++) words[w + W_COUNTER_LIST + i] = counters[i] ?? 0;
  words[w + W_HELD_SUM] = heldSum(words, w);
}

/** Writes all but the state. */
export function writeSettled({ words, doubles, longs }: SlotViews, slot: number, part: SettledPart): void {
  const w = slot * (SLOT_BYTES / 4);
  const d = slot * (SLOT_BYTES / 8);
  const { usage } = part;
  longs[d + D_COST] = part.costNanoUsd;
  doubles[d + D_TOKENS] = part.tokens;
  words[w + W_BITS] = usage === undefined ? part.bits : part.bits | SLOT_BITS.usage;
  words[w + W_STATUS] = part.status;
  words[w + W_USAGE] = usage?.inputTokens ?? 0;
  words[w + W_USAGE + 1] = usage?.outputTokens ?? 0;
  words[w + W_USAGE + 2] = usage?.cacheReadTokens ?? 0;
  words[w + W_USAGE + 3] = usage?.cacheWriteTokens ?? 0;
  words[w + W_USAGE + 4] = usage?.cacheWrite1hTokens ?? 0;
  words[w + W_USAGE + 5] = usage?.reasoningTokens ?? 0;
  words[w + W_USAGE + 6] = usage?.audioInputTokens ?? 0;
  words[w + W_USAGE + 7] = usage?.audioOutputTokens ?? 0;
  words[w + W_SETTLED_SUM] = sum(words, w, SETTLED_WORDS, 2);
}

/** The word that makes it count. */
export function writeState({ words }: SlotViews, slot: number, state: number): void {
  Atomics.store(words, slot * (SLOT_BYTES / 4) + W_STATE, state);
}

/** What stands in a slot; undefined = free; a text = it is damaged, and how. */
export function readSlot(views: SlotViews, slot: number): Slot | string | undefined {
  const { words } = views;
  const w = slot * (SLOT_BYTES / 4);
  const state = words[w + W_STATE] ?? FREE;
  if (state === FREE) return undefined;
  if (state !== HELD && state !== SETTLED) return `has the unknown state ${state}`;
  const count = words[w + W_COUNTERS] ?? 0;
  if (count < 0 || count > SLOT_COUNTERS || words[w + W_HELD_SUM] !== heldSum(words, w))
    return "does not match its checksum";
  if (state === SETTLED && words[w + W_SETTLED_SUM] !== sum(words, w, SETTLED_WORDS, 2))
    return "was settled and does not match its checksum";
  return {
    ...readHeld(views, slot, count),
    settled: state === SETTLED ? readSettled(views, slot) : undefined,
  };
}

function readHeld({ words, doubles, longs, bytes }: SlotViews, slot: number, count: number): HeldPart {
  const w = slot * (SLOT_BYTES / 4);
  const d = slot * (SLOT_BYTES / 8);
  const id = slot * SLOT_BYTES + B_ID;
  return {
    seq: doubles[d + D_SEQ] ?? 0,
    first: doubles[d + D_FIRST] ?? 0,
    attempt: words[w + W_ATTEMPT] ?? 0,
    at: doubles[d + D_AT] ?? 0,
    requestId: bytes.toString("latin1", id, id + (words[w + W_ID_LENGTH] ?? 0)),
    profile: words[w + W_PROFILE] ?? 0,
    price: words[w + W_PRICE] ?? 0,
    heldNanoUsd: longs[d + D_HELD_NANO] ?? 0n,
    heldTokens: doubles[d + D_HELD_TOKENS] ?? 0,
    counters: [...words.subarray(w + W_COUNTER_LIST, w + W_COUNTER_LIST + count)],
    list: words[w + W_LIST] ?? 0,
  };
}

function readSettled({ words, doubles, longs }: SlotViews, slot: number): SettledPart {
  const w = slot * (SLOT_BYTES / 4);
  const d = slot * (SLOT_BYTES / 8);
  const bits = words[w + W_BITS] ?? 0;
  const [input, output, cacheRead, cacheWrite, cacheWrite1h, reasoning, audioIn, audioOut] = words.subarray(
    w + W_USAGE,
    w + W_USAGE + 8,
  );
  const usage = {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    cacheReadTokens: cacheRead ?? 0,
    cacheWriteTokens: cacheWrite ?? 0,
    cacheWrite1hTokens: cacheWrite1h ?? 0,
    reasoningTokens: reasoning ?? 0,
    audioInputTokens: audioIn ?? 0,
    audioOutputTokens: audioOut ?? 0,
  };
  return {
    costNanoUsd: longs[d + D_COST] ?? 0n,
    tokens: doubles[d + D_TOKENS] ?? 0,
    usage: (bits & SLOT_BITS.usage) === 0 ? undefined : usage,
    status: words[w + W_STATUS] ?? 0,
    bits: bits & ~SLOT_BITS.usage,
  };
}

function heldSum(words: Int32Array, w: number): number {
  const idWords = Math.ceil((words[w + W_ID_LENGTH] ?? 0) / 4);
  const start = sum(words, w, HELD_WORDS, 1);
  const withId = sum(words, w, [ID_WORDS[0], Math.min(ID_WORDS[0] + idWords, ID_WORDS[1])], start);
  return sum(words, w, [W_COUNTER_LIST, W_COUNTER_LIST + (words[w + W_COUNTERS] ?? 0)], withId);
}

/** Finds bytes that were cut off or overwritten; the seed keeps zeros from being right. */
function sum(words: Int32Array, w: number, [from, to]: readonly [number, number], seed: number): number {
  let hash = seed + 0x9e3779b9;
  for (let i = w + from; i < w + to; i++) hash = Math.imul(hash ^ (words[i] ?? 0), 0x01000193) + i - w;
  return hash | 0;
}
