// Cuts what is needed out of the package's price table while Postern is built, so that the executable neither carries
// nor loads the rest: the package itself takes 10 ms and 15 MB to load.

import { findProvider, type ModelInfo, type Provider } from "@pydantic/genai-prices";

/**
 * Preset → provider of the package's table. Presets without a row have no price there: servers of one's own, above
 * all, whatever public name their models go by, and providers that the table only knows through a reseller.
 */
const PROVIDER_IDS: Readonly<Record<string, string>> = {
  anthropic: "anthropic",
  azure: "azure",
  baseten: "baseten",
  bedrock: "aws",
  cerebras: "cerebras",
  deepseek: "deepseek",
  fireworks: "fireworks",
  gemini: "google",
  groq: "groq",
  mistral: "mistral",
  moonshot: "moonshotai",
  novita: "novita",
  openai: "openai",
  openrouter: "openrouter",
  perplexity: "perplexity",
  together: "together",
  vertex: "google",
  xai: "x-ai",
};

/** One model: its `provider/model` in the table, the ids it goes by, and its prices. */
export interface PriceRow extends Pick<ModelInfo, "match" | "prices"> {
  readonly name: string;
}

/** What {@link priceTable} cuts out. */
export interface PriceTable {
  /** Preset → providers of the table, in the order in which their models are looked through. */
  readonly providers: Readonly<Record<string, readonly string[]>>;
  /** Provider of the table → its rows ({@link PriceRow}) as JSON, which takes little room until somebody asks. */
  readonly rows: Readonly<Record<string, string>>;
}

/**
 * The rows of every preset's provider, and of those that the table says it resells at their own prices. To be imported
 * as a macro.
 *
 * @throws {Error} when the table does not have one of the providers
 */
export function priceTable(): PriceTable {
  const providers: Record<string, readonly string[]> = {};
  const rows: Record<string, string> = {};
  for (const [type, providerId] of Object.entries(PROVIDER_IDS)) {
    const ids = [providerId, ...(providerOf(providerId).fallback_model_providers ?? [])];
    providers[type] = ids;
    for (const id of ids) rows[id] ??= rowsOf(id);
  }
  return { providers, rows };
}

function rowsOf(providerId: string): string {
  const rows = providerOf(providerId).models.map(
    ({ id, match, prices }): PriceRow => ({ name: `${providerId}/${id}`, match, prices }),
  );
  return JSON.stringify(rows);
}

function providerOf(providerId: string): Provider {
  const provider = findProvider({ providerId });
  if (provider?.id !== providerId) throw new Error(`the price table has no provider ${providerId}`);
  return provider;
}
