// What is known beforehand about providers: one row each, no code. A provider of the file starts from a row.

import type { Dialect } from "../exchange.ts";
import { ENDPOINT_NAMES, type OfferedName } from "../formats/table.ts";
import type { PlaceSetting } from "./places.ts";

/** Whose paths and bodies a native path carries; the presets that have one of their own are called the same. */
export const DIALECTS: { readonly [D in Dialect]: D } = {
  openai: "openai",
  anthropic: "anthropic",
  gemini: "gemini",
  vertex: "vertex",
  bedrock: "bedrock",
};

/** Ways of paying that exchange a secret or sign with it, each for the preset of one dialect. */
export const OWN_AUTHS = { serviceAccount: "google-service-account", accessKeys: "aws" } as const;

export type OwnAuth = (typeof OWN_AUTHS)[keyof typeof OWN_AUTHS];

/** How a credential is sent, spelled as in the configuration file. */
export type AuthSetting =
  | "none"
  | "bearer"
  | "api-key"
  | "passthrough"
  | OwnAuth
  | { readonly header: string; readonly prefix: string }
  | { readonly query: string };

export interface ProviderPreset {
  /** For people. */
  readonly title: string;
  readonly dialect: Dialect;
  /**
   * From the vendor's documentation, with `{region}`, `{location}` or `{resource}` where a setting belongs; undefined
   * where the file has to say it, or no network is in between.
   */
  readonly baseUrl: string | undefined;
  /** The setting that the address needs. */
  readonly place?: PlaceSetting;
  /** Whether the version (`v1`, `v1beta`) is part of the native path, or there is none, so that the root has none. */
  readonly versionInPath?: true;
  /** How the credential is sent when there is one. */
  readonly auth: AuthSetting;
  /** Environment variables that hold the credential; the first that is set wins. */
  readonly secrets: readonly string[];
  readonly endpoints: readonly OfferedName[];
  /** Where there is no credential, access keys of the environment sign the requests. */
  readonly signs?: true;
  /** The format's own maker, whose streams follow the specification by definition. */
  readonly firstParty: boolean;
  /** Works without a credential: servers of one's own. */
  readonly keyless?: true;
  /** Answers by itself, without a network. */
  readonly local?: true;
}

const COMPATIBLE = {
  dialect: DIALECTS.openai,
  auth: "bearer",
  endpoints: ["chat", "completions", "embeddings", "responses", "models"],
  firstParty: false,
} as const satisfies Partial<ProviderPreset>;

const GEMINI_ENDPOINTS = [
  "generate_content",
  "stream_generate_content",
  "count_tokens",
  "embed_content",
  "batch_embed_contents",
  "models",
] as const;

/** A server of one's own, at its usual port on this machine. */
const OWN_SERVER = { ...COMPATIBLE, secrets: [], keyless: true } as const;

export const PROVIDERS: Readonly<Record<string, ProviderPreset>> = {
  openai: {
    ...COMPATIBLE,
    title: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    secrets: ["OPENAI_API_KEY"],
    firstParty: true,
  },
  anthropic: {
    title: "Anthropic",
    dialect: DIALECTS.anthropic,
    baseUrl: "https://api.anthropic.com/v1",
    auth: { header: "x-api-key", prefix: "" },
    secrets: ["ANTHROPIC_API_KEY"],
    endpoints: ["messages", "count_tokens", "models"],
    firstParty: true,
  },
  gemini: {
    title: "Google Gemini",
    dialect: DIALECTS.gemini,
    baseUrl: "https://generativelanguage.googleapis.com",
    versionInPath: true,
    auth: { header: "x-goog-api-key", prefix: "" },
    secrets: ["GOOGLE_API_KEY", "GEMINI_API_KEY"],
    endpoints: GEMINI_ENDPOINTS,
    firstParty: true,
  },
  vertex: {
    title: "Google Vertex AI",
    dialect: DIALECTS.vertex,
    baseUrl: "https://{location}-aiplatform.googleapis.com",
    place: "location",
    versionInPath: true,
    auth: OWN_AUTHS.serviceAccount,
    secrets: ["VERTEX_SERVICE_ACCOUNT_JSON"],
    endpoints: [...GEMINI_ENDPOINTS, "raw_predict", "stream_raw_predict"],
    firstParty: true,
  },
  bedrock: {
    title: "Amazon Bedrock",
    dialect: DIALECTS.bedrock,
    baseUrl: "https://bedrock-runtime.{region}.amazonaws.com",
    place: "region",
    versionInPath: true,
    auth: "bearer",
    secrets: ["AWS_BEARER_TOKEN_BEDROCK"],
    signs: true,
    endpoints: ["converse", "converse_stream", "invoke", "invoke_stream", "count_tokens"],
    firstParty: true,
  },
  azure: {
    ...COMPATIBLE,
    title: "Azure AI Foundry",
    baseUrl: "https://{resource}.services.ai.azure.com/openai/v1",
    place: "resource",
    auth: "api-key",
    secrets: ["AZURE_FOUNDRY_API_KEY"],
  },

  vllm: { ...OWN_SERVER, title: "vLLM", baseUrl: "http://127.0.0.1:8000/v1" },
  sglang: { ...OWN_SERVER, title: "SGLang", baseUrl: "http://127.0.0.1:30000/v1" },
  ollama: { ...OWN_SERVER, title: "Ollama", baseUrl: "http://127.0.0.1:11434/v1" },
  localai: { ...OWN_SERVER, title: "LocalAI", baseUrl: "http://127.0.0.1:8080/v1" },
  tgi: { ...OWN_SERVER, title: "Text Generation Inference", baseUrl: "http://127.0.0.1:8080/v1" },
  lmstudio: { ...OWN_SERVER, title: "LM Studio", baseUrl: "http://127.0.0.1:1234/v1" },
  llamacpp: { ...OWN_SERVER, title: "llama.cpp", baseUrl: "http://127.0.0.1:8080/v1" },

  baseten: {
    ...COMPATIBLE,
    title: "Baseten",
    baseUrl: "https://inference.baseten.co/v1",
    secrets: ["BASETEN_API_KEY"],
  },
  cerebras: {
    ...COMPATIBLE,
    title: "Cerebras",
    baseUrl: "https://api.cerebras.ai/v1",
    secrets: ["CEREBRAS_API_KEY"],
  },
  deepinfra: {
    ...COMPATIBLE,
    title: "DeepInfra",
    baseUrl: "https://api.deepinfra.com/v1/openai",
    secrets: ["DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"],
  },
  deepseek: {
    ...COMPATIBLE,
    title: "DeepSeek",
    baseUrl: "https://api.deepseek.com/v1",
    secrets: ["DEEPSEEK_API_KEY"],
  },
  fireworks: {
    ...COMPATIBLE,
    title: "Fireworks AI",
    baseUrl: "https://api.fireworks.ai/inference/v1",
    secrets: ["FIREWORKS_API_KEY"],
  },
  // Its list of models stands outside this root.
  github: {
    ...COMPATIBLE,
    title: "GitHub Models",
    baseUrl: "https://models.github.ai/inference",
    secrets: ["GITHUB_TOKEN"],
    endpoints: ["chat", "embeddings"],
  },
  groq: {
    ...COMPATIBLE,
    title: "Groq",
    baseUrl: "https://api.groq.com/openai/v1",
    secrets: ["GROQ_API_KEY"],
  },
  hyperbolic: {
    ...COMPATIBLE,
    title: "Hyperbolic",
    baseUrl: "https://api.hyperbolic.xyz/v1",
    secrets: ["HYPERBOLIC_API_KEY"],
  },
  mistral: {
    ...COMPATIBLE,
    title: "Mistral AI",
    baseUrl: "https://api.mistral.ai/v1",
    secrets: ["MISTRAL_API_KEY"],
  },
  moonshot: {
    ...COMPATIBLE,
    title: "Moonshot AI",
    baseUrl: "https://api.moonshot.ai/v1",
    secrets: ["MOONSHOT_API_KEY"],
  },
  nebius: {
    ...COMPATIBLE,
    title: "Nebius Token Factory",
    baseUrl: "https://api.tokenfactory.nebius.com/v1",
    secrets: ["NEBIUS_API_KEY"],
  },
  novita: {
    ...COMPATIBLE,
    title: "Novita AI",
    baseUrl: "https://api.novita.ai/openai/v1",
    secrets: ["NOVITA_API_KEY"],
  },
  nvidia: {
    ...COMPATIBLE,
    title: "NVIDIA NIM",
    baseUrl: "https://integrate.api.nvidia.com/v1",
    secrets: ["NVIDIA_API_KEY"],
  },
  openrouter: {
    ...COMPATIBLE,
    title: "OpenRouter",
    baseUrl: "https://openrouter.ai/api/v1",
    secrets: ["OPENROUTER_API_KEY"],
  },
  // Chat stands at the origin, without a version, so the whole path is given.
  perplexity: {
    ...COMPATIBLE,
    title: "Perplexity",
    baseUrl: "https://api.perplexity.ai/chat/completions",
    secrets: ["PERPLEXITY_API_KEY"],
    endpoints: ["chat"],
  },
  sambanova: {
    ...COMPATIBLE,
    title: "SambaNova",
    baseUrl: "https://api.sambanova.ai/v1",
    secrets: ["SAMBANOVA_API_KEY"],
  },
  together: {
    ...COMPATIBLE,
    title: "Together AI",
    baseUrl: "https://api.together.xyz/v1",
    secrets: ["TOGETHER_API_KEY"],
  },
  xai: { ...COMPATIBLE, title: "xAI", baseUrl: "https://api.x.ai/v1", secrets: ["XAI_API_KEY"] },

  "openai-compatible": { ...OWN_SERVER, title: "Any OpenAI-compatible server", baseUrl: undefined },
  mock: {
    title: "Built-in mock",
    dialect: DIALECTS.openai,
    baseUrl: undefined,
    auth: "none",
    secrets: [],
    endpoints: ENDPOINT_NAMES,
    firstParty: false,
    keyless: true,
    local: true,
  },
};

/** The preset of a provider whose name is no preset's and that names no `type`. */
export const DEFAULT_TYPE = "openai-compatible";
