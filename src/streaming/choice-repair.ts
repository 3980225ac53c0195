// Brings the choices of chat and completions chunks into the form the specification gives them.

import { isRecord, type JsonRecord, setMember } from "../lib/json-value.ts";
import { ToolCalls } from "./tool-calls.ts";

/** One choice of the answer, over all chunks. */
export class ChoiceRepair {
  readonly #tools: ToolCalls;
  #begun = false;
  /** A reason has come. */
  finished = false;

  constructor(makeId: (index: number) => string) {
    this.#tools = new ToolCalls(makeId);
  }

  /** The reason to give when the upstream gave none. */
  get missingReason(): "tool_calls" | "stop" {
    return this.#tools.any ? "tool_calls" : "stop";
  }

  /**
   * Repairs a choice of a chat chunk in place; true when something had to be changed.
   *
   * @param drifted the stream has needed repair before, so its reason may be mistaken as well
   */
  chat(choice: JsonRecord, drifted: boolean): boolean {
    let changed = moveContent(choice);
    if (!isRecord(choice["delta"])) changed = setMember(choice, "delta", {});
    if (this.#role(choice)) changed = true;
    const delta = choice["delta"] as JsonRecord;
    if (typeof delta["content"] === "number") changed = setMember(delta, "content", String(delta["content"]));
    if (this.#tools.repair(delta)) changed = true;
    if (this.#reason(choice)) changed = true;
    // `stop` is right with tool calls that the caller forced, so it is believed of a server that made no mistake yet.
    if ((drifted || changed) && choice["finish_reason"] === "stop" && this.#tools.any)
      changed = setMember(choice, "finish_reason", "tool_calls");
    return changed;
  }

  /** The same for a choice of a completions chunk. */
  completion(choice: JsonRecord): boolean {
    let changed = false;
    if (typeof choice["text"] !== "string") {
      const { delta, message } = choice;
      const content = isRecord(delta) ? delta["content"] : isRecord(message) ? message["content"] : undefined;
      changed = setMember(choice, "text", typeof content === "string" ? content : "");
    }
    return this.#reason(choice) || changed;
  }

  /**
   * The role stands in the first delta of a choice, and in no other. Reasoning may come before it: SDKs need the role
   * with the answer itself.
   */
  #role(choice: JsonRecord): boolean {
    const delta = choice["delta"] as JsonRecord;
    const { role } = delta;
    if (this.#begun) {
      if (!("role" in delta)) return false;
      delete delta["role"];
      return true;
    }
    if (role === undefined && isReasoningOnly(delta)) return false;
    this.#begun = true;
    if (typeof role === "string" && role !== "") return false;
    return setMember(choice, "delta", { ...delta, role: "assistant" });
  }

  #reason(choice: JsonRecord): boolean {
    const reason = choice["finish_reason"];
    if (typeof reason === "string" && reason !== "") {
      this.finished = true;
      return false;
    }
    return reason === null ? false : setMember(choice, "finish_reason", null);
  }
}

/** The number of a choice: as sent, or else its place in the list. */
export function choiceIndex(choice: JsonRecord, place: number): number {
  const { index } = choice;
  const number = typeof index === "string" && /^\d{1,6}$/.test(index) ? Number(index) : index;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : place;
}

/** A `message` or `text` where a delta belongs; beside a delta it goes, because SDKs would take it for the answer. */
function moveContent(choice: JsonRecord): boolean {
  const { message, text, delta } = choice;
  if (message === undefined && text === undefined) return false;
  if (!isRecord(delta)) choice["delta"] = isRecord(message) ? message : { content: text };
  delete choice["message"];
  delete choice["text"];
  return true;
}

/** Whether a delta has reasoning and nothing else yet: some servers name the role only with what follows. */
function isReasoningOnly({ content, reasoning, reasoning_content, tool_calls }: JsonRecord): boolean {
  const thinks = [reasoning, reasoning_content].some((text) => typeof text === "string" && text !== "");
  return thinks && (content === undefined || content === null || content === "") && tool_calls === undefined;
}
