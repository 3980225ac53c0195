// Gemini's streams in array form: a JSON array whose objects arrive one by one.

import { geminiStreamError } from "../formats/gemini-error.ts";
import { type ArrayObject, JsonArrayScanner } from "../lib/json-array-stream.ts";
import { GeminiObserver } from "./gemini-observer.ts";
import { MAX_EVENT_BYTES } from "./transform.ts";
import { WholeFramesTransform } from "./whole-frames.ts";

/** The array passes as it comes, object by object; one that is cut is closed behind an object with an error. */
export function createGeminiArrayTransform(requestId: string): WholeFramesTransform<ArrayObject> {
  const scanner = new JsonArrayScanner(MAX_EVENT_BYTES);
  return new WholeFramesTransform(scanner, new GeminiObserver(requestId), {
    end: (error) => {
      const last = error === undefined ? undefined : JSON.stringify(geminiStreamError(error, requestId));
      const text = scanner.ending(last);
      return text === "" ? undefined : Buffer.from(text, "utf8");
    },
    clear: () => undefined,
    isClosed: () => scanner.closed,
  });
}
