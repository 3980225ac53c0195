// The output item of a response, a message or a function call, as it begins and as it ends.

import type { Answer } from "./answer.ts";
import type { JsonObject } from "./body.ts";

interface ItemBase {
  readonly id: string;
  readonly status: string;
}

interface MessageItem extends ItemBase {
  readonly type: "message";
  readonly role: "assistant";
  readonly content: readonly JsonObject[];
}

interface FunctionCallItem extends ItemBase {
  readonly type: "function_call";
  readonly call_id: string;
  readonly name: string;
  readonly arguments: string;
}

export type OutputItem = MessageItem | FunctionCallItem;

/** The item before anything was said in it. */
export function startItem(answer: Answer, newId: () => string): OutputItem {
  if (answer.kind === "text") {
    return { id: `msg_${newId()}`, type: "message", status: "in_progress", role: "assistant", content: [] };
  }
  return {
    id: `fc_${newId()}`,
    type: "function_call",
    status: "in_progress",
    call_id: `call_${newId()}`,
    name: answer.name,
    arguments: "",
  };
}

export function finishItem(item: OutputItem, answer: Answer, status: string): OutputItem {
  if (item.type === "message") {
    return { ...item, status, content: [textPart(answer.kind === "text" ? answer.text : "")] };
  }
  return { ...item, status, arguments: answer.kind === "tool" ? answer.argumentsJson : "" };
}

export function textPart(text: string): JsonObject {
  return { type: "output_text", annotations: [], logprobs: [], text };
}
