// The way of a request, from its head to its answer. Reads like a table of contents; every step is a file.

import { providerRefusalOf, refusalOf } from "../access/allowlist.ts";
import { bearerToken, findKey } from "../auth/credential.ts";
import { isLocallyTrusted } from "../auth/local-trust.ts";
import { requireLive } from "../auth/virtual-keys.ts";
import { GatewayError } from "../errors.ts";
import type { Call, Caller, Peer, Place, Provider, Route, Target } from "../exchange.ts";
import type { Endpoint } from "../formats/table.ts";
import {
  resolveKnown,
  resolveModel,
  resolveProvider,
  resolvePublicModel,
  routeTo,
  targetOf,
} from "../routing/resolve.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { declaredModels, describeKey, describeModels } from "./describe.ts";
import { type Asking, discoverModel, discoverModels } from "./discover.ts";
import { type Dispatch, dispatch } from "./dispatch.ts";
import { createHold } from "./hold-memory.ts";
import { passHop } from "./hops.ts";
import { hasCredential } from "./list-models.ts";
import { modelsAsk } from "./model-list.ts";
import { bodylessCall, readCall } from "./read-call.ts";
import type { Snapshot } from "./snapshot.ts";
import type { State } from "./state.ts";

/** One request of the data plane, and what it needs on its way. */
export interface Exchange {
  readonly request: Request;
  /** The query string as sent, with `?`, or empty. */
  readonly search: string;
  readonly place: Place;
  readonly peer: Peer;
  readonly record: RequestRecord;
  readonly snapshot: Snapshot;
  readonly state: State;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

type EndpointPlace = Extract<Place, { kind: "endpoint" }>;

/**
 * Answers a request. The order of the checks is part of the contract: who calls, what the path alone decides, the body,
 * the model, what the caller may use, what the provider offers, whether its credential is there.
 *
 * @throws {GatewayError} for everything that is refused or fails before an answer has begun
 */
export async function handle(exchange: Exchange): Promise<Response> {
  const { place, snapshot, record } = exchange;
  const hops = passHop(exchange.request.headers, exchange.state.instanceId);
  const caller = authenticate(exchange);
  record.caller = caller;
  if (place.kind === "problem") throw problemOf(place, caller, snapshot);
  if (place.kind === "key") {
    finishLocally(record, 200);
    return describeKey(caller.key);
  }
  record.endpoint = place.endpoint.name;
  const fixed = resolvePath(place, caller, snapshot);
  if (place.endpoint.name === "models") return await models(exchange, place, caller, fixed?.provider, hops);
  const call = await readBodyOf(exchange, place.endpoint, fixed);
  const route =
    fixed?.route ??
    resolveCall(call, caller, fixed, snapshot) ??
    (await resolveElsewhere(call, caller, exchange));
  record.requestedModel = call.requestedModel;
  const target = plan(route, caller, place.endpoint, record);
  return await send(exchange, caller, { call, path: place.endpoint.path, target, hops });
}

/** The last step of every call that goes upstream. */
async function send(
  exchange: Exchange,
  caller: Caller,
  work: Pick<Dispatch, "call" | "path" | "target" | "hops"> & Pick<Partial<Dispatch>, "rewrite">,
): Promise<Response> {
  const { request, search, record, snapshot, state } = exchange;
  const ask = {
    ...work,
    request,
    search,
    record,
    passedAuthorization: passedAuthorization(exchange, caller),
  };
  return await dispatch(ask, snapshot, state);
}

/** Why a path is refused: the provider or model that it names comes before what is asked of it. */
function problemOf(
  { scope, error }: Extract<Place, { kind: "problem" }>,
  caller: Caller,
  { directory }: Snapshot,
): GatewayError {
  if (scope.kind === "provider") resolveProvider(scope.name, directory);
  if (scope.kind === "model") resolvePublicModel(scope.name, caller.key, directory);
  return error;
}

/** Who calls. @throws {GatewayError} `invalid_api_key`, `key_disabled`, `key_expired` */
function authenticate({ request, search, place, peer, snapshot, nowMs }: Exchange): Caller {
  const found = findKey(request.headers, search, !ownsAuthorization(place, snapshot));
  if (found !== undefined) {
    const key = snapshot.keys.find(found.key, nowMs);
    if (key === undefined)
      throw new GatewayError(
        "invalid_api_key",
        "this API key is not known here; check it, or make one with `postern key new`",
      );
    requireLive(key, nowMs);
    return { key, carrier: found.carrier };
  }
  const { anonymous } = snapshot.keys;
  if (anonymous !== undefined && isLocallyTrusted(request.headers, peer, snapshot.server.trust)) {
    requireLive(anonymous, nowMs);
    return { key: anonymous, carrier: undefined };
  }
  throw new GatewayError(
    "invalid_api_key",
    "no API key; send one as `Authorization: Bearer <key>`, `x-api-key`, `api-key`, `x-goog-api-key` or `?key=`",
  );
}

/** Under `/providers/{name}` of a passthrough provider `Authorization` is the upstream's, never a virtual key. */
function ownsAuthorization(place: Place, snapshot: Snapshot): boolean {
  if (place.kind === "key" || place.scope.kind !== "provider") return false;
  return snapshot.directory.providers.get(place.scope.name)?.auth.kind === "passthrough";
}

/** What the path fixes: a whole route, or a provider whose model the body still names. */
interface Fixed {
  readonly provider: Provider | undefined;
  readonly route: Route | undefined;
}

/** @throws {GatewayError} `provider_not_found`, `model_not_found`, `unsupported_endpoint` */
function resolvePath(place: EndpointPlace, caller: Caller, { directory }: Snapshot): Fixed | undefined {
  const { scope, endpoint } = place;
  switch (scope.kind) {
    case "unified":
      return undefined;
    case "provider": {
      const provider = resolveProvider(scope.name, directory);
      const refusal = notOffered(provider, endpoint);
      if (refusal !== undefined) throw refusal;
      return {
        provider,
        route: provider.pin === undefined ? undefined : routeTo(targetOf(provider, undefined)),
      };
    }
    case "model": {
      const route = resolvePublicModel(scope.name, caller.key, directory);
      const refusals = route.targets.map(({ provider }) => notOffered(provider, endpoint));
      if (refusals[0] !== undefined && !refusals.includes(undefined)) throw refusals[0];
      return { provider: undefined, route };
    }
  }
}

/** What a key can call: of one provider, as that says it and the key may see it; else of all. */
async function models(
  exchange: Exchange,
  place: EndpointPlace,
  caller: Caller,
  provider: Provider | undefined,
  hops: string,
): Promise<Response> {
  const { record, request, snapshot } = exchange;
  if (provider === undefined) {
    const discovered = await discoverModels(place.modelId, asking(exchange, caller));
    const response = describeModels(request.headers, place, caller, snapshot, discovered);
    finishLocally(record, response.status);
    return response;
  }
  const target: Target = { provider, model: undefined, id: provider.name };
  record.target = target;
  const refusal = providerRefusalOf(caller.key, provider) ?? noCredential(provider);
  if (refusal !== undefined) throw refusal;
  const ask = modelsAsk(place.modelId, caller.key, provider);
  try {
    return await send(exchange, caller, { call: bodylessCall(place.endpoint), target, hops, ...ask });
  } catch (error) {
    const response = declaredModels(error, place.modelId, caller.key, provider, snapshot);
    if (response === undefined) throw error;
    finishLocally(record, response.status);
    return response;
  }
}

/** An answer that needed no upstream. */
function finishLocally(record: RequestRecord, status: number): void {
  record.status = status;
  record.close("completed");
}

async function readBodyOf(exchange: Exchange, endpoint: Endpoint, fixed: Fixed | undefined): Promise<Call> {
  if (endpoint.method === "GET") return bodylessCall(endpoint);
  const need = fixed === undefined ? "required" : fixed.route === undefined ? "optional" : "fixed";
  const { record, state } = exchange;
  const { server } = exchange.snapshot;
  return await readCall(exchange.request, endpoint, need, {
    maxBytes: server.maxBodyBytes,
    timeoutMs: server.bodyTimeoutMs,
    wheel: state.wheel,
    hold: createHold(record, state, server.maxBufferedBytes),
  });
}

/** The route that the body's model leads to, where the configuration says it. */
function resolveCall(
  call: Call,
  caller: Caller,
  fixed: Fixed | undefined,
  snapshot: Snapshot,
): Route | undefined {
  if (fixed?.provider !== undefined) return routeTo(targetOf(fixed.provider, call.requestedModel));
  return resolveKnown(call.requestedModel ?? "", caller.key, snapshot.directory);
}

/** The route of a model that only a provider knows. @throws {GatewayError} `model_not_found`, `model_ambiguous` */
async function resolveElsewhere(call: Call, caller: Caller, exchange: Exchange): Promise<Route> {
  const id = call.requestedModel ?? "";
  const discovered = await discoverModel(id, asking(exchange, caller));
  return resolveModel(id, caller.key, exchange.snapshot.directory, discovered);
}

function asking({ request, snapshot, state, record }: Exchange, { key }: Caller): Asking {
  return { key, client: request.signal, snapshot, state, record };
}

/**
 * The target to send to: the first one that the caller may use, that offers the endpoint and has its credential.
 *
 * @throws {GatewayError} the reason why the last one is out
 */
function plan(route: Route, caller: Caller, endpoint: Endpoint, record: RequestRecord): Target {
  let refusal: GatewayError | undefined;
  for (const target of route.targets) {
    record.target = target;
    refusal =
      refusalOf(caller.key, target, route.publicName) ??
      notOffered(target.provider, endpoint) ??
      noCredential(target.provider);
    if (refusal === undefined) return target;
  }
  throw refusal ?? new GatewayError("no_healthy_target", "the route has no targets");
}

function notOffered(provider: Provider, endpoint: Endpoint): GatewayError | undefined {
  if (provider.endpoints.has(endpoint.name)) return undefined;
  return new GatewayError(
    "unsupported_endpoint",
    `provider ${provider.name} does not offer ${endpoint.path}; it offers: ${[...provider.endpoints].join(", ")} (\`endpoints\`)`,
  );
}

function noCredential(provider: Provider): GatewayError | undefined {
  if (hasCredential(provider)) return undefined;
  return new GatewayError(
    "missing_credential",
    `provider ${provider.name} has no credential; set ${provider.credentialName}`,
  );
}

/** The client's own `Authorization`, unless it is a virtual key of this gateway, whether that is still accepted or not. */
function passedAuthorization({ request, snapshot }: Exchange, caller: Caller): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null || caller.carrier === "authorization") return undefined;
  const token = bearerToken(request.headers);
  const isKey = token !== undefined && snapshot.keys.find(token, Number.NEGATIVE_INFINITY) !== undefined;
  return isKey ? undefined : header;
}
