// How a streamed answer is cut into pieces: by what was asked for, until the answer itself says it.

import type { Call } from "../exchange.ts";
import { asksEvents } from "../formats/gemini-path.ts";
import type { Endpoint } from "../formats/table.ts";
import { createNativeTransform, createStreamTransform } from "../streaming/create-transform.ts";
import { GEMINI_PING } from "../streaming/gemini-observer.ts";
import type { StreamForm, StreamTransform } from "../streaming/transform.ts";
import type { Answered } from "./attempt.ts";

const CONTENT_TYPES: Readonly<Record<StreamForm, string>> = {
  events: "text/event-stream",
  array: "application/json",
  binary: "application/vnd.amazon.eventstream",
};

/** The form that a call asks for. `search` is the query as sent, with `?`, or empty. */
export function formAsked({ family, native }: Endpoint, search: string): StreamForm {
  if (native === undefined || family === "anthropic") return "events";
  if (family === "bedrock") return "binary";
  return asksEvents(new URLSearchParams(search)) ? "events" : "array";
}

/** The content type of a stream whose answer has not said it yet. */
export function contentTypeOf(form: StreamForm): string {
  return CONTENT_TYPES[form];
}

/** The form of an answer; undefined when it is no stream. */
export function formOf(call: Call, response: Response): StreamForm | undefined {
  const type = response.headers.get("content-type") ?? "";
  if (/^text\/event-stream\b/i.test(type)) return "events";
  if (call.endpoint.native === undefined) return undefined;
  if (/^application\/vnd\.amazon\.eventstream\b/i.test(type)) return "binary";
  const isArray = call.endpoint.native === "stream_generate_content" && /\bjson\b/i.test(type);
  return isArray ? "array" : undefined;
}

/** What sees through the stream of an attempt. */
export function transformFor(
  { call, target, record, hideUsage, scrub }: Answered,
  form: StreamForm,
): StreamTransform {
  const { endpoint } = call;
  if (endpoint.native !== undefined)
    return createNativeTransform({ action: endpoint.native, form, requestId: record.id, scrub });
  return createStreamTransform({
    endpoint: endpoint.name,
    repair: target.provider.repair,
    hideUsage: hideUsage || (target.provider.repair && !call.asksUsage),
    requestId: record.id,
    model: target.model,
  });
}

/** One newline only: a blank line after a comment makes old clients dispatch an empty event. */
const PING = new TextEncoder().encode(": ping\n");

/** Google's own SDK takes a comment for a part of the next event, and loses it, unless a blank line follows. */
const SPACED_PING = new TextEncoder().encode(GEMINI_PING);

/** The comment that keeps a silent stream of events open. */
export function pingFor({ endpoint }: Call): Uint8Array {
  return endpoint.family === "gemini" ? SPACED_PING : PING;
}
