// Finds out what providers offer, for a request that the configuration alone cannot answer.

import { providerRefusalOf } from "../access/allowlist.ts";
import { GatewayError } from "../errors.ts";
import type { Provider, VirtualKey } from "../exchange.ts";
import { type Discovered, type Need, NOTHING_DISCOVERED } from "../routing/discovery.ts";
import { splitProvider } from "../routing/resolve.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { listModels } from "./list-models.ts";
import type { Snapshot } from "./snapshot.ts";
import type { State } from "./state.ts";

/** Who asks, and what there is to answer from. */
export interface Asking {
  readonly key: VirtualKey;
  readonly client: AbortSignal;
  readonly snapshot: Snapshot;
  readonly state: State;
  readonly record: RequestRecord;
}

/**
 * For a bare id that the configuration does not name. An id that leads somewhere only waits for providers that were
 * never asked before, since they decide whether it is ambiguous; one that leads nowhere waits for whoever may have it.
 *
 * @throws {GatewayError} `client_closed`
 */
export async function discoverModel(id: string, asking: Asking): Promise<Discovered> {
  const { discoverable, unaskable, defaultProvider } = asking.snapshot.directory;
  // Whether the default provider lists it or not: where nobody else may, it goes there.
  const others = discoverable.some((provider) => provider !== defaultProvider);
  const found = await ask(asking, others ? discoverable : [], ({ offering }) =>
    defaultProvider !== undefined || offering(id).length > 0 ? "first answers" : "all",
  );
  // What the key may not use is none of its business.
  const unasked = [...unaskable, ...found.unasked].filter(({ provider }) => mayUse(asking.key, provider));
  return { ...found, unasked };
}

/**
 * For the list of all models, or for one of them.
 *
 * @throws {GatewayError} `client_closed`
 */
export async function discoverModels(id: string | undefined, asking: Asking): Promise<Discovered> {
  const { directory } = asking.snapshot;
  const useful = directory.discoverable.filter((provider) => mayUse(asking.key, provider));
  if (id === undefined) return await ask(asking, useful, () => "first lists");
  const isListed = (found: Discovered): boolean =>
    listModels(asking.key, directory, found).some((model) => model.id === id);
  const provider = splitProvider(id, directory.providers)?.provider;
  if (isListed(NOTHING_DISCOVERED)) return NOTHING_DISCOVERED;
  return await ask(
    asking,
    useful.filter((candidate) => candidate === provider),
    (found) => (isListed(found) ? "nothing" : "all"),
  );
}

async function ask(
  { client, state, record }: Asking,
  providers: readonly Provider[],
  need: (found: Discovered) => Need,
): Promise<Discovered> {
  if (providers.length === 0) return NOTHING_DISCOVERED;
  record.waitForUpstream();
  const found = await state.discovery.wait(providers, need, client);
  record.upstreamAnswered();
  if (client.aborted) throw new GatewayError("client_closed", "the client hung up");
  return found;
}

function mayUse(key: VirtualKey, provider: Provider): boolean {
  return providerRefusalOf(key, provider) === undefined;
}
