// What Postern is told in the benchmarks: every list that can be there is there, and allows.

import { BENCH_KEY } from "./contender.ts";
import { PUBLIC_MODEL, UPSTREAM_MODEL } from "./payloads.ts";

export interface Setting {
  readonly port: number;
  readonly upstreamPort: number;
  /** Two budgets, a rate limit and a price. */
  readonly policies: boolean;
  /** Where the store lies; undefined = beside the configuration. */
  readonly store: string | undefined;
}

/** Every call is counted in all of these: a budget for all, a budget for each key, and a rate limit. */
export const BUDGETS = ["bench", "bench per key"] as const;

/**
 * Tokens a minute: more than can come, so that none of the measured calls is refused, and less than one call can ask
 * for, so that it can be shown that the limit is there.
 */
export const TOKENS_PER_MINUTE = 900_000_000;

/** The file that `serve --config` reads. */
export function configuration({ port, upstreamPort, policies, store }: Setting): string {
  return `organization: { name: bench, models_allowed: ["*", "!*-preview"], providers_allowed: ["*"] }
server: { listen: 127.0.0.1:${port} }
log: { level: info, format: json }
providers:
  upstream:
    base_url: http://127.0.0.1:${upstreamPort}/v1
    api_key: bench-upstream-credential
    models: ["bench/*", "!*-preview"]
models:
  ${PUBLIC_MODEL}: upstream/${UPSTREAM_MODEL}
workspaces:
  research: { models_allowed: ["*"], providers_allowed: [upstream] }
users:
  bench@example.com: { models_allowed: ["upstream/*", ${PUBLIC_MODEL}] }
keys:
  bench:
    hash: sha256:${new Bun.CryptoHasher("sha256").update(BENCH_KEY).digest("hex")}
    user: bench@example.com
    workspace: research
    models_allowed: ["upstream/*", ${PUBLIC_MODEL}]
    providers_allowed: [upstream]
${store === undefined ? "" : `store: { path: ${store} }\n`}${policies ? POLICIES : ""}`;
}

const POLICIES = `spend_policies:
  ${BUDGETS[0]}: { limit_usd: 100000000, window: month }
  ${BUDGETS[1]}: { limit_usd: 100000000, window: day, each: key }
rate_limits:
  bench rate: { each: key, requests: 100000000/minute, tokens: ${TOKENS_PER_MINUTE}/minute }
pricing:
  models:
    "upstream/*": { input: 2.5, output: 10 }
`;
