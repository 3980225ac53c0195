// `postern serve`: puts the gateway together, and is the only place where it meets clock, randomness, network and signals.

import packageJson from "../../package.json" with { type: "json" };
import { type Loaded, loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { listModels } from "../gateway/list-models.ts";
import { compileSnapshot, type Snapshot } from "../gateway/snapshot.ts";
import { adopt, createState, type State } from "../gateway/state.ts";
import type { Listener } from "../http/app.ts";
import type { DataPlane } from "../http/data-plane.ts";
import { createThrottle } from "../lib/throttle.ts";
import { createWheel } from "../lib/wheel.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import { createReach } from "../upstream/reach.ts";
import { createUpstream } from "../upstream/send.ts";
import { banner } from "./banner.ts";
import { bind } from "./bind.ts";
import { untilStopped } from "./drain.ts";
import { createMemoryLook } from "./give-back-memory.ts";
import { EXIT, type Io } from "./io.ts";
import { keepCurrent } from "./keep-current.ts";
import { createMocks } from "./mocks.ts";
import { createNetwork } from "./network.ts";
import { createReloader } from "./reload.ts";

/** How often it is looked whether memory can be given back. */
const MEMORY_LOOK_MS = 3_000;

/** Runs until it is told to stop; resolves with the exit code. */
export async function serve(io: Io, { configPath }: { readonly configPath: string }): Promise<number> {
  // Until there is something to reload the signal is ignored; by default it would end the process.
  process.on("SIGHUP", () => {});
  const stdin = configPath === "-" ? { stdin: await io.readStdin() } : {};
  const load = (): Loaded => loadConfig(configPath, { env: io.env, ...stdin });
  const loaded = load();
  const { config, problems } = loaded;
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`);
  if (config === undefined) return EXIT.bad;
  const log = await openLog(config, io);
  const createMock = createMocks({ now: io.now, newId: shortId });
  const compile = (good: Config, { credentialNames }: Loaded): Snapshot =>
    compileSnapshot(good, { now: io.now, credentialNames, createMock });
  const state = openState();
  const reloader = createReloader(
    { ...loaded, config, snapshot: compile(config, loaded) },
    {
      path: configPath,
      load,
      compile,
      renewCertificate: (server) => listener.renewCertificate(server),
      adopted: (good) => adopt(state, good),
      state,
      log,
      now: io.now,
    },
  );
  const snapshot = (): Snapshot => reloader.live().snapshot;
  adopt(state, snapshot());
  const listener = await bind(config.server, createPlane(snapshot, state, log, io));
  const isIdle = (): boolean => state.inFlight.value === 0;
  const stopWatching = keepCurrent({
    path: configPath,
    reloader,
    log,
    now: io.now,
    isIdle,
  });
  const look = createMemoryLook({ resident: process.memoryUsage.rss, collect: Bun.gc, isIdle });
  const looking = setInterval(look, MEMORY_LOOK_MS);
  const stopped = untilStopped({ state, listener, snapshot, log });
  // Last of all: whoever reads it may send a signal at once.
  io.stderr(
    banner({
      config,
      version: packageJson.version,
      address: addressOf(config, listener),
      model: firstModel(snapshot()),
    }),
  );
  const code = await stopped;
  clearInterval(looking);
  stopWatching();
  log.flush();
  return code;
}

async function openLog(config: Config, io: Io): Promise<Log> {
  const { level, format } = config.log;
  const pretty = format === "pretty" || (format === "auto" && io.isTty);
  const prettify = pretty ? (await import("../telemetry/pretty-log.ts")).createPrettifier() : undefined;
  return createLog({ level, prettify, now: io.now, write: (lines) => writeLog(io, lines) });
}

/** A full disk or a closed pipe behind standard output must not stop the gateway, and there is nowhere left to say so. */
function writeLog(io: Io, lines: string): void {
  try {
    io.stdout(lines);
  } catch {}
}

/** A clock that never steps back. */
function monotonic(): number {
  return performance.now();
}

function openState(): State {
  const wheel = createWheel(monotonic);
  const reach = createReach(createNetwork(monotonic));
  return createState({
    wheel,
    instanceId: shortId(),
    upstream: createUpstream({ fetch: (url, init) => fetch(url, init), reach, wheel }),
  });
}

function createPlane(snapshot: () => Snapshot, state: State, log: Log, io: Io): DataPlane {
  return {
    state,
    snapshot,
    now: io.now,
    newId: () => Bun.randomUUIDv7(),
    sink: {
      log,
      now: monotonic,
      throttle: createThrottle(1_000, monotonic),
      closed(record) {
        if (!record.uncounted) state.inFlight.give(1);
        state.buffered.give(record.heldBytes);
      },
    },
  };
}

function shortId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}

function addressOf({ server }: Config, listener: Listener): string | undefined {
  if (listener.port === undefined) return undefined;
  const host = server.listen.slice(0, server.listen.lastIndexOf(":"));
  const shown = { "0.0.0.0": "127.0.0.1", "[::]": "[::1]" }[host] ?? host;
  const scheme = server.tls === undefined ? "http" : "https";
  return `${scheme}://${shown}:${listener.port}${server.base_path.replace(/\/+$/, "")}`;
}

/** A model for the banner's example: of the anonymous key, or of any provider when callers need keys. */
function firstModel({ keys, directory }: Snapshot): string | undefined {
  if (keys.anonymous !== undefined) return listModels(keys.anonymous, directory)[0]?.id;
  const provider = [...directory.providers.values()].find(({ declared }) => declared.length > 0);
  return directory.models.keys().next().value ?? (provider && `${provider.name}/${provider.declared[0]}`);
}
