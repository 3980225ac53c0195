// Stands in for an answer that is still waited for, once the head of a stream had to go out without it.

import { GatewayError } from "../errors.ts";
import { readUpstreamError } from "../formats/upstream-error.ts";
import { type ByteReader, byteReader } from "../lib/byte-reader.ts";
import type { Reply } from "../upstream/send.ts";

export interface LateReply {
  readonly reply: Reply;
  /** Waits for the answer, then reads its body. */
  readonly source: ByteReader;
}

/** No error of an upstream is longer that says anything. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The stand-in for an answer to come. An answer with an error status cannot be one any more: reading then fails with
 * the upstream's own message, which becomes an event of the stream.
 *
 * @param pending rejects with a {@link GatewayError} when there will be no answer
 * @param check throws for an answer that must not be relayed
 */
export function createLateReply(pending: Promise<Reply>, check: (reply: Reply) => void): LateReply {
  let real: Reply | undefined;
  let reader: ByteReader | undefined;
  let given: boolean | undefined;
  const answer = pending.then((reply) => {
    real = reply;
    // Nobody waits for it any more: the client has left in the meantime.
    if (given !== undefined) reply.done(given);
    return reply;
  });
  // Whoever reads gets the failure; it may be that nobody does.
  answer.catch(() => {});
  return {
    reply: {
      response: new Response(null, { status: 200 }),
      timers: {
        started: () => real?.timers.started(),
        waiting: () => real?.timers.waiting(),
        paused: () => real?.timers.paused(),
      },
      done(whole) {
        given = whole;
        real?.done(whole);
      },
    },
    source: {
      async read() {
        if (reader === undefined) {
          const reply = await answer;
          check(reply);
          reader = byteReader(reply.response.body);
          if (!reply.response.ok) throw await statusError(reply.response.status, reader);
        }
        return await reader.read();
      },
    },
  };
}

async function statusError(status: number, reader: ByteReader): Promise<GatewayError> {
  const parts: Uint8Array[] = [];
  for (let size = 0; size < MAX_ERROR_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.byteLength;
  }
  const message = messageOf(Buffer.concat(parts).toString("utf8"));
  const said = message === undefined ? "" : `: ${message}`;
  return new GatewayError("upstream_unreachable", `the upstream answered ${status}${said}`);
}

function messageOf(text: string): string | undefined {
  try {
    return readUpstreamError(JSON.parse(text))?.message;
  } catch {
    return text.trim() === "" ? undefined : text.trim().slice(0, 500);
  }
}
