// Asks for usage on a client's behalf, and asks again without where a provider refuses the call because of that.

import type { Provider } from "../exchange.ts";
import { byteReader } from "../lib/byte-reader.ts";
import type { Outcome, Reply } from "../upstream/send.ts";

/** Providers that refuse `stream_options.include_usage`. One that moves to another address is asked anew. */
export class UsageRefusals {
  readonly #refusing = new Set<string>();

  has(provider: Provider): boolean {
    return this.#refusing.has(keyOf(provider));
  }

  add(provider: Provider): void {
    this.#refusing.add(keyOf(provider));
  }
}

function keyOf({ name, root }: Provider): string {
  return `${name} ${root}`;
}

/** Statuses of servers that do not know a field, or do not want it. */
const REFUSALS: ReadonlySet<number> = new Set([400, 422]);

/** What such an error is about, in words that it would have to use. */
const SUBJECTS = ["stream_options", "include_usage"].map((name) => Buffer.from(name));

/** No error is longer that says anything. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The two bodies of one call. */
export interface UsageQuestion {
  /** With the question for usage. */
  readonly asking: Uint8Array | undefined;
  /** As the client sent it, but for the model. */
  readonly plain: () => Uint8Array | undefined;
}

/**
 * Sends the call with the question. An upstream whose error speaks of the question gets the call again without, as part
 * of the same attempt; the provider is remembered if that helps, because some errors merely repeat what was sent. Any
 * other answer is handed on as it came.
 *
 * @param send sends this body
 */
export async function sendAskingUsage(
  question: UsageQuestion,
  send: (body: Uint8Array | undefined) => Promise<Outcome>,
  provider: Provider,
  refusals: UsageRefusals,
): Promise<Outcome> {
  const first = await send(question.asking);
  if (first.kind !== "reply" || !REFUSALS.has(first.reply.response.status)) return first;
  const { reply, isAboutUsage } = await lookInto(first.reply);
  if (!isAboutUsage) return { kind: "reply", reply };
  first.reply.done(true);
  const second = await send(question.plain());
  if (second.kind === "reply" && second.reply.response.ok) refusals.add(provider);
  return second;
}

/** Reads an error, and makes an answer of the same bytes. */
async function lookInto(reply: Reply): Promise<{ readonly reply: Reply; readonly isAboutUsage: boolean }> {
  const { response, timers } = reply;
  const reader = byteReader(response.body);
  const parts: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  let broken: unknown;
  timers.started();
  try {
    while (!ended && size <= MAX_ERROR_BYTES) {
      timers.waiting();
      const { done, value } = await reader.read();
      ended = done;
      parts.push(value ?? new Uint8Array());
      size += value?.byteLength ?? 0;
    }
  } catch (error) {
    broken = error;
  }
  const bytes = Buffer.concat(parts);
  const rest = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      if (broken !== undefined) controller.error(broken);
      else if (ended) controller.close();
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const { status, headers } = response;
  return {
    reply: { ...reply, response: new Response(rest, { status, headers }) },
    isAboutUsage: ended && SUBJECTS.some((subject) => bytes.includes(subject)),
  };
}
