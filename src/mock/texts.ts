// Finds the texts in a conversation, whatever the format: plain contents, lists of parts, tool results.

import { isObject } from "./body.ts";
import { badRequest } from "./refusal.ts";
import { utf8Bytes } from "./tokens.ts";

/** What a conversation says, as far as the mock cares. */
export interface Talk {
  /** The last thing a user said; empty when no user said anything. */
  lastUserMessage: string;
  /** What came after the last answer: the user's words or the tools' results. */
  newest: string;
  /** UTF-8 bytes of all texts of the prompt. */
  bytes: number;
  /** Whether the last message read was the assistant's: what follows it is a new turn. */
  answered: boolean;
}

export type Speaker = "user" | "tool" | "assistant" | "other";

const SPEAKERS: ReadonlyMap<string, Speaker> = new Map([
  ["user", "user"],
  ["assistant", "assistant"],
  ["tool", "tool"],
  ["function", "tool"],
]);

export function createTalk(): Talk {
  return { lastUserMessage: "", newest: "", bytes: 0, answered: false };
}

export function speakerOf(role: string): Speaker {
  return SPEAKERS.get(role) ?? "other";
}

/** Adds the next message of the conversation. */
export function addText(talk: Talk, speaker: Speaker, text: string): void {
  talk.bytes += utf8Bytes(text);
  if (speaker === "assistant") {
    talk.answered = true;
    return;
  }
  if (speaker === "other") return;
  if (speaker === "user") talk.lastUserMessage = text;
  talk.newest = talk.answered || talk.newest === "" ? text : `${talk.newest}\n${text}`;
  talk.answered = false;
}

/** The text of a content: itself, or its text parts joined; images and all other parts have none. */
export function textOf(content: unknown, param: string): string {
  if (typeof content === "string") return content;
  if (content === undefined || content === null) return "";
  if (!Array.isArray(content)) throw badRequest(`\`${param}\` must be a string or a list of parts.`, param);
  let text = "";
  for (const part of content) {
    if (typeof part === "string") text += part;
    else if (!isObject(part)) throw badRequest(`\`${param}\` has a part that is not an object.`, param);
    else if (typeof part["text"] === "string") text += part["text"];
    else if (part["type"] === "text") throw badRequest(`\`${param}\` has a text part without text.`, param);
  }
  return text;
}
