// Chooses how a stream is treated: verbatim, or repaired by the rules of its format.

import { createEventStreamTransform } from "./event-stream-transform.ts";
import { createGeminiArrayTransform } from "./gemini-array.ts";
import { GeminiObserver } from "./gemini-observer.ts";
import { MessagesObserver } from "./messages-observer.ts";
import { NamedRepair } from "./named-repair.ts";
import { messagesRules, responsesRules } from "./named-rules.ts";
import type { StreamObserver } from "./observer.ts";
import { OpenAiObserver } from "./openai-observer.ts";
import { OpenAiRepair } from "./openai-repair.ts";
import { type FrameRepair, RepairTransform } from "./repair.ts";
import { ResponsesObserver } from "./responses-observer.ts";
import type { NativeStreamOptions, StreamOptions, StreamTransform } from "./transform.ts";
import { VerbatimTransform } from "./verbatim.ts";

/** Makes the transform for one attempt. */
export function createStreamTransform(options: StreamOptions): StreamTransform {
  if (options.repair) return new RepairTransform(createRepair(options));
  const canHideUsage = options.endpoint === "chat" || options.endpoint === "completions";
  return new VerbatimTransform(createObserver(options), canHideUsage && options.hideUsage);
}

/** The same for a provider's own format, which is never repaired. */
export function createNativeTransform({
  action,
  form,
  requestId,
  scrub,
}: NativeStreamOptions): StreamTransform {
  switch (form) {
    case "binary":
      return createEventStreamTransform(action === "invoke_stream" ? "invoke" : "converse", scrub);
    case "array":
      return createGeminiArrayTransform(requestId);
    case "events": {
      const isRaw = action === "stream_raw_predict" || action === "raw_predict";
      // Only whole events leave, so that a cut inside one does not spoil the error that follows it.
      if (isRaw) return new VerbatimTransform(new MessagesObserver(requestId), false);
      return new VerbatimTransform(new GeminiObserver(requestId), true);
    }
  }
}

function createRepair(options: StreamOptions): FrameRepair {
  const { endpoint, requestId, model } = options;
  if (endpoint === "responses") return new NamedRepair(responsesRules(requestId, model));
  if (endpoint === "messages") return new NamedRepair(messagesRules(requestId));
  return new OpenAiRepair(options);
}

function createObserver({ endpoint, requestId, model }: StreamOptions): StreamObserver {
  if (endpoint === "responses") return new ResponsesObserver(requestId, model);
  if (endpoint === "messages") return new MessagesObserver(requestId);
  return new OpenAiObserver();
}
