// Compiles the `mock` section of a provider: durations to milliseconds, YAML's spelling to ours.

import type { ProviderConfig } from "../config/schema.ts";
import { durationMs } from "../lib/duration.ts";
import type { MockSettings, ScriptEntry } from "../mock/settings.ts";

type MockConfig = NonNullable<ProviderConfig["mock"]>;

export function compileMock(config: MockConfig): MockSettings {
  return {
    reply: config.reply,
    latencyMs: durationMs(config.latency),
    tokensPerSecond: config.tokens_per_second,
    usage:
      config.usage === undefined
        ? undefined
        : { promptTokens: config.usage.prompt_tokens, completionTokens: config.usage.completion_tokens },
    fail: config.fail,
    script: config.script.map(compileEntry),
    models: config.models,
  };
}

function compileEntry(entry: MockConfig["script"][number]): ScriptEntry {
  return {
    when: entry.when,
    reply: entry.reply,
    toolCall: entry.tool_call,
    status: entry.status,
    stallMs: stallMs(entry.stall),
    times: entry.times,
  };
}

function stallMs(stall: string | number | boolean | undefined): number | undefined {
  if (stall === undefined || stall === false) return undefined;
  return stall === true ? Number.POSITIVE_INFINITY : durationMs(stall);
}
