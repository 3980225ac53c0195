// What the repair of Responses and of Messages streams differs in.

import { anthropicErrorType } from "../formats/anthropic-error.ts";
import { anthropicErrorEvent } from "../formats/terminal-event.ts";
import { isRecord } from "../lib/json-value.ts";
import { messagesEvents } from "./messages-events.ts";
import { MessagesObserver } from "./messages-observer.ts";
import type { NamedRules } from "./named-repair.ts";
import { responsesEvents } from "./responses-events.ts";
import { ResponsesObserver } from "./responses-observer.ts";

/** Status to shape an error by that came with a 200 and names none itself. */
const UNKNOWN_STATUS = 500;

export function responsesRules(requestId: string, model: string | undefined): NamedRules {
  const observer = new ResponsesObserver(requestId, model);
  return {
    observer,
    missingEnd: () => undefined,
    eventsOf: (value) => (value["object"] === "response" ? responsesEvents(value) : undefined),
    isOwnError: (value) => value["type"] === "error",
    failure: (error) => observer.failed(error.code ?? error.type ?? "server_error", error.message),
  };
}

export function messagesRules(requestId: string): NamedRules {
  const observer = new MessagesObserver(requestId);
  return {
    observer,
    missingEnd: () => (observer.stopped && observer.failure === undefined ? "message_stop" : undefined),
    eventsOf: (value) => (value["type"] === "message" ? messagesEvents(value) : undefined),
    isOwnError: (value) => value["type"] === "error" && isRecord(value["error"]),
    failure: (error) => {
      const type = anthropicErrorType(error.status ?? UNKNOWN_STATUS);
      return anthropicErrorEvent({
        type: "error",
        error: { type, message: error.message },
        request_id: requestId,
      });
    },
  };
}
