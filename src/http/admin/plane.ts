// What the administration is made of: handed in by whoever puts the gateway together.

import type { AdminGate } from "../../gateway/compile-admin.ts";
import type { PolicyRow } from "../../gateway/describe-policies.ts";
import type { KeyRow } from "../../gateway/list-keys.ts";
import type { ConfigShown } from "../../gateway/show-config.ts";
import type { State } from "../../gateway/state.ts";
import type { Ledger } from "../../store/ledger.ts";
import type { StoreReader } from "../../store/read-aside.ts";
import type { Log } from "../../telemetry/log.ts";

/** One page of a list, as it is answered. */
export interface Page {
  readonly rows: readonly unknown[];
  /** Leads to the next page; null = this is the last one. */
  readonly next: string | null;
}

/** One change that somebody with an admin key has made. */
export interface AdminAction {
  readonly operation: string;
  /** `admin:KEYNAME` */
  readonly actor: string;
  /** `policies/NAME` */
  readonly resource: string;
  readonly requestId: string;
  readonly outcome: "success" | "failure";
}

export interface AdminPlane {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A fresh request id. */
  readonly newId: () => string;
  readonly log: Log;
  readonly state: Pick<State, "configReload" | "inFlight" | "slots" | "interrupts" | "wheel">;
  /** What the configuration in force says about who may come in, and where. */
  readonly gate: () => AdminGate;
  /** `server.base_path`. */
  readonly basePath: () => string;
  readonly providers: () => Iterable<{ readonly name: string; readonly type: string }>;
  /** A provider's last failure, in the words of the log; undefined = none since the start. */
  readonly lastError: (provider: string) => string | undefined;
  /** The effective configuration without its secrets. */
  readonly config: () => ConfigShown;
  readonly keys: () => readonly KeyRow[];
  readonly reader: Pick<StoreReader, "listRequests" | "getRequest" | "readSpend">;
  readonly ledger: Pick<Ledger, "reset" | "onRow">;
  readonly policies: {
    /** Names of all policies, also where nothing was spent. */
    readonly names: () => readonly string[];
    readonly rows: () => readonly PolicyRow[];
  };
  /** Reads the configuration again; what came of it is in `state.configReload`. */
  readonly reload: () => void;
  /** Text for Prometheus. */
  readonly metrics: () => string;
  readonly audit: (action: AdminAction) => void;
}
