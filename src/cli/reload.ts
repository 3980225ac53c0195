// Takes over a changed configuration while the gateway runs: a good one whole, by one swap, a bad one not at all.

import { type Changes, changesBetween } from "../config/changes.ts";
import type { Loaded } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import { keepRunning } from "../config/restart-only.ts";
import type { Config, ServerConfig } from "../config/schema.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { ConfigReload, State } from "../gateway/state.ts";
import { policyChanges } from "../policies/policy-changes.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import type { Renewal } from "./certificate-renewal.ts";

/** A good configuration and what was compiled from it. */
export interface Live extends Loaded {
  readonly config: Config;
  readonly snapshot: Snapshot;
}

export interface ReloadDeps {
  /** As the user named it. */
  readonly path: string;
  readonly load: () => Loaded;
  /** @throws when a file that was there a moment ago cannot be read */
  readonly compile: (config: Config, loaded: Loaded) => Snapshot;
  /** @throws when the certificate cannot be used */
  readonly renewCertificate: (server: ServerConfig) => Renewal;
  /** What has been taken over is in force from now on. */
  readonly adopted?: (snapshot: Snapshot) => void;
  readonly state: Pick<State, "configReload">;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Reloader {
  /** The configuration in force. */
  live(): Live;
  /**
   * Reads the files again and takes over what they hold, if that is good and not what was tried last. Never throws.
   * `asked`: somebody waits for an answer in the log, also when nothing has changed.
   *
   * @returns all files that a later change may be in
   */
  reload(asked: boolean): readonly string[];
}

/** Starts from the configuration that the gateway was started with. */
export function createReloader(started: Live, deps: ReloadDeps): Reloader {
  const { state, log } = deps;
  state.configReload = statusOf(started, deps);
  let live = started;
  /** What the file said last, where it was good: unlike what is in force, with settings that wait for a restart. */
  let wanted = started.config;
  let triedHash: string | undefined = started.hash;
  let knownWarnings = new Set(started.problems.map(formatProblem));

  function reload(asked: boolean): readonly string[] {
    try {
      const loaded = deps.load();
      if (loaded.hash === triedHash) {
        if (asked) logUnchanged();
      } else {
        triedHash = loaded.hash;
        if (loaded.config === undefined) refuse(loaded.problems);
        else accept(loaded, loaded.config);
      }
      return [...loaded.files, ...live.files];
    } catch (error) {
      // A file that changes while it is read: whatever it holds next counts as not tried.
      triedHash = undefined;
      refuse([unexpected(deps.path, error)]);
      return live.files;
    }
  }

  function logUnchanged(): void {
    if (state.configReload.ok) log.info({}, "the configuration has not changed");
    else log.warn({}, `the configuration is still bad: ${KEPT}`);
  }

  function refuse(problems: readonly Problem[]): void {
    state.configReload = { ...state.configReload, ok: false, problems };
    for (const problem of problems)
      if (problem.level === "error")
        log.error(fieldsOf(problem), `bad configuration: ${formatProblem(problem)}`);
    log.warn({}, KEPT);
  }

  function accept(loaded: Loaded, config: Config): void {
    const before = live;
    const kept = keepRunning(before.config, config);
    const snapshot = deps.compile(kept.config, loaded);
    // Where the file has no certificate any more, the running one stays, and its files may be gone.
    const renewal = config.server.tls === undefined ? "unchanged" : deps.renewCertificate(kept.config.server);
    live = { ...loaded, config: kept.config, snapshot };
    deps.adopted?.(snapshot);
    const { ok } = state.configReload;
    state.configReload = statusOf(loaded, deps);
    log.setLevel(kept.config.log.level);
    log.info(
      listed(changesBetween(before.config, kept.config), contentChanges(before.snapshot, snapshot, renewal)),
      ok ? "configuration reloaded" : "the configuration is good again, and in force",
    );
    for (const { name, change, hint } of policyChanges(before.snapshot.policies, snapshot.policies))
      log.info({ policy: name, change, hint }, `policy ${name}: ${change}`);
    warn(loaded.problems);
    const changedNow = keepRunning(wanted, config).waiting;
    const waiting = kept.waiting.filter((name) => changedNow.includes(name));
    if (renewal === "needs restart") waiting.push("server.tls");
    if (waiting.length > 0)
      log.warn({ settings: waiting }, `only a restart puts these changes in force: ${waiting.join(", ")}`);
    wanted = config;
  }

  function warn(problems: readonly Problem[]): void {
    for (const problem of problems)
      if (!knownWarnings.has(formatProblem(problem)))
        log.warn(fieldsOf(problem), `configuration: ${formatProblem(problem)}`);
    knownWarnings = new Set(problems.map(formatProblem));
  }

  return { live: () => live, reload };
}

function statusOf({ problems, hash }: Loaded, { path, now }: ReloadDeps): ConfigReload {
  return { ok: true, problems, path, loadedAt: now(), hash };
}

const KEPT = "the last good configuration stays in force";

function fieldsOf({ file, line, column, path, message }: Problem): LogFields {
  return { file, line, column, path, message };
}

function unexpected(path: string, error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    level: "error",
    file: path,
    line: 1,
    column: 1,
    path: "",
    message: `could not be taken over: ${reason}`,
  };
}

/** Changes that the configuration does not show, since it only names the files. */
function contentChanges(before: Snapshot, after: Snapshot, renewal: Renewal): string[] {
  const names: string[] = renewal === "renewed" ? ["server.tls"] : [];
  for (const [name, provider] of after.directory.providers) {
    const old = before.directory.providers.get(name);
    if (old !== undefined && old.tls.ca !== provider.tls.ca) names.push(`providers.${name}`);
  }
  return names;
}

/** More names than this help nobody who reads a log. */
const MAX_NAMES = 50;

function listed({ added, removed, changed }: Changes, more: readonly string[]): LogFields {
  const all = { added, removed, changed: [...new Set([...changed, ...more])] };
  return Object.fromEntries(
    Object.entries(all).flatMap(([kind, names]) => (names.length === 0 ? [] : [[kind, shortened(names)]])),
  );
}

function shortened(names: readonly string[]): readonly string[] {
  if (names.length <= MAX_NAMES) return names;
  return [...names.slice(0, MAX_NAMES), `and ${names.length - MAX_NAMES} more`];
}
