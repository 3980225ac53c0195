// Bedrock's streams: the binary event stream of AWS, its sums checked on the way.

import { bedrockTerminal, rewriteMessage } from "../formats/bedrock-error.ts";
import { type EventStreamMessage, EventStreamScanner } from "../lib/event-stream.ts";
import { ConverseObserver } from "./event-stream-converse.ts";
import { InvokeObserver } from "./event-stream-invoke.ts";
import { MAX_EVENT_BYTES } from "./transform.ts";
import { WholeFramesTransform } from "./whole-frames.ts";

/** What the messages carry: Converse's events, or an invocation's chunks. */
export type EventStreamContent = "converse" | "invoke";

/**
 * Messages pass as they come; a stream that is cut, or damaged, ends with an exception, which the SDKs raise.
 *
 * @param scrub takes credentials out of texts: an upstream's exception is written anew where it finds one, because its
 *   sums would be wrong else
 */
export function createEventStreamTransform(
  content: EventStreamContent,
  scrub: (text: string) => string,
): WholeFramesTransform<EventStreamMessage> {
  const scanner = new EventStreamScanner(MAX_EVENT_BYTES);
  const observer = content === "converse" ? new ConverseObserver() : new InvokeObserver();
  return new WholeFramesTransform(scanner, observer, {
    end: (error) => (error === undefined ? undefined : bedrockTerminal(error)),
    clear: (message) => {
      const texts = [message.payload.toString("utf8"), ...message.headers.values()];
      return texts.some((text) => scrub(text) !== text) ? rewriteMessage(message, scrub) : undefined;
    },
    isClosed: () => false,
  });
}
