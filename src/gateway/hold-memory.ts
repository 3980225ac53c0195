// Counts the bytes of bodies against the memory that all requests share.

import { GatewayError } from "../errors.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import type { State } from "./state.ts";

/** Counts so many bytes more. @throws {GatewayError} `overloaded` when they are not to be had */
export type HoldBytes = (bytes: number) => void;

/** Bytes are counted for a request until its record closes; after that nobody would give them back. */
export function createHold(
  record: RequestRecord,
  { buffered }: Pick<State, "buffered">,
  limitBytes: number,
): HoldBytes {
  return (bytes) => {
    if (record.isClosed || !buffered.take(bytes, limitBytes)) throw overloaded();
    record.heldBytes += bytes;
  };
}

function overloaded(): GatewayError {
  const message = "too many bodies are held in memory (`server.max_buffered`); try again shortly";
  return new GatewayError("overloaded", message, { retryAfterSeconds: 1 });
}
