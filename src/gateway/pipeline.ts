// The way of a request, from its head to its answer. Reads like a table of contents; every step is a file.

import { providerRefusalOf, refusalOf } from "../access/allowlist.ts";
import { GatewayError } from "../errors.ts";
import type { Call, Caller, Place, Provider, Route, Target } from "../exchange.ts";
import type { Endpoint } from "../formats/table.ts";
import { policiesOfKey } from "../policies/status-rows.ts";
import {
  resolveKnown,
  resolveModel,
  resolveProvider,
  resolvePublicModel,
  routeTo,
  targetOf,
} from "../routing/resolve.ts";
import type { RequestRecord } from "../telemetry/record.ts";
import { admit } from "./admit.ts";
import { isServedBelowV1 } from "./ask-models.ts";
import { declaredModels, describeKey, describeModels } from "./describe.ts";
import { type Asking, discoverModel, discoverModels } from "./discover.ts";
import { type Dispatch, dispatch } from "./dispatch.ts";
import { createHold } from "./hold-memory.ts";
import { passHop } from "./hops.ts";
import { authenticate, subscriptionOf } from "./identify.ts";
import type { Exchange } from "./incoming.ts";
import { hasCredential } from "./list-models.ts";
import { modelsAsk } from "./model-list.ts";
import { vertexPlaceOf } from "./native-path.ts";
import { bodylessCall, readCall } from "./read-call.ts";
import type { Snapshot } from "./snapshot.ts";

type EndpointPlace = Extract<Place, { kind: "endpoint" }>;

/**
 * Answers a request. The order of the checks is part of the contract: who calls, what the path alone decides, the body,
 * the model, what the caller may use, what the provider offers, whether its credential is there.
 *
 * @throws {GatewayError} for everything that is refused or fails before an answer has begun
 */
export async function handle(exchange: Exchange): Promise<Response> {
  const { place, snapshot, record, state } = exchange;
  const hops = passHop(exchange.request.headers, exchange.state.instanceId);
  const caller = authenticate(exchange);
  record.caller = caller;
  if (place.kind === "problem") {
    record.format = place.family;
    throw problemOf(place, caller, snapshot);
  }
  if (place.kind === "key") {
    record.endpoint = "key";
    finishLocally(record, 200);
    return describeKey(caller.key, policiesOfKey(caller.key, snapshot.policies, state.ledger));
  }
  record.endpoint = place.endpoint.name;
  record.format = place.endpoint.family;
  const fixed = resolvePath(place, caller, snapshot);
  if (place.endpoint.name === "models") return await models(exchange, place, caller, fixed?.provider, hops);
  const call = await readBodyOf(exchange, place.endpoint, fixed);
  const route =
    fixed?.route ??
    resolveCall(call, caller, fixed, snapshot) ??
    (await resolveElsewhere(call, caller, exchange));
  record.requestedModel = call.requestedModel;
  record.stream = call.stream;
  const planned = plan(route, caller, exchange, place.endpoint);
  const { publicName } = route;
  return await send(exchange, caller, {
    call,
    ...pathOf(place, planned.target),
    ...planned,
    publicName,
    hops,
  });
}

/** The path below the provider's root: the endpoint's own, or what a path of the provider's own leads to. */
function pathOf(
  { endpoint, native }: EndpointPlace,
  { provider, model }: Target,
): Pick<Work, "path" | "vertex"> {
  if (native === undefined) return { path: endpoint.path, vertex: undefined };
  const vertex = vertexPlaceOf(native, provider);
  return { path: native.pathFor(model, vertex), vertex };
}

type Work = Pick<Dispatch, "call" | "path" | "vertex" | "target" | "subscription" | "hops"> &
  Pick<Partial<Dispatch>, "rewrite"> & { readonly publicName: string | undefined };

/** The last step of every call that goes upstream. */
async function send(exchange: Exchange, caller: Caller, work: Work): Promise<Response> {
  const { request, search, record, snapshot, state } = exchange;
  await admit({ ...work, caller, headers: request.headers, record }, snapshot, state);
  return await dispatch({ ...work, request, search, record, nowMs: exchange.nowMs }, snapshot, state);
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
      if (place.native !== undefined) vertexPlaceOf(place.native, provider);
      const model = place.native?.model;
      const isFixed = provider.pin !== undefined || model !== undefined;
      return { provider, route: isFixed ? routeTo(targetOf(provider, model)) : undefined };
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
    await admitList(exchange, place, caller);
    const discovered = await discoverModels(place.modelId, asking(exchange, caller));
    const response = describeModels(request.headers, place, caller, snapshot, discovered);
    finishLocally(record, response.status);
    return response;
  }
  const target: Target = { provider, model: undefined, id: provider.name };
  record.target = target;
  const subscription = subscriptionOf(exchange, caller, provider);
  const refusal =
    providerRefusalOf(caller.key, provider) ??
    (subscription === undefined ? noCredential(provider) : undefined);
  if (refusal !== undefined) throw refusal;
  const own = place.native === undefined ? undefined : pathOf(place, target);
  const ask = modelsAsk(place.modelId, caller.key, provider, own?.path);
  try {
    const call = bodylessCall(place.endpoint);
    const work = { call, target, subscription, publicName: undefined, hops, vertex: own?.vertex, ...ask };
    return await send(exchange, caller, work);
  } catch (error) {
    // Lists of other formats cannot be made up here.
    if (own !== undefined) throw error;
    const response = declaredModels(error, place.modelId, caller.key, provider, snapshot);
    if (response === undefined) throw error;
    finishLocally(record, response.status);
    return response;
  }
}

/** A list that the gateway answers itself costs nothing, but rate limits count it. */
async function admitList(exchange: Exchange, { endpoint }: EndpointPlace, caller: Caller): Promise<void> {
  const { record, request, snapshot, state } = exchange;
  const call = bodylessCall(endpoint);
  const nothing = { target: undefined, publicName: undefined, subscription: undefined };
  await admit({ call, ...nothing, caller, headers: request.headers, record }, snapshot, state);
}

/** An answer that needed no upstream. */
function finishLocally(record: RequestRecord, status: number): void {
  record.status = status;
  record.close("completed");
}

async function readBodyOf(exchange: Exchange, endpoint: Endpoint, fixed: Fixed | undefined): Promise<Call> {
  if (endpoint.method === "GET") return bodylessCall(endpoint);
  const need = fixed === undefined ? "required" : fixed.route === undefined ? "optional" : "fixed";
  const { record, state, place } = exchange;
  const native = place.kind === "endpoint" ? place.native : undefined;
  const { server } = exchange.snapshot;
  return await readCall(
    exchange.request,
    endpoint,
    { need, native },
    {
      maxBytes: server.maxBodyBytes,
      timeoutMs: server.bodyTimeoutMs,
      wheel: state.wheel,
      hold: createHold(record, state, server.maxBufferedBytes),
    },
  );
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
function plan(
  route: Route,
  caller: Caller,
  exchange: Exchange,
  endpoint: Endpoint,
): Pick<Work, "target" | "subscription"> {
  let refusal: GatewayError | undefined;
  for (const target of route.targets) {
    exchange.record.target = target;
    const { provider } = target;
    const subscription = subscriptionOf(exchange, caller, provider);
    refusal =
      refusalOf(caller.key, target, route.publicName) ??
      notOffered(provider, endpoint) ??
      (subscription === undefined ? noCredential(provider) : undefined);
    if (refusal === undefined) return { target, subscription };
  }
  throw refusal ?? new GatewayError("no_healthy_target", "the route has no targets");
}

function notOffered(provider: Provider, endpoint: Endpoint): GatewayError | undefined {
  if (provider.endpoints.has(endpoint.name)) return undefined;
  const offers = `it offers: ${[...provider.endpoints].join(", ")}`;
  const hint = isServedBelowV1(provider.dialect)
    ? `add \`${endpoint.name}\` to its \`endpoints\` if its server offers it`
    : `call it by its own paths; requests are not translated`;
  return new GatewayError(
    "unsupported_endpoint",
    `provider ${provider.name} does not offer ${endpoint.path}; ${offers} (\`endpoints\`); ${hint}`,
  );
}

function noCredential(provider: Provider): GatewayError | undefined {
  if (hasCredential(provider)) return undefined;
  return new GatewayError(
    "missing_credential",
    `provider ${provider.name} has no credential; set ${provider.credentialName}`,
  );
}
