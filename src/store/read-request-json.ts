// A kept request as the admin API and `postern logs --json` show it.

import type { Price } from "../exchange.ts";
import type { Usage } from "../formats/usage.ts";
import { formatUsd, toJsonNano } from "../lib/money.ts";
import type { AttemptRow, RequestRow } from "./entry.ts";

/** What the contract of the admin API calls REQUEST; null = not known, or there is none. */
export interface RequestJson {
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly key: string | null;
  readonly user: string | null;
  readonly workspace: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly format: string;
  readonly endpoint: string;
  readonly requested_model: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  /** `provider/model`, or the provider alone where there is no model. */
  readonly target: string | null;
  readonly stream: boolean;
  readonly status: number;
  /** Null when all went well. */
  readonly code: string | null;
  readonly attempts: readonly AttemptJson[];
  readonly usage: UsageJson | null;
  readonly cost_usd: string;
  readonly cost_nano_usd: number | string;
  readonly price: PriceJson | null;
  readonly timings: {
    readonly total_ms: number;
    readonly first_byte_ms: number | null;
    readonly overhead_ms: number;
  };
  readonly policies: {
    readonly matched: readonly string[];
    readonly passed: readonly string[];
    readonly violated: readonly string[];
  };
  readonly redactions: Readonly<Record<string, number>>;
  readonly cache: string | null;
  readonly ended: string;
  readonly issues: readonly string[];
  readonly flags: readonly string[];
  readonly client: { readonly ip: string | null; readonly user_agent: string | null };
  readonly trace_id: string | null;
}

interface AttemptJson {
  readonly target: string;
  readonly status: number | null;
  readonly outcome: string;
  readonly ms: number;
  readonly cost_nano_usd: number | string;
}

interface UsageJson {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
}

/** US dollars per million tokens, as a configuration writes them. */
interface PriceJson {
  readonly source: string;
  readonly match: string;
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

/** Brings a row into the shape of the admin API: word by word what the contract promises. */
export function requestJson(row: RequestRow): RequestJson {
  const { profile } = row;
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    key: profile.key ?? null,
    user: profile.user ?? null,
    workspace: profile.workspace ?? null,
    tags: profile.tags,
    format: row.format,
    endpoint: row.endpoint,
    requested_model: row.requestedModel ?? null,
    provider: profile.provider ?? null,
    model: profile.model ?? null,
    target: targetOf(profile.provider, profile.model),
    stream: row.stream,
    status: row.status,
    code: row.code ?? null,
    attempts: row.attempts.map(attemptJson),
    usage: row.usage === undefined ? null : usageJson(row.usage),
    cost_usd: formatUsd(row.costNanoUsd),
    cost_nano_usd: toJsonNano(row.costNanoUsd),
    price: row.price === undefined ? null : priceJson(row.price),
    timings: {
      total_ms: rounded(row.totalMs),
      first_byte_ms: row.firstByteMs === undefined ? null : rounded(row.firstByteMs),
      overhead_ms: rounded(row.overheadMs),
    },
    policies: { matched: profile.policies, passed: row.passed, violated: row.violated },
    redactions: {},
    cache: null,
    ended: row.ended,
    issues: [],
    flags: row.flags,
    client: { ip: row.clientIp ?? null, user_agent: row.userAgent ?? null },
    trace_id: row.traceId ?? null,
  };
}

function targetOf(provider: string | undefined, model: string | undefined): string | null {
  if (provider === undefined) return null;
  return model === undefined ? provider : `${provider}/${model}`;
}

function attemptJson({ target, status, outcome, ms, costNanoUsd }: AttemptRow): AttemptJson {
  return { target, status: status ?? null, outcome, ms: rounded(ms), cost_nano_usd: toJsonNano(costNanoUsd) };
}

function usageJson(usage: Usage): UsageJson {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    reasoning_tokens: usage.reasoningTokens,
  };
}

function priceJson({ source, match, ...rates }: Price): PriceJson {
  return {
    source,
    match,
    input: Number(formatUsd(rates.input)),
    output: Number(formatUsd(rates.output)),
    cache_read: Number(formatUsd(rates.cacheRead)),
    cache_write: Number(formatUsd(rates.cacheWrite)),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
