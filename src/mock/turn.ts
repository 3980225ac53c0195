// One request under way in a mock, and what every endpoint needs to answer it: defaults, usage, waits.

import type { EndpointName } from "../formats/table.ts";
import type { Ask } from "./ask.ts";
import { waitFor } from "./pacing.ts";
import { Refusal } from "./refusal.ts";
import { type Step, takeStep } from "./script.ts";
import type { MockDeps, MockSettings } from "./settings.ts";
import type { Template } from "./template.ts";
import { tokensOf } from "./tokens.ts";

/** A mock's settings with defaults filled, made ready once. */
export interface Profile {
  readonly reply: Template;
  readonly latencyMs: number;
  readonly tokensPerSecond: number;
  readonly usage: MockSettings["usage"];
  readonly fail: { readonly status: number; readonly every: number };
  readonly script: readonly Step[];
  readonly models: readonly string[];
}

export interface Turn {
  readonly profile: Profile;
  readonly deps: MockDeps;
  readonly endpoint: EndpointName;
  readonly signal: AbortSignal;
}

/** Takes the script's entry for this request, and goes through its silence and its error. */
export async function enterStep(turn: Turn, ask: Ask): Promise<Step | undefined> {
  const step = takeStep(turn.profile.script, ask);
  if (step === undefined) return undefined;
  if (step.stallMs > 0) await waitFor(step.stallMs, turn.signal, turn.deps.sleep);
  if (step.status !== undefined) {
    throw new Refusal(step.status, step.reply?.(ask) ?? failureText(step.status));
  }
  return step;
}

export function failureText(status: number): string {
  return `The mock provider answers ${status} here, as it is configured to.`;
}

/** The model to report: the one asked for, else the first that the mock lists. */
export function modelOf(turn: Turn, requested: string | undefined): string {
  return requested ?? turn.profile.models[0] ?? "";
}

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Usage by the one rule, or as the settings say. Takes UTF-8 bytes. */
export function usageOf(turn: Turn, promptBytes: number, replyBytes: number): TokenCounts {
  const fixed = turn.profile.usage;
  return {
    inputTokens: fixed?.promptTokens ?? tokensOf(promptBytes),
    outputTokens: fixed?.completionTokens ?? tokensOf(replyBytes),
  };
}

/** Unix time in seconds, as the formats' `created` wants it. */
export function createdAt(turn: Turn): number {
  return Math.floor(turn.deps.now() / 1000);
}
