// Tells a whole Responses answer as the events that a stream of it would have had.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";

const ENDS: Readonly<Record<string, string>> = {
  incomplete: "response.incomplete",
  failed: "response.failed",
};

/** Events in order, numbered from 0; texts and arguments come in one delta each. */
export function responsesEvents(response: JsonRecord): readonly JsonRecord[] {
  const events: JsonRecord[] = [];
  const add = (type: string, members: JsonRecord) =>
    events.push({ type, sequence_number: events.length, ...members });
  const begun = { ...response, status: "in_progress", output: [], usage: null };
  add("response.created", { response: begun });
  add("response.in_progress", { response: begun });
  const { output, status } = response;
  const items = Array.isArray(output) ? output.filter(isRecord) : [];
  for (const [place, item] of items.entries()) addItem(item, place, add);
  add((typeof status === "string" ? ENDS[status] : undefined) ?? "response.completed", { response });
  return events;
}

type Add = (type: string, members: JsonRecord) => void;

function addItem(item: JsonRecord, place: number, add: Add): void {
  const at = { item_id: item["id"], output_index: place };
  if (item["type"] === "message") {
    add("response.output_item.added", {
      output_index: place,
      item: { ...item, status: "in_progress", content: [] },
    });
    const { content } = item;
    const parts = Array.isArray(content) ? content.filter(isRecord) : [];
    for (const [index, part] of parts.entries()) addPart(part, { ...at, content_index: index }, add);
  } else if (item["type"] === "function_call") {
    const { arguments: json } = item;
    add("response.output_item.added", {
      output_index: place,
      item: { ...item, status: "in_progress", arguments: "" },
    });
    add("response.function_call_arguments.delta", { ...at, delta: json });
    add("response.function_call_arguments.done", { ...at, name: item["name"], arguments: json });
  } else add("response.output_item.added", { output_index: place, item });
  add("response.output_item.done", { output_index: place, item });
}

function addPart(part: JsonRecord, at: JsonRecord, add: Add): void {
  const { text } = part;
  if (part["type"] !== "output_text") {
    add("response.content_part.added", { ...at, part });
  } else {
    add("response.content_part.added", { ...at, part: { ...part, text: "" } });
    add("response.output_text.delta", { ...at, delta: text, logprobs: [] });
    add("response.output_text.done", { ...at, text, logprobs: [] });
  }
  add("response.content_part.done", { ...at, part });
}
