// What is noticed about a stream while its bytes pass; one observer per format.

import type { StreamError } from "../formats/terminal-event.ts";
import type { Usage } from "../formats/usage.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { StreamFailure } from "./transform.ts";

/** Said of a stream that just stops; where the upstream failed, the failure's own message stands in its place. */
export const CUT_MESSAGE = "The upstream's stream ended before the answer was complete.";

export interface StreamObserver {
  readonly started: boolean;
  readonly usage: Usage | undefined;
  /** Bytes of text that the model wrote. */
  readonly textBytes: number;
  /** The model that the stream names. */
  readonly answerModel: string | undefined;
  readonly failure: StreamFailure | undefined;
  /** The answer's end has come: a finish reason, `[DONE]`, `message_stop`, `response.completed`. */
  readonly whole: boolean;
  /** The stream's last event has come, where that is another than the one that makes it whole; undefined = it is not. */
  readonly finished?: boolean;
  /** An event has come that clients take for the end: of a whole stream, or of a failed one. */
  readonly ended: boolean;
  /** Takes note of an event. True = it is the extra chunk that only carries usage. */
  see(event: SseEvent): boolean;
  /** The last event of a stream that has to be ended with an error: the upstream's own, if it sent one, or this. */
  terminal(error: StreamError): string;
}
