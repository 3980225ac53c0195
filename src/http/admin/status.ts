// What runs: version, what came of loading the configuration, load by provider; and the order to load it again.

import { timeText } from "./answers.ts";
import { type AdminEndpoint, json, named } from "./endpoint.ts";
import type { AdminPlane } from "./plane.ts";

type ConfigReload = AdminPlane["state"]["configReload"];

export const STATUS: AdminEndpoint = {
  method: "GET",
  path: "status",
  operationId: "getStatus",
  summary: "What runs, and how the last try to load the configuration went.",
  query: [],
  answer: json(named("Status"), "The state of the gateway."),
  refusals: [400],
  run: ({ plane }) => Response.json(statusOf(plane)),
};

export const RELOAD: AdminEndpoint = {
  method: "POST",
  path: "reload",
  operationId: "reload",
  summary: "Reads the configuration again. What is bad stays out of force.",
  query: [],
  answer: json(named("CheckResult"), "What came of it, as `postern check --json` prints it."),
  refusals: [400, 413, 415],
  run: ({ plane, requestId, admin }) => {
    plane.reload();
    const { ok, problems } = plane.state.configReload;
    plane.audit({
      operation: "reload",
      actor: `admin:${admin.name}`,
      resource: "config",
      requestId,
      outcome: ok ? "success" : "failure",
    });
    return Response.json({ ok, problems: problems.map(problemOf) });
  },
};

function statusOf({ version, startedAt, state, providers, lastError }: AdminPlane): object {
  const { path, hash, loadedAt, ok, problems } = state.configReload;
  return {
    version,
    started_at: timeText(startedAt),
    config: { path, hash, loaded_at: timeText(loadedAt), ok, problems: problems.map(problemOf) },
    in_flight: state.inFlight.value,
    providers: [...providers()].map(({ name, type }) => {
      const { underWay, waiting } = state.slots.load(name);
      // Nothing takes a provider out of service in this version.
      const health = { state: "closed", last_error: lastError(name) ?? null };
      return { name, type, ...health, in_flight: underWay, queued: waiting };
    }),
  };
}

/** As `check --json` prints it: errors without a level, as most readers care for nothing else. */
function problemOf({ level, ...problem }: ConfigReload["problems"][number]): object {
  return level === "error" ? problem : { ...problem, level };
}
