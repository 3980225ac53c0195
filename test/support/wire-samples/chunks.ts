// Builds the events that the stream samples are made of.

type Json = Record<string, unknown>;

const HEAD = {
  id: "chatcmpl-s1",
  object: "chat.completion.chunk",
  created: 1_790_000_000,
  model: "small-model",
};

export const USAGE = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };

/** One chunk with one choice, as JSON; `top` replaces or adds members beside the choices. */
export function chunk(delta: Json, choice: Json = {}, top: Json = {}): string {
  const { index = 0, ...rest } = choice;
  const only = { index, delta, logprobs: null, finish_reason: null, ...rest };
  return JSON.stringify({ ...HEAD, choices: [only], ...top });
}

export const usageChunk = (usage: unknown = USAGE, top: Json = {}): string =>
  JSON.stringify({ ...HEAD, choices: [], usage, ...top });

export const ROLE = chunk({ role: "assistant", content: "" });
export const GOOD = chunk({ content: "Good " });
export const MORNING = chunk({ content: "morning" });
export const STOP = chunk({}, { finish_reason: "stop" });
export const TOOL_STOP = chunk({}, { finish_reason: "tool_calls" });

/** The four chunks of an answer that says "Good morning". */
export const ANSWER: readonly string[] = [ROLE, GOOD, MORNING, STOP];

/** Events as the specification writes them. */
export const events = (...payloads: readonly string[]): string =>
  payloads.map((payload) => `data: ${payload}\n\n`).join("");

/** The same with `[DONE]` behind them. */
export const stream = (...payloads: readonly string[]): string => events(...payloads, "[DONE]");

/** A piece of a tool call in a delta of its own. */
export const toolChunk = (...calls: readonly Json[]): string => chunk({ tool_calls: calls });

/** A completions chunk. */
export function textChunk(text: string, finish: unknown = null, top: Json = {}): string {
  const choices = [{ text, index: 0, logprobs: null, finish_reason: finish }];
  return JSON.stringify({
    id: "cmpl-s1",
    object: "text_completion",
    created: 1_790_000_000,
    model: "small-model",
    choices,
    ...top,
  });
}
