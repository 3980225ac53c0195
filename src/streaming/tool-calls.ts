// Gives the tool calls of one choice the index, id, type and arguments that clients assemble them by.

import { isRecord, type JsonRecord, setMember } from "../lib/json-value.ts";

/** A call as it was opened. */
interface OpenCall {
  /** What clients get as `index`. */
  readonly index: number;
  /** The index that the upstream gave it. */
  readonly asked: number | undefined;
  readonly name: string | undefined;
  readonly arguments: ArgumentsEnd;
}

/** Further calls of one answer pass as they are, so that an endless stream of them takes no memory. */
const MAX_CALLS = 10_000;

export class ToolCalls {
  readonly #byId = new Map<string, OpenCall>();
  /** The latest call that the upstream gave an index to; servers reuse one index for several calls. */
  readonly #byAsked = new Map<number, OpenCall>();
  readonly #taken = new Set<number>();
  readonly #makeId: (index: number) => string;
  #latest: OpenCall | undefined;
  #nextIndex = 0;

  /** @param makeId the id of the call with this index when the upstream gave none */
  constructor(makeId: (index: number) => string) {
    this.#makeId = makeId;
  }

  get any(): boolean {
    return this.#latest !== undefined;
  }

  /** Repairs the `tool_calls` of one delta in place; true when something had to be changed. */
  repair(delta: JsonRecord): boolean {
    const list = delta["tool_calls"];
    if (list === undefined || list === null) return false;
    if (isRecord(list)) {
      delta["tool_calls"] = [list];
      this.#call(list);
      return true;
    }
    if (!Array.isArray(list)) {
      delete delta["tool_calls"];
      return true;
    }
    let changed = false;
    for (const call of list) if (isRecord(call) && this.#call(call)) changed = true;
    return changed;
  }

  #call(call: JsonRecord): boolean {
    if (this.#taken.size >= MAX_CALLS) return false;
    let changed = nestFunction(call);
    if (repairArguments(call["function"])) changed = true;
    const open = this.#continued(call);
    const known = open ?? this.#open(call);
    known.arguments.see(member(call, "arguments"));
    const opened = open === undefined;
    if (setMember(call, "index", known.index)) changed = true;
    return (opened ? completeOpening(call, this.#makeId(known.index)) : stripContinuation(call)) || changed;
  }

  /** The call that this piece continues; undefined when it opens a new one. */
  #continued(call: JsonRecord): OpenCall | undefined {
    const asked = readIndex(call["index"]);
    const id = filled(call["id"]);
    const name = filled(member(call, "name"));
    const here = asked === undefined ? this.#latest : this.#byAsked.get(asked);
    const same = id === undefined ? undefined : this.#byId.get(id);
    if (same !== undefined) {
      const elsewhere = asked !== undefined && same.asked !== undefined && asked !== same.asked;
      return elsewhere && name !== undefined ? undefined : same;
    }
    // Only the piece that opens a call has a name; vLLM once made a new id for every piece.
    if (name === undefined) return id !== undefined && asked === undefined ? undefined : here;
    if (id !== undefined || here === undefined || name !== here.name) return undefined;
    // The same name again: a repetition, unless the call before it is complete.
    const repeats = asked === undefined ? here.arguments.begun : true;
    return repeats && !here.arguments.reached ? here : undefined;
  }

  #open(call: JsonRecord): OpenCall {
    const asked = readIndex(call["index"]);
    const index = asked === undefined || this.#taken.has(asked) ? this.#nextIndex : asked;
    const open = { index, asked, name: filled(member(call, "name")), arguments: new ArgumentsEnd() };
    const id = filled(call["id"]);
    if (id !== undefined) this.#byId.set(id, open);
    this.#byAsked.set(asked ?? index, open);
    this.#taken.add(index);
    this.#nextIndex = Math.max(this.#nextIndex, index + 1);
    this.#latest = open;
    return open;
  }
}

/** The piece that opens a call has an id, a type, and a function with name and arguments, be they empty. */
function completeOpening(call: JsonRecord, madeId: string): boolean {
  let changed = false;
  if (filled(call["id"]) === undefined) changed = setMember(call, "id", madeId);
  if (filled(call["type"]) === undefined) changed = setMember(call, "type", "function");
  return completeFunction(call) || changed;
}

/** Pieces behind it have neither id nor name: some clients would join what is repeated. */
function stripContinuation(call: JsonRecord): boolean {
  const part = call["function"];
  const stripped = drop(call, "id");
  return (isRecord(part) && drop(part, "name")) || stripped;
}

/** Tells when streamed arguments are a whole JSON object, without keeping them. */
class ArgumentsEnd {
  /** They have begun. */
  begun = false;
  /** They have come to their end. */
  reached = false;
  #depth = 0;
  #inString = false;
  #escaped = false;

  see(piece: unknown): void {
    if (typeof piece !== "string") return;
    for (let at = 0; at < piece.length; at++) this.#character(piece.charCodeAt(at));
  }

  #character(code: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (code === 0x5c) this.#escaped = true;
      else if (code === 0x22) this.#inString = false;
    } else if (code === 0x22) this.#inString = true;
    else if (code === 0x7b) {
      this.#depth++;
      this.begun = true;
    } else if (code === 0x7d && --this.#depth === 0) this.reached = true;
  }
}

/** `{id, name, arguments}` without a `function` around the last two. */
function nestFunction(call: JsonRecord): boolean {
  if (call["function"] !== undefined || typeof call["name"] !== "string") return false;
  call["function"] = { name: call["name"], arguments: call["arguments"] ?? call["input"] ?? "" };
  delete call["name"];
  delete call["arguments"];
  delete call["input"];
  return true;
}

/** Arguments are text; servers that parse what the model wrote send the object. */
function repairArguments(part: unknown): boolean {
  if (!isRecord(part)) return false;
  const value = part["arguments"];
  if (value === undefined || typeof value === "string") return false;
  part["arguments"] = value === null ? "" : JSON.stringify(value);
  return true;
}

/** The piece that opens a call has a function with a name and arguments, be they empty. */
function completeFunction(call: JsonRecord): boolean {
  const part = call["function"];
  if (!isRecord(part)) {
    if (call["type"] !== "function") return false;
    call["function"] = { name: "", arguments: "" };
    return true;
  }
  let changed = false;
  if (typeof part["name"] !== "string") changed = setMember(part, "name", "");
  if (typeof part["arguments"] !== "string") changed = setMember(part, "arguments", "");
  return changed;
}

function member(call: JsonRecord, key: string): unknown {
  const part = call["function"];
  return isRecord(part) ? part[key] : undefined;
}

function readIndex(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d{1,6}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function filled(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function drop(record: JsonRecord, key: string): boolean {
  if (record[key] === undefined) return false;
  delete record[key];
  return true;
}
