// Takes out of an upstream's model list what the caller may not use, whatever shape the list has.

import { refusalOf } from "../access/allowlist.ts";
import { GatewayError } from "../errors.ts";
import type { Provider, VirtualKey } from "../exchange.ts";
import { ENDPOINTS } from "../formats/table.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";
import { quoted } from "../lib/quote.ts";
import { targetOf } from "../routing/resolve.ts";

/** What to ask a provider for, and what to take out of its answer. */
interface ModelsAsk {
  readonly path: string;
  readonly rewrite?: (body: Uint8Array) => Uint8Array;
}

/**
 * A provider's list of models, or one of them. Without an allowlist the answer passes byte for byte.
 *
 * @param nativePath where the list or model stands, for providers whose paths are their own; below the root
 * @throws {GatewayError} `model_not_found` for a model that the caller may not use
 */
export function modelsAsk(
  id: string | undefined,
  key: VirtualKey,
  provider: Provider,
  nativePath?: string,
): ModelsAsk {
  const path = nativePath ?? ENDPOINTS.models.path;
  const keeps = (listed: string): boolean => mayList(key, provider, listed);
  if (id === undefined) {
    if (!isFiltered(key, provider)) return { path };
    return { path, rewrite: (body) => filterModels(body, keeps, nativePath !== undefined) };
  }
  if (isUnsafe(id) || !keeps(id)) throw notListed(id);
  // A provider without a network answers with its list, whatever is asked.
  if (provider.local !== undefined) return { path, rewrite: (body) => pickModel(body, id) };
  if (nativePath !== undefined) return { path };
  return { path: `${path}/${id.split("/").map(encodeURIComponent).join("/")}` };
}

/** Whether an id would lead out of the models path once it is part of a URL, or could be read two ways there. */
function isUnsafe(id: string): boolean {
  return /[\u0000-\u001f\u007f%?#\\]/.test(id) || id.split("/").some((part) => /^\.{0,2}$/.test(part));
}

/** Whether any list has a say over the models of this provider. */
function isFiltered(key: VirtualKey, provider: Provider): boolean {
  return provider.models !== undefined || key.access.models.length > 0;
}

/** Whether the caller may use an upstream id of the provider. A pin does not count: this is about what is listed. */
export function mayList(key: VirtualKey, provider: Provider, id: string): boolean {
  const target = { ...targetOf(provider, id), model: id, id: `${provider.name}/${id}` };
  return refusalOf(key, target, undefined) === undefined;
}

/**
 * The list without the models that `keeps` refuses: `data`, `models` or `publisherModels` of an object, or a bare
 * array. What stands beside it, tokens of further pages too, stays.
 *
 * @param mayLack whether a list without any models may be left out, as Google's servers do
 * @throws {GatewayError} `upstream_unreachable` when the answer is no list of models
 */
function filterModels(body: Uint8Array, keeps: (id: string) => boolean, mayLack: boolean): Uint8Array {
  const list = parse(body);
  const filter = (items: readonly unknown[]): unknown[] =>
    items.filter((item) => {
      const id = idOf(item);
      return id !== undefined && keeps(id);
    });
  if (Array.isArray(list)) return encode(filter(list));
  if (!isRecord(list)) throw noList();
  const kept: Record<string, unknown> = { ...list };
  let found = false;
  for (const name of ["data", "models", "publisherModels"]) {
    const items = kept[name];
    if (!Array.isArray(items)) continue;
    kept[name] = filter(items);
    found = true;
  }
  if (!found && !mayLack && kept["data"] !== null) throw noList();
  return encode(kept);
}

/**
 * One model out of a list.
 *
 * @throws {GatewayError} `model_not_found` when it is not in the list
 */
function pickModel(body: Uint8Array, id: string): Uint8Array {
  const list = parse(body);
  const items = isRecord(list) ? list["data"] : list;
  const model = Array.isArray(items) ? items.find((item) => idOf(item) === id) : undefined;
  if (model === undefined) throw notListed(id);
  return encode(model);
}

/** What a caller is told about a model that does not exist, or that it may not use: the same. */
export function notListed(id: string): GatewayError {
  return new GatewayError(
    "model_not_found",
    `the model ${quoted(id)} is not among those of this key; see the models list`,
    {
      param: "model",
    },
  );
}

/** Lists name their models by `id`, Ollama's own by `name`, Google's with a prefix: `publishers/google/models/gemini-x`. */
function idOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  const id = item["id"] ?? item["name"] ?? item["model"];
  return typeof id === "string" ? id.replace(NAME_PREFIX, "") : undefined;
}

const NAME_PREFIX = /^(?:publishers\/[^/]+\/)?models\//;

function parse(body: Uint8Array): unknown {
  const value = parseJson(new TextDecoder().decode(body));
  if (value === undefined) throw noList();
  return value;
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function noList(): GatewayError {
  return new GatewayError(
    "upstream_unreachable",
    "the upstream's list of models has no shape that can be filtered, and an allowlist is in force",
  );
}
