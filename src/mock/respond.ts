// The two kinds of answer: a JSON body, and a stream of server-sent events.

import { pacedBody } from "./pacing.ts";
import type { Frame } from "./sse.ts";
import type { Turn } from "./turn.ts";

const JSON_INIT = { headers: { "content-type": "application/json" } };
const STREAM_INIT = {
  headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
};

export function jsonResponse(value: unknown): Response {
  return new Response(JSON.stringify(value), JSON_INIT);
}

/** The frames as a stream at the mock's pace; without one, everything in a single piece. */
export function streamResponse(turn: Turn, frames: Iterable<Frame>): Response {
  const { tokensPerSecond } = turn.profile;
  if (tokensPerSecond > 0) {
    const body = pacedBody(frames[Symbol.iterator](), { ...turn.deps, tokensPerSecond }, turn.signal);
    return new Response(body, STREAM_INIT);
  }
  let whole = "";
  for (const frame of frames) whole += frame.data;
  return new Response(whole, STREAM_INIT);
}
