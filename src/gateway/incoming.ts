// A request as it comes in from the listener.

import type { Peer, Place } from "../exchange.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import type { Snapshot } from "./snapshot.ts";
import type { State } from "./state.ts";

/** One request of the data plane, and what it needs on its way. */
export interface Exchange {
  readonly request: Request;
  /** The query string as sent, with `?`, or empty. */
  readonly search: string;
  readonly place: Place;
  readonly peer: Peer;
  readonly record: RequestRecord;
  readonly snapshot: Snapshot;
  readonly state: State;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}
