// What a mock provider is told: the compiled form of the provider's `mock` section in the file.

import type { EndpointName } from "../formats/table.ts";

export interface MockSettings {
  /** Text of every answer; `{{last_user_message}}` and `{{model}}` are filled in. */
  readonly reply?: string | undefined;
  /** Time before the first byte of any answer. */
  readonly latencyMs?: number | undefined;
  /** Pace of streams; 0 = everything at once. */
  readonly tokensPerSecond?: number | undefined;
  /** Reported instead of a quarter of the bytes. */
  readonly usage?: { readonly promptTokens: number; readonly completionTokens: number } | undefined;
  /** Every n-th request answers this status; `every: 0` = none. */
  readonly fail?: { readonly status: number; readonly every: number } | undefined;
  /** Answers to particular requests, first match first. */
  readonly script?: readonly ScriptEntry[] | undefined;
  /** Ids that the models endpoint lists; the first is assumed where a request names none. */
  readonly models?: readonly string[] | undefined;
}

/** A condition and what is answered under it: an error, else a tool call, else a text. */
export interface ScriptEntry {
  /** All that is given must hold; empty matches every request. */
  readonly when?: ScriptCondition | undefined;
  /** A text, with the same templates as the provider's `reply`; with `status`, the error's message. */
  readonly reply?: string | undefined;
  readonly toolCall?: ScriptToolCall | undefined;
  /** An error status, 400 to 599. */
  readonly status?: number | undefined;
  /** Silence before the answer; Infinity = until the caller gives up. */
  readonly stallMs?: number | undefined;
  /** How often the entry is used before it is passed over; undefined = always. */
  readonly times?: number | undefined;
}

interface ScriptCondition {
  /** Stands in what is newest in the conversation: the user's last words, or the tool results after them. */
  readonly contains?: string | undefined;
  readonly model?: string | undefined;
  /** Undefined = every endpoint that answers a prompt, so neither `models` nor `count_tokens`. */
  readonly endpoint?: EndpointName | undefined;
}

interface ScriptToolCall {
  readonly name: string;
  /** A map, or a text that is sent as it is. */
  readonly arguments: string | Readonly<Record<string, unknown>>;
}

/** What the mock gets from outside, so that every run of a test is the same. */
export interface MockDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A fresh identifier; the mock puts the format's own prefix before it. */
  readonly newId: () => string;
  /** Resolves after so many milliseconds, rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}
