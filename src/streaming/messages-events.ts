// Tells a whole answer of the Messages API as the events that a stream of it would have had.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";

/** Events in order; each block's text or input comes in one delta. */
export function messagesEvents(message: JsonRecord): readonly JsonRecord[] {
  const { content, stop_reason, stop_sequence, usage } = message;
  const begun = { ...message, content: [], stop_reason: null, stop_sequence: null };
  const blocks = Array.isArray(content) ? content.filter(isRecord) : [];
  return [
    { type: "message_start", message: begun },
    ...blocks.flatMap(blockEvents),
    {
      type: "message_delta",
      delta: { stop_reason: stop_reason ?? "end_turn", stop_sequence: stop_sequence ?? null },
      usage,
    },
    { type: "message_stop" },
  ];
}

function blockEvents(block: JsonRecord, index: number): readonly JsonRecord[] {
  const { opened, deltas } = unfold(block);
  return [
    { type: "content_block_start", index, content_block: opened },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

/** A block as it is opened, and what fills it. */
function unfold(block: JsonRecord): { opened: JsonRecord; deltas: readonly JsonRecord[] } {
  switch (block["type"]) {
    case "text":
      return { opened: { ...block, text: "" }, deltas: [{ type: "text_delta", text: block["text"] }] };
    case "thinking":
      return {
        opened: { ...block, thinking: "", signature: "" },
        deltas: [
          { type: "thinking_delta", thinking: block["thinking"] },
          { type: "signature_delta", signature: block["signature"] },
        ],
      };
    case "tool_use":
    case "server_tool_use": {
      const partial_json = JSON.stringify(block["input"] ?? {});
      return { opened: { ...block, input: {} }, deltas: [{ type: "input_json_delta", partial_json }] };
    }
    default:
      return { opened: block, deltas: [] };
  }
}
