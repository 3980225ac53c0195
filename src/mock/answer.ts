// Decides what the mock says: by script, by a tool that must be called, by a schema, else by the template.

import type { Ask } from "./ask.ts";
import { isObject } from "./body.ts";
import { sampleOf } from "./schema-sample.ts";
import type { Step } from "./script.ts";
import { cutToTokens, utf8Bytes } from "./tokens.ts";
import type { Profile } from "./turn.ts";

export type Answer = TextAnswer | ToolAnswer;

export interface TextAnswer {
  readonly kind: "text";
  readonly text: string;
  /** `length` when `max_tokens` cut the text. */
  readonly ending: "stop" | "length";
  /** The stop text that ended it. */
  readonly stopText: string | undefined;
  readonly bytes: number;
}

export interface ToolAnswer {
  readonly kind: "tool";
  readonly name: string;
  readonly argumentsJson: string;
  /** Of name and arguments. */
  readonly bytes: number;
}

export function decide(profile: Profile, step: Step | undefined, ask: Ask): Answer {
  if (step?.toolCall) return toolAnswer(step.toolCall.name, step.toolCall.argumentsJson);
  if (step?.reply === undefined && ask.forcedTool) {
    const made = sampleOf(ask.forcedTool.schema);
    return toolAnswer(ask.forcedTool.name, JSON.stringify(isObject(made) ? made : {}));
  }
  return decideText(profile, step, ask);
}

/** As {@link decide}, for endpoints without tools. */
export function decideText(profile: Profile, step: Step | undefined, ask: Ask): TextAnswer {
  if (step?.reply) return textAnswer(step.reply(ask), ask);
  if (ask.schema) return textAnswer(JSON.stringify(sampleOf(ask.schema)), ask);
  return textAnswer(profile.reply(ask), ask);
}

function toolAnswer(name: string, argumentsJson: string): ToolAnswer {
  return { kind: "tool", name, argumentsJson, bytes: utf8Bytes(name) + utf8Bytes(argumentsJson) };
}

function textAnswer(whole: string, ask: Ask): TextAnswer {
  let text = whole;
  let stopText: string | undefined;
  for (const stop of ask.stop) {
    const at = text.indexOf(stop);
    if (at < 0) continue;
    text = text.slice(0, at);
    stopText = stop;
  }
  const cut = ask.maxTokens === undefined ? text : cutToTokens(text, ask.maxTokens);
  if (cut.length < text.length) {
    return { kind: "text", text: cut, ending: "length", stopText: undefined, bytes: utf8Bytes(cut) };
  }
  return { kind: "text", text, ending: "stop", stopText, bytes: utf8Bytes(text) };
}
