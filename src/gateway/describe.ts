// Answers what a key may ask about itself: its models, and what it is.

import { GatewayError } from "../errors.ts";
import type { Caller, Place, Provider, VirtualKey } from "../exchange.ts";
import { wantsAnthropicShape } from "../formats/table.ts";
import type { PolicyRow } from "../policies/status-rows.ts";
import type { Discovered } from "../routing/discovery.ts";
import { type ListedModel, listModels } from "./list-models.ts";
import { mayList, notListed } from "./model-list.ts";
import type { Snapshot } from "./snapshot.ts";

type ModelsPlace = Extract<Place, { kind: "endpoint" }>;

/** `GET /v1/key`: a caller's own key, and the policies that its calls are under. */
export function describeKey(key: VirtualKey, policies: readonly PolicyRow[]): Response {
  const last = key.access.models.at(-1);
  return Response.json({
    name: key.name,
    user: key.user ?? null,
    workspace: key.workspace ?? null,
    models_allowed: last?.owner === `key ${key.name}` ? last.patterns : null,
    expires: key.expiresAt === undefined ? null : new Date(key.expiresAt).toISOString(),
    policies,
  });
}

/**
 * `GET …/models` and `…/models/{id}`: what this key can call, in OpenAI's shape, or in Anthropic's when the client
 * sends `anthropic-version`.
 *
 * @throws {GatewayError} `model_not_found` for an id that is not in the list
 */
export function describeModels(
  headers: Headers,
  place: ModelsPlace,
  caller: Caller,
  snapshot: Snapshot,
  discovered: Discovered,
): Response {
  const models = listModels(caller.key, snapshot.directory, discovered);
  const shape = wantsAnthropicShape(headers) ? anthropicModel : openaiModel;
  if (place.modelId !== undefined) {
    const model = models.find(({ id }) => id === place.modelId);
    if (model === undefined) throw notListed(place.modelId);
    return Response.json(shape(model, snapshot.loadedAtSeconds));
  }
  const data = models.map((model) => shape(model, snapshot.loadedAtSeconds));
  if (shape === openaiModel) return Response.json({ object: "list", data });
  return Response.json({
    data,
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  });
}

/** What the configuration declares, where a provider cannot say itself what it has; undefined = that does not help. */
export function declaredModels(
  error: unknown,
  modelId: string | undefined,
  key: VirtualKey,
  provider: Provider,
  snapshot: Snapshot,
): Response | undefined {
  const silent = error instanceof GatewayError && error.code.startsWith("upstream_");
  if (!silent || modelId !== undefined || provider.declared.length === 0) return undefined;
  const data = provider.declared
    .filter((id) => mayList(key, provider, id))
    .map((id) => openaiModel({ id, owner: provider.name }, snapshot.loadedAtSeconds));
  return Response.json({ object: "list", data });
}

function openaiModel({ id, owner }: ListedModel, created: number): object {
  return { id, object: "model", created, owned_by: owner };
}

function anthropicModel({ id }: ListedModel, created: number): object {
  return { type: "model", id, display_name: id, created_at: new Date(created * 1000).toISOString() };
}
