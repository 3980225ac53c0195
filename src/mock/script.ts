// Chooses the script entry that answers a request.

import type { Ask } from "./ask.ts";
import type { ScriptEntry } from "./settings.ts";
import { compileTemplate, type Template } from "./template.ts";

/** A script entry, made ready; its count goes down as it is used. */
export interface Step {
  readonly when: NonNullable<ScriptEntry["when"]>;
  readonly reply: Template | undefined;
  readonly toolCall: { readonly name: string; readonly argumentsJson: string } | undefined;
  readonly status: number | undefined;
  readonly stallMs: number;
  usesLeft: number;
}

export function compileScript(entries: readonly ScriptEntry[]): readonly Step[] {
  return entries.map((entry) => ({
    when: entry.when ?? {},
    reply: entry.reply === undefined ? undefined : compileTemplate(entry.reply),
    toolCall: entry.toolCall && {
      name: entry.toolCall.name,
      argumentsJson:
        typeof entry.toolCall.arguments === "string"
          ? entry.toolCall.arguments
          : JSON.stringify(entry.toolCall.arguments),
    },
    status: entry.status,
    stallMs: entry.stallMs ?? 0,
    usesLeft: entry.times ?? Number.POSITIVE_INFINITY,
  }));
}

/** The first entry that matches and is not used up; using it counts. */
export function takeStep(steps: readonly Step[], ask: Ask): Step | undefined {
  const step = steps.find((candidate) => candidate.usesLeft > 0 && matches(candidate.when, ask));
  if (step) step.usesLeft--;
  return step;
}

function matches(when: Step["when"], ask: Ask): boolean {
  const endpointFits =
    when.endpoint === undefined ? ask.endpoint !== "count_tokens" : when.endpoint === ask.endpoint;
  return (
    endpointFits &&
    (when.model === undefined || when.model === ask.model) &&
    (when.contains === undefined || ask.newest.includes(when.contains))
  );
}
