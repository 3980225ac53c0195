// Makes one answer of the events of a Responses or a Messages stream.

import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";

/** The last event carries the whole answer. */
export function assembleResponse(events: readonly JsonRecord[]): JsonRecord | undefined {
  const last = events.findLast(
    (event) => event["type"] === "response.completed" || event["type"] === "response.incomplete",
  );
  return isRecord(last?.["response"]) ? last["response"] : undefined;
}

/** Undefined when the stream has no `message_start`. */
export function assembleMessage(events: readonly JsonRecord[]): JsonRecord | undefined {
  let message: JsonRecord | undefined;
  const blocks: JsonRecord[] = [];
  const inputs = new Map<JsonRecord, string>();
  for (const event of events) {
    const { type, index, delta } = event;
    const block = blocks[Number(index)];
    if (type === "message_start" && isRecord(event["message"])) message = { ...event["message"] };
    else if (type === "content_block_start" && isRecord(event["content_block"]))
      blocks.push({ ...event["content_block"] });
    else if (type === "content_block_delta" && block !== undefined && isRecord(delta))
      addDelta(block, delta, inputs);
    else if (type === "message_delta" && message !== undefined) addEnd(message, event);
  }
  for (const [block, json] of inputs) block["input"] = parseJson(json) ?? {};
  return message === undefined ? undefined : { ...message, content: blocks };
}

function addDelta(block: JsonRecord, delta: JsonRecord, inputs: Map<JsonRecord, string>): void {
  const { partial_json: json, type, citation, ...texts } = delta;
  if (typeof json === "string") inputs.set(block, (inputs.get(block) ?? "") + json);
  if (type === "citations_delta")
    block["citations"] = [...((block["citations"] as unknown[]) ?? []), citation];
  for (const [key, value] of Object.entries(texts))
    block[key] = typeof value === "string" && typeof block[key] === "string" ? block[key] + value : value;
}

function addEnd(message: JsonRecord, event: JsonRecord): void {
  if (isRecord(event["delta"])) Object.assign(message, event["delta"]);
  if (!isRecord(event["usage"])) return;
  const said = Object.entries(event["usage"]).filter(([, count]) => count !== null);
  message["usage"] = { ...(isRecord(message["usage"]) ? message["usage"] : {}), ...Object.fromEntries(said) };
}
