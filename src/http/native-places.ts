// Reads paths below a provider in the provider's own dialect, where that is not the one of our own routes.

import { PROVIDERS } from "../catalog/providers.ts";
import { GatewayError } from "../errors.ts";
import type { Below, Dialect, NativePlace, Place } from "../exchange.ts";
import { bedrockPath, parseBedrockPath } from "../formats/bedrock-path.ts";
import { geminiModelsPath, geminiPath, parseGeminiPath } from "../formats/gemini-path.ts";
import type { NativeAction, NativeProblem } from "../formats/native-action.ts";
import { ENDPOINTS, type Family, NATIVE_ENDPOINTS } from "../formats/table.ts";
import { familyOfVertexPath, parseVertexPath, vertexModelsPath, vertexPath } from "../formats/vertex-path.ts";
import { problem, wrongMethod } from "./places.ts";

/** What a grammar found. */
type Found =
  | { readonly kind: "call"; readonly action: NativeAction; readonly native: NativePlace }
  | { readonly kind: "models"; readonly modelId: string | undefined; readonly native: NativePlace }
  | NativeProblem;

interface Grammar {
  /** Whose envelope its clients expect where the path is none. */
  readonly familyOf: (segments: readonly string[]) => Family;
  readonly parse: (method: string, segments: readonly string[]) => Found;
}

/** Dialects whose paths are not ours. */
const GRAMMARS: Partial<Record<Dialect, Grammar>> = {
  gemini: { familyOf: () => "gemini", parse: readGemini },
  vertex: { familyOf: familyOfVertexPath, parse: readVertex },
  bedrock: { familyOf: () => "bedrock", parse: readBedrock },
};

/**
 * The place as the provider means it. Where there is no provider of that name, a preset's name tells whose client calls.
 *
 * @param dialectOf the dialect of a configured provider
 */
export function inOwnDialect(place: Place, dialectOf: (name: string) => Dialect | undefined): Place {
  if (place.kind === "key" || place.below === undefined || place.scope.kind !== "provider") return place;
  const { name } = place.scope;
  const dialect = dialectOf(name) ?? PROVIDERS[name]?.dialect;
  const grammar = dialect === undefined ? undefined : GRAMMARS[dialect];
  return grammar === undefined ? place : readPlace(place, place.below, grammar);
}

function readPlace({ scope }: Exclude<Place, { kind: "key" }>, below: Below, grammar: Grammar): Place {
  const { method, segments, upgrade } = below;
  const family = grammar.familyOf(segments);
  if (upgrade) return wrongMethod(family, method, true);
  const found = grammar.parse(method, segments);
  switch (found.kind) {
    case "problem": {
      const code = found.problem === "unsupported" ? "unsupported_endpoint" : "invalid_request";
      return problem(family, new GatewayError(code, found.message), scope);
    }
    case "models": {
      const endpoint = { ...ENDPOINTS.models, family };
      return { kind: "endpoint", endpoint, scope, modelId: found.modelId, native: found.native };
    }
    case "call": {
      const endpoint = NATIVE_ENDPOINTS[found.action];
      return { kind: "endpoint", endpoint, scope, modelId: undefined, native: found.native };
    }
  }
}

function readGemini(method: string, segments: readonly string[]): Found {
  const read = parseGeminiPath(method, segments);
  if (read.kind === "problem") return read;
  if (read.kind === "models") return modelsOf(read.modelId, undefined, () => geminiModelsPath(read));
  const { action, model, stream } = read.call;
  const native: NativePlace = {
    model,
    stream,
    vertex: undefined,
    pathFor: (upstream) => geminiPath(read.call, upstream),
  };
  return { kind: "call", action, native };
}

function readVertex(method: string, segments: readonly string[]): Found {
  const read = parseVertexPath(method, segments);
  if (read.kind === "problem") return read;
  if (read.kind === "models")
    return modelsOf(read.modelId, read.place, (vertex) => vertexModelsPath(read, vertex));
  const { action, model, stream, place } = read.call;
  const native: NativePlace = {
    model,
    // A raw prediction is Anthropic's own body, which may ask for a stream whatever the path says.
    stream: stream || action !== "raw_predict" ? stream : undefined,
    vertex: place,
    pathFor: (upstream, vertex) => vertexPath(read.call, vertex, upstream),
  };
  return { kind: "call", action, native };
}

function readBedrock(method: string, segments: readonly string[]): Found {
  const read = parseBedrockPath(method, segments);
  if (read.kind !== "call")
    return read.kind === "models" ? modelsOf(read.modelId, undefined, () => "") : read;
  const { action, model, stream } = read.call;
  const native: NativePlace = {
    model,
    stream,
    vertex: undefined,
    pathFor: (upstream) => bedrockPath(read.call, upstream),
  };
  return { kind: "call", action, native };
}

function modelsOf(
  modelId: string | undefined,
  vertex: NativePlace["vertex"],
  path: (vertex: NonNullable<NativePlace["vertex"]>) => string,
): Found {
  const native: NativePlace = { model: undefined, stream: false, vertex, pathFor: (_, at) => path(at) };
  return { kind: "models", modelId, native };
}
