// The paths of Google's Vertex AI: Gemini's calls below a project and location, and Anthropic's as raw predictions.

import {
  badModel,
  GEMINI_ACTIONS,
  geminiModels,
  namesAction,
  splitAction,
  unsupportedPath,
  wordOf,
} from "./gemini-path.ts";
import type { NativeAction, NativeModels, NativePath, NativeProblem } from "./native-action.ts";
import { decodeModelId, encodeModelId } from "./native-model-id.ts";
import type { Family } from "./table.ts";

/** Where a call runs. */
export interface VertexPlace {
  readonly project: string;
  readonly location: string;
}

export interface VertexCall {
  readonly action: NativeAction;
  /** `v1` or `v1beta1`. */
  readonly version: string;
  /** Undefined in the short form without a project. */
  readonly place: VertexPlace | undefined;
  readonly publisher: string;
  /** Decoded and checked; undefined for `raw_count_tokens`, whose model stands in the body. */
  readonly model: string | undefined;
  readonly stream: boolean;
}

/** A list of models, or one of them. */
export interface VertexModels extends NativeModels {
  readonly place: VertexPlace | undefined;
  readonly publisher: string;
}

const VERSIONS = new Set(["v1", "v1beta1"]);

/** Whose models speak Gemini's format, and whose speak Anthropic's. */
const OWN_PUBLISHER = "google";
const RAW_PUBLISHER = "anthropic";

const RAW_ACTIONS: ReadonlyMap<string, NativeAction> = new Map([
  ["rawPredict", "raw_predict"],
  ["streamRawPredict", "stream_raw_predict"],
]);

/** What stands in a model's place when tokens are counted. */
const COUNTER = "count-tokens";

/** Projects and locations, as the contract has them. */
const PLACE_NAME = /^[a-z0-9-]+$/;

const OFFERED =
  `POST v1 or v1beta1/projects/{project}/locations/{location}/publishers/${OWN_PUBLISHER}/models/{model}:` +
  `${[...GEMINI_ACTIONS.keys()].join(", :")}, or publishers/${RAW_PUBLISHER}/models/{model}:rawPredict, ` +
  ":streamRawPredict, and GET models";

/** Whose envelope the client of a path expects, also where it leads nowhere: Anthropic's models have Anthropic's SDK. */
export function familyOfVertexPath(segments: readonly string[]): Family {
  const at = segments.indexOf("publishers");
  return at >= 0 && segments[at + 1] === RAW_PUBLISHER ? "anthropic" : "gemini";
}

/** Reads the raw path segments below the native root; a trailing slash is taken off before. */
export function parseVertexPath(
  method: string,
  segments: readonly string[],
): NativePath<VertexCall, VertexModels> {
  const [version = "", ...rest] = segments;
  const isPlaced = rest[0] === "projects" && rest[2] === "locations";
  const [collection, publisher, models, last, ...more] = isPlaced ? rest.slice(4) : rest;
  const isKnown = VERSIONS.has(version) && collection === "publishers" && models === "models";
  const isOffered = publisher === OWN_PUBLISHER || publisher === RAW_PUBLISHER;
  if (!isKnown || !isOffered || more.length > 0) return unsupportedPath(method, segments, OFFERED);
  const place = isPlaced ? { project: rest[1] ?? "", location: rest[3] ?? "" } : undefined;
  const read =
    method === "GET" && !namesAction(last)
      ? geminiModels(version, last)
      : readCall(method, segments, publisher, last ?? "");
  if (read.kind === "problem" && read.problem === "unsupported") return read;
  if (place !== undefined && !isPlaceSound(place)) return badPlace();
  if (read.kind === "problem") return read;
  if (read.kind === "models") return { ...read, place, publisher };
  return { kind: "call", call: { ...read.call, version, place, publisher } };
}

/**
 * The path to forward, without a leading slash, for this call of that model.
 *
 * @param place where it runs when the call does not say
 */
export function vertexPath(
  call: VertexCall,
  place: VertexPlace,
  model: string | undefined = call.model,
): string {
  const id = model === undefined || call.action === "raw_count_tokens" ? COUNTER : encodeModelId(model);
  return `${rootOf(call, place)}/models/${id}:${rawWordOf(call.action) ?? wordOf(call.action)}`;
}

/** The path to forward for a list of models, or for one. The list is the publisher's and has no place. */
export function vertexModelsPath(models: VertexModels, place: VertexPlace): string {
  const { version, publisher, modelId } = models;
  if (modelId === undefined) return `${version}/publishers/${publisher}/models`;
  return `${rootOf(models, place)}/models/${encodeModelId(modelId)}`;
}

type Read = NativePath<Pick<VertexCall, "action" | "model" | "stream">>;

function readCall(method: string, segments: readonly string[], publisher: string, last: string): Read {
  const { action, model } = publisher === OWN_PUBLISHER ? splitAction(last) : splitRawAction(last);
  if (method !== "POST" || action === undefined) return unsupportedPath(method, segments, OFFERED);
  if (model === undefined && action !== "raw_count_tokens") return badModel();
  const stream = action === "stream_generate_content" || action === "stream_raw_predict";
  return { kind: "call", call: { action, model, stream } };
}

function splitRawAction(segment: string): ReturnType<typeof splitAction> {
  const colon = segment.lastIndexOf(":");
  const action = colon < 0 ? undefined : RAW_ACTIONS.get(segment.slice(colon + 1));
  const model = decodeModelId(segment.slice(0, Math.max(colon, 0)));
  if (action === "raw_predict" && model === COUNTER) return { action: "raw_count_tokens", model: undefined };
  return { action, model };
}

function rawWordOf(action: NativeAction): string | undefined {
  if (action === "raw_count_tokens") return "rawPredict";
  for (const [word, name] of RAW_ACTIONS) if (name === action) return word;
  return undefined;
}

function rootOf(
  { version, place, publisher }: Pick<VertexCall, "version" | "place" | "publisher">,
  fallback: VertexPlace,
): string {
  const { project, location } = place ?? fallback;
  return `${version}/projects/${project}/locations/${location}/publishers/${publisher}`;
}

function isPlaceSound({ project, location }: VertexPlace): boolean {
  return PLACE_NAME.test(project) && PLACE_NAME.test(location);
}

function badPlace(): NativeProblem {
  const message = "project and location in the path must consist of a-z, 0-9 and `-`";
  return { kind: "problem", problem: "bad_place", message };
}
