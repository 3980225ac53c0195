// `postern serve`: loads the configuration, listens, says where, and runs until it is told to stop.

import { type Loaded, loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { listModels } from "../gateway/list-models.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { Listener } from "../http/app.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import { assemble } from "./assemble.ts";
import { banner } from "./banner.ts";
import { bind } from "./bind.ts";
import { untilStopped } from "./drain.ts";
import { createMemoryLook } from "./give-back-memory.ts";
import { EXIT, type Io } from "./io.ts";
import { keepCurrent } from "./keep-current.ts";
import { BUILD } from "./version.ts";

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
  const gateway = await assemble({
    io,
    log,
    configPath,
    load,
    loaded,
    config,
    renewCertificate: (server) => listener.renewCertificate(server),
    reload: () => keeping.reload(),
  });
  const { state, snapshot, reloader } = gateway;
  const listener = await bind(config, gateway.plane, gateway.administration);
  const isIdle = (): boolean => state.inFlight.value === 0;
  const keeping = keepCurrent({ path: configPath, reloader, log, now: io.now, isIdle });
  const look = createMemoryLook({ resident: process.memoryUsage.rss, collect: Bun.gc, isIdle });
  const looking = setInterval(look, MEMORY_LOOK_MS);
  const stopped = untilStopped({ state, listener, snapshot, log });
  // Last of all: whoever reads it may send a signal at once.
  const address = addressOf(config, listener);
  io.stderr(banner({ config, version: BUILD.version, address, model: firstModel(snapshot()) }));
  const code = await stopped;
  clearInterval(looking);
  keeping.stop();
  gateway.close();
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
