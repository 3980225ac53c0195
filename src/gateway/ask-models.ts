// Asks a provider what models it has, as any call of it is made, but for the gateway itself and with little patience.

import { DIALECTS } from "../catalog/providers.ts";
import type { Dialect, Provider } from "../exchange.ts";
import { readModelIds } from "../formats/model-list.ts";
import { ENDPOINTS } from "../formats/table.ts";
import { readAtMost } from "../lib/byte-reader.ts";
import { createAlarm, type Wheel } from "../lib/wheel.ts";
import type { Listing } from "../routing/discovery.ts";
import { ANTHROPIC_VERSION, buildRequest, type UpstreamRequest } from "../upstream/request.ts";
import type { Outcome, Reply, Upstream } from "../upstream/send.ts";

interface AskDeps {
  readonly upstream: Upstream;
  readonly wheel: Wheel;
  readonly instanceId: string;
}

const ASK_MS = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_IDS = 5_000;

/** Asks one provider for its list; what comes of it is a value, never an exception. */
export function createModelsAsk(deps: AskDeps): (provider: Provider) => Promise<Listing> {
  return async (provider) => {
    const control = new AbortController();
    const giveUp = (): void => control.abort("interrupted");
    const alarm = createAlarm(deps.wheel, deps.wheel.now() + ASK_MS);
    let isLate = false;
    void alarm.rang.then(() => {
      isLate = true;
      giveUp();
    });
    try {
      const outcome = await deps.upstream.send(modelsRequest(provider, deps.instanceId), provider, control);
      return outcome.kind === "reply" ? await readListing(outcome.reply, giveUp) : failed(reasonOf(outcome));
    } catch {
      return failed(isLate ? NO_ANSWER : "its answer broke off");
    } finally {
      alarm.cancel();
    }
  };
}

/** Whether a provider of this dialect has endpoints below `/v1`, a list of models among them. */
export function isServedBelowV1(dialect: Dialect): boolean {
  return dialect === DIALECTS.openai || dialect === DIALECTS.anthropic;
}

/**
 * The request for a provider's list. Servers that speak Anthropic's format only want its header, and give twenty models
 * unless asked for more.
 */
export function modelsRequest(provider: Provider, instanceId: string): UpstreamRequest {
  const { models, messages, chat } = ENDPOINTS;
  const only = provider.endpoints.has(messages.name) && !provider.endpoints.has(chat.name);
  return buildRequest({
    provider,
    endpoint: models,
    path: models.path,
    search: only ? "?limit=1000" : "",
    clientHeaders: new Headers({
      accept: "application/json",
      ...(only ? { [ANTHROPIC_VERSION.name]: ANTHROPIC_VERSION.value } : {}),
    }),
    // Nobody who signs, or wants tokens, is asked.
    nowMs: 0,
    body: undefined,
    hops: instanceId,
  });
}

async function readListing({ response, timers, done }: Reply, giveUp: () => void): Promise<Listing> {
  let isWhole = false;
  try {
    timers.started();
    if (!response.ok) return failed(`it answered ${response.status}`);
    const body = await readAtMost(response.body, MAX_BYTES);
    if (body === undefined) return failed("its list is too long");
    isWhole = true;
    const ids = readModelIds(body);
    if (ids === undefined) return failed("its answer is no list of models");
    return { kind: "listed", ids: new Set(ids.slice(0, MAX_IDS)) };
  } finally {
    done(isWhole);
    if (!isWhole) giveUp();
  }
}

const NO_ANSWER = "no answer within five seconds";

function reasonOf(outcome: Exclude<Outcome, { readonly kind: "reply" }>): string {
  switch (outcome.kind) {
    case "unreachable":
      return outcome.message;
    case "timeout":
      return `no answer within its \`timeouts.${outcome.timer}\``;
    case "aborted":
      return NO_ANSWER;
  }
}

function failed(reason: string): Listing {
  return { kind: "failed", reason };
}
