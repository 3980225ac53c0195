// Puts a gateway together that is ready to listen: store, state, configuration, administration.

import { isatty } from "node:tty";
import type { Loaded } from "../config/load.ts";
import type { Config, ServerConfig } from "../config/schema.ts";
import { compileSnapshot, type Snapshot } from "../gateway/snapshot.ts";
import { adopt, createState, type State } from "../gateway/state.ts";
import type { AdminPlane } from "../http/admin/plane.ts";
import type { DataPlane } from "../http/data-plane.ts";
import { createWheel } from "../lib/wheel.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Store } from "../store/open-store.ts";
import { createReader, createReaderWithin, type StoreReader } from "../store/read-aside.ts";
import type { Log } from "../telemetry/log.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { createReach } from "../upstream/reach.ts";
import { createUpstream } from "../upstream/send.ts";
import { createRandomAdminKey } from "./admin-key.ts";
import { createAdminPlane, createMetricSources } from "./administration.ts";
import type { Renewal } from "./certificate-renewal.ts";
import { openGatewayStore } from "./gateway-store.ts";
import type { Io } from "./io.ts";
import { createMocks } from "./mocks.ts";
import { createNativeCredentials } from "./native-credentials.ts";
import { createNetwork, plainFetch } from "./network.ts";
import { createSink } from "./record-sink.ts";
import { createReloader, type Live, type Reloader } from "./reload.ts";
import { BUILD } from "./version.ts";

export interface AssemblyParts {
  readonly io: Io;
  readonly log: Log;
  /** As the user named it. */
  readonly configPath: string;
  readonly load: () => Loaded;
  readonly loaded: Loaded;
  /** Of `loaded`, which is good. */
  readonly config: Config;
  /** Takes over a changed certificate. */
  readonly renewCertificate: (server: ServerConfig) => Renewal;
  /** Reads the configuration again, because somebody asked. */
  readonly reload: () => void;
}

export interface Assembly {
  readonly state: State;
  readonly reloader: Reloader;
  readonly snapshot: () => Snapshot;
  readonly plane: DataPlane;
  readonly administration: AdminPlane;
  /** Writes out all accounts, and gives the store to whoever waits for it. */
  close(): void;
}

const STDERR = 2;

/** @throws {CommandError} when the store cannot be opened, or the admin key not be written */
export async function assemble(parts: AssemblyParts): Promise<Assembly> {
  const { io, log, config } = parts;
  const live = (): Live => reloader.live();
  const snapshot = (): Snapshot => live().snapshot;
  const store = await openGatewayStore({
    config,
    live: () => live().config,
    log,
    onCommit: (ms) => metrics.commit(ms),
    wall: io.now,
    monotonic,
  });
  const state = openState(store.ledger);
  const metrics = createMetrics(createMetricSources(BUILD, state, snapshot));
  const reloader = createLiveReloader(parts, state);
  adopt(state, snapshot());
  const lastErrors = new Map<string, string>();
  const reader = readerOf(store);
  const sink = createSink({
    state,
    log,
    metrics,
    monotonic,
    onProviderError: (provider, error) => lastErrors.set(provider, error),
  });
  return {
    state,
    reloader,
    snapshot,
    plane: { state, snapshot, now: io.now, newId, sink },
    administration: createAdministration(parts, { state, live, reader, metrics, lastErrors }),
    close() {
      reader.close();
      store.close();
    },
  };
}

function createAdministration(
  { io, log, reload }: AssemblyParts,
  {
    state,
    live,
    reader,
    metrics,
    lastErrors,
  }: {
    readonly state: State;
    readonly live: () => Live;
    readonly reader: StoreReader;
    readonly metrics: Metrics;
    readonly lastErrors: ReadonlyMap<string, string>;
  },
): AdminPlane {
  return createAdminPlane({
    version: BUILD.version,
    startedAt: io.now(),
    now: io.now,
    newId,
    log,
    state,
    live,
    reader,
    reload,
    metrics: () => metrics.text(),
    audit: ({ operation, actor, resource, outcome, requestId }) =>
      log.info({ request_id: requestId, operation, actor, resource, outcome }, "administration"),
    lastError: (provider) => lastErrors.get(provider),
    randomDigest: createRandomAdminKey({ io, isTerminal: isatty(STDERR), uid: process.getuid?.() }),
  });
}

function createLiveReloader(parts: AssemblyParts, state: State): Reloader {
  const { io, log, configPath, load, loaded, config, renewCertificate } = parts;
  const createMock = createMocks({ now: io.now, newId: shortId });
  const credentials = createNativeCredentials({ fetch: plainFetch, now: io.now, env: io.env });
  const compile = (good: Config, { credentialNames }: Loaded): Snapshot =>
    compileSnapshot(good, { now: io.now, credentialNames, createMock, credentials });
  const started: Live = { ...loaded, config, snapshot: compile(config, loaded) };
  return createReloader(started, {
    path: configPath,
    load,
    compile,
    renewCertificate,
    adopted: (good) => adopt(state, good),
    state,
    log,
    now: io.now,
  });
}

function readerOf({ path, database }: Store): StoreReader {
  return path === undefined ? createReaderWithin(database) : createReader(path);
}

/** A clock that never steps back. */
function monotonic(): number {
  return performance.now();
}

function openState(ledger: Ledger): State {
  const wheel = createWheel(monotonic);
  const reach = createReach(createNetwork(monotonic));
  return createState({
    wheel,
    ledger,
    instanceId: shortId(),
    upstream: createUpstream({ fetch: plainFetch, reach, wheel }),
  });
}

function newId(): string {
  return Bun.randomUUIDv7();
}

function shortId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}
