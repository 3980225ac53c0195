// How a streamed answer is cut into pieces, and how it is kept open while the upstream is silent.

import { asksEvents } from "./gemini-path.ts";
import type { Endpoint } from "./table.ts";

/** Server-sent events, a JSON array that comes piece by piece, or the binary event stream of AWS. */
export type StreamForm = "events" | "array" | "binary";

/** The content type of a stream of events. */
export const EVENTS_TYPE = "text/event-stream";

/** The form that a call asks for. `search` is the query as sent, with `?`, or empty. */
export function formAsked({ family, native }: Endpoint, search: string): StreamForm {
  if (native === undefined || family === "anthropic") return "events";
  if (family === "bedrock") return "binary";
  return asksEvents(new URLSearchParams(search)) ? "events" : "array";
}

/** The form of an answer by its content type; undefined when it is no stream. */
export function formOf({ native }: Endpoint, contentType: string): StreamForm | undefined {
  if (/^text\/event-stream\b/i.test(contentType)) return "events";
  if (native === undefined) return undefined;
  if (/^application\/vnd\.amazon\.eventstream\b/i.test(contentType)) return "binary";
  return native === "stream_generate_content" && /\bjson\b/i.test(contentType) ? "array" : undefined;
}

/** One newline only: a blank line after a comment makes old clients dispatch an empty event. */
const PING = Buffer.from(": ping\n");

/** Google's own SDK takes a comment for a part of the next event, and loses it, unless a blank line follows. */
const SPACED_PING = Buffer.from(": ping\n\n");

/** The comment that keeps a silent stream of events open. */
export function pingFor({ family }: Endpoint): Uint8Array {
  return family === "gemini" ? SPACED_PING : PING;
}
