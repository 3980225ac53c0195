// What providers have said they offer: asked when somebody needs it, kept for a while, renewed in the background.

import { isDeepStrictEqual } from "node:util";
import type { Provider } from "../exchange.ts";
import { createAlarm, type Wheel } from "../lib/wheel.ts";

/** A provider that has not said what it offers, and why, for the reader of an error. */
export interface Unasked {
  readonly provider: Provider;
  readonly reason: string;
}

/** What providers are known to offer beside what the configuration says. */
export interface Discovered {
  /** Ids that a provider has listed, whether they may be used or not. */
  idsOf(provider: Provider): Iterable<string>;
  /** Providers that have listed a bare id, and whose own `models` allow it. */
  offering(id: string): readonly Provider[];
  readonly unasked: readonly Unasked[];
}

export const NOTHING_DISCOVERED: Discovered = { idsOf: () => [], offering: () => [], unasked: [] };

/** A provider's answer to the question what it offers. */
export type Listing =
  | { readonly kind: "listed"; readonly ids: ReadonlySet<string> }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Whose answer somebody waits for who needs to know: nobody's, that of providers never asked before, of all that have
 * no list yet, or of all whose list may be outdated.
 */
export type Need = "nothing" | "first answers" | "first lists" | "all";

export interface DiscoveryDeps {
  readonly ask: (provider: Provider) => Promise<Listing>;
  readonly wheel: Wheel;
}

const LISTED_FOR_MS = 60_000;
const FAILED_FOR_MS = 5_000;

/** Two seconds, less what the wheel may be late. */
const PATIENCE_MS = 1_900;

/** What is known of one provider. A list outlives a later failure to renew it. */
interface Knowledge {
  provider: Provider;
  ids: ReadonlySet<string> | undefined;
  failure: string | undefined;
  /** In the wheel's clock. */
  freshUntil: number;
  /** The question under way; it never rejects. */
  asking: Promise<"answered"> | undefined;
}

/** The lists of all providers, by name. Nothing is asked before somebody needs it. */
export class Discovery {
  readonly #deps: DiscoveryDeps;
  readonly #known = new Map<string, Knowledge>();

  constructor(deps: DiscoveryDeps) {
    this.#deps = deps;
  }

  /** Forgets all other providers, and those that lead elsewhere than they did under the same name. */
  keep(providers: readonly Provider[]): void {
    const byName = new Map(providers.map((provider) => [provider.name, provider]));
    for (const [name, { provider }] of this.#known) {
      const now = byName.get(name);
      if (now === undefined || !isSameUpstream(now, provider)) this.#known.delete(name);
    }
  }

  /** What the providers have said so far; whose answer is outdated is asked in the background. */
  look(providers: readonly Provider[]): Discovered {
    const all = providers.map((provider) => this.#knowledgeOf(provider));
    for (const known of all) this.#renew(known);
    return {
      idsOf: ({ name }) => all.find(({ provider }) => provider.name === name)?.ids ?? [],
      offering: (id) => all.filter((known) => offers(known, id)).map(({ provider }) => provider),
      unasked: all.flatMap(({ provider, ids, failure }) => {
        if (failure !== undefined) return [{ provider, reason: failure }];
        return ids === undefined ? [{ provider, reason: "no answer yet" }] : [];
      }),
    };
  }

  /** As {@link look}, but waits for what is needed, at most two seconds, and not for a client that has left. */
  async wait(
    providers: readonly Provider[],
    need: (found: Discovered) => Need,
    client: AbortSignal,
  ): Promise<Discovered> {
    const known = this.look(providers);
    if (this.#answers(providers, need(known)).length === 0) return known;
    const { wheel } = this.#deps;
    const { promise: gone, resolve } = Promise.withResolvers<undefined>();
    const hangUp = (): void => resolve(undefined);
    client.addEventListener("abort", hangUp, { once: true });
    const alarm = createAlarm(wheel, wheel.now() + PATIENCE_MS);
    try {
      for (;;) {
        const found = this.look(providers);
        const answers = this.#answers(providers, need(found));
        if (answers.length === 0 || client.aborted) return found;
        const answered = await Promise.race([...answers, alarm.rang, gone]);
        if (answered === undefined) return this.look(providers);
      }
    } finally {
      alarm.cancel();
      client.removeEventListener("abort", hangUp);
    }
  }

  /** The answers to come that are needed. */
  #answers(providers: readonly Provider[], need: Need): Promise<"answered">[] {
    return providers.flatMap((provider) => {
      const { asking, ids, failure } = this.#knowledgeOf(provider);
      if (asking === undefined || need === "nothing") return [];
      if (need === "first lists" && ids !== undefined) return [];
      if (need === "first answers" && (ids !== undefined || failure !== undefined)) return [];
      return [asking];
    });
  }

  #knowledgeOf(provider: Provider): Knowledge {
    const known = this.#known.get(provider.name);
    if (known !== undefined && isSameUpstream(known.provider, provider)) {
      known.provider = provider;
      return known;
    }
    const nothing: Knowledge = {
      provider,
      ids: undefined,
      failure: undefined,
      freshUntil: Number.NEGATIVE_INFINITY,
      asking: undefined,
    };
    this.#known.set(provider.name, nothing);
    return nothing;
  }

  #renew(known: Knowledge): void {
    if (known.asking === undefined && this.#deps.wheel.now() >= known.freshUntil)
      known.asking = this.#ask(known);
  }

  async #ask(known: Knowledge): Promise<"answered"> {
    const listing = await this.#deps.ask(known.provider).catch(() => FAULT);
    if (listing.kind === "listed") {
      known.ids = listing.ids;
      known.failure = undefined;
    } else known.failure = listing.reason;
    known.freshUntil = this.#deps.wheel.now() + (listing.kind === "listed" ? LISTED_FOR_MS : FAILED_FOR_MS);
    known.asking = undefined;
    return "answered";
  }
}

const FAULT: Listing = { kind: "failed", reason: "it could not be asked" };

function offers({ provider, ids }: Knowledge, id: string): boolean {
  return ids?.has(id) === true && provider.models?.allows([id]) !== false;
}

/** Whether two providers of the same name, of different configurations, would give the same list. */
function isSameUpstream(one: Provider, other: Provider): boolean {
  return one === other || isDeepStrictEqual(reachedBy(one), reachedBy(other));
}

function reachedBy({ root, auth, credential, headers, tls, httpProxy, local }: Provider): readonly unknown[] {
  return [root, auth, credential?.reveal(), headers, tls, httpProxy, local];
}
