// The rows of the compatibility matrix: which client reaches the gateway by which route.

import { aiAnthropic, aiCompatible, aiGoogle, aiOpenaiChat, aiOpenaiResponses } from "./ai-sdk.ts";
import { anthropic0, anthropic1 } from "./anthropic.ts";
import { awsSdk } from "./aws-sdk.ts";
import type { OpenConversation } from "./conversation.ts";
import { langchainChat, langchainResponses, llamaindex } from "./frameworks.ts";
import { genaiGemini, genaiGeminiBeta, genaiVertex } from "./google-genai.ts";
import { openai6Chat, openai6Responses, openai7Chat, openai7Responses } from "./openai.ts";
import type { Format } from "./usage.ts";

export interface Row {
  /** Name for people, without the version. */
  readonly client: string;
  /** The npm package whose version the page names; its folder under node_modules. */
  readonly package: string;
  /** The heading it stands under. */
  readonly route: string;
  /** What the client calls, for people. */
  readonly what: string;
  readonly open: OpenConversation;
  /** Behind the gateway's address: what its set-up would say. */
  readonly base: string;
  readonly model: string;
  readonly format: Format;
  /** Whose credential the upstream has to see. */
  readonly provider: string;
  /** Where its base URL, and for some its key, comes from what `postern env` prints. */
  readonly setUp?: { readonly client: string; readonly code?: RegExp };
  /** How often it asks when it is refused with 429 and may try once more. */
  readonly tries: number;
  /** It reads its variables at every call, so that its cells cannot be played at once. */
  readonly readsEnvLate?: true;
  /** What it has no means for, and why. */
  readonly cannot?: { readonly abort: string };
  /** The error's name that it has to show. */
  readonly errors?: { readonly 402: string; readonly 429: string };
}

export const MODELS = {
  openai: "gpt-compat",
  anthropic: "claude-compat",
  gemini: "gemini-compat",
  bedrock: "us.anthropic.claude-compat-v1:0",
} as const;

const OPENAI = { client: "openai", package: "openai", provider: "openai", tries: 2 } as const;
const OPENAI_6 = { ...OPENAI, package: "openai6" } as const;
const ANTHROPIC = {
  client: "@anthropic-ai/sdk",
  package: "@anthropic-ai/sdk",
  provider: "anthropic",
  what: "messages",
  format: "messages",
  open: anthropic1,
  tries: 2,
} as const;
const ANTHROPIC_0 = { ...ANTHROPIC, package: "anthropic0", open: anthropic0 } as const;
// It does not try again unless it is told to, status by status.
const GENAI = {
  client: "@google/genai",
  package: "@google/genai",
  format: "gemini",
  model: MODELS.gemini,
  tries: 1,
} as const;
const AI_OPENAI = {
  client: "AI SDK, @ai-sdk/openai",
  package: "@ai-sdk/openai",
  provider: "openai",
  tries: 2,
} as const;
const AI_COMPATIBLE = {
  ...AI_OPENAI,
  client: "AI SDK, @ai-sdk/openai-compatible",
  package: "@ai-sdk/openai-compatible",
  what: "chat",
  open: aiCompatible,
  format: "chat",
} as const;
const AI_ANTHROPIC = {
  ...ANTHROPIC,
  client: "AI SDK, @ai-sdk/anthropic",
  package: "@ai-sdk/anthropic",
  open: aiAnthropic,
} as const;
const LANGCHAIN = {
  client: "LangChain, @langchain/openai",
  package: "@langchain/openai",
  provider: "openai",
  tries: 2,
} as const;
const AWS = {
  client: "@aws-sdk/client-bedrock-runtime",
  package: "@aws-sdk/client-bedrock-runtime",
  what: "Converse",
  open: awsSdk,
  model: MODELS.bedrock,
  format: "converse",
  tries: 2,
  errors: { 402: "ServiceQuotaExceededException", 429: "ThrottlingException" },
} as const;

const CHAT = { what: "chat", format: "chat" } as const;
const RESPONSES = { what: "Responses", format: "responses" } as const;
const UNIFIED = { route: "/v1", base: "/v1", model: `openai/${MODELS.openai}` } as const;
const CLAUDE = `anthropic/${MODELS.anthropic}`;
const native = (route: string, base = route) => ({ route, base });

export const ROWS: readonly Row[] = [
  { ...OPENAI, ...UNIFIED, ...CHAT, open: openai7Chat, setUp: { client: "openai" } },
  { ...OPENAI, ...UNIFIED, ...RESPONSES, open: openai7Responses, setUp: { client: "openai" } },
  { ...OPENAI_6, ...UNIFIED, ...CHAT, open: openai6Chat, setUp: { client: "openai" } },
  { ...OPENAI_6, ...UNIFIED, ...RESPONSES, open: openai6Responses, setUp: { client: "openai" } },
  { ...AI_COMPATIBLE, ...UNIFIED, setUp: code("ai-sdk", /createOpenAICompatible\(\{.* baseURL: "([^"]+)"/) },
  {
    ...AI_OPENAI,
    ...UNIFIED,
    ...RESPONSES,
    open: aiOpenaiResponses,
    setUp: code("ai-sdk", /createOpenAI\(\{ baseURL: "([^"]+)"/),
  },
  {
    ...AI_OPENAI,
    ...UNIFIED,
    ...CHAT,
    open: aiOpenaiChat,
    setUp: code("ai-sdk", /createOpenAI\(\{ baseURL: "([^"]+)"/),
  },
  {
    ...LANGCHAIN,
    ...UNIFIED,
    ...CHAT,
    open: langchainChat,
    setUp: code("langchain", /new ChatOpenAI\(\{.* baseURL: "([^"]+)"/),
  },
  {
    ...LANGCHAIN,
    ...UNIFIED,
    ...RESPONSES,
    open: langchainResponses,
    setUp: code("langchain", /new ChatOpenAI\(\{.* baseURL: "([^"]+)"/),
  },
  {
    client: "LlamaIndex, @llamaindex/openai",
    package: "@llamaindex/openai",
    ...UNIFIED,
    ...CHAT,
    provider: "openai",
    open: llamaindex,
    tries: 2,
    cannot: { abort: "the client keeps a stream open that nobody reads" },
    setUp: code("llamaindex", /openai\(\{.* baseURL: "([^"]+)"/),
  },
  { ...ANTHROPIC, route: "/v1", base: "", model: CLAUDE },
  { ...ANTHROPIC_0, route: "/v1", base: "", model: CLAUDE },
  { ...AI_ANTHROPIC, route: "/v1", base: "/v1", model: CLAUDE },

  { ...OPENAI, ...native("/openai", "/openai/v1"), ...CHAT, open: openai7Chat, model: MODELS.openai },
  { ...OPENAI, ...native("/openai", "/openai"), ...RESPONSES, open: openai7Responses, model: MODELS.openai },
  {
    ...AI_OPENAI,
    ...native("/openai", "/openai/v1"),
    ...RESPONSES,
    open: aiOpenaiResponses,
    model: MODELS.openai,
  },
  { ...LANGCHAIN, ...native("/openai", "/openai/v1"), ...CHAT, open: langchainChat, model: MODELS.openai },

  { ...ANTHROPIC, ...native("/anthropic"), model: MODELS.anthropic, setUp: { client: "anthropic" } },
  { ...ANTHROPIC_0, ...native("/anthropic"), model: MODELS.anthropic, setUp: { client: "anthropic" } },
  {
    ...AI_ANTHROPIC,
    ...native("/anthropic", "/anthropic/v1"),
    model: MODELS.anthropic,
    setUp: code("ai-sdk", /createAnthropic\(\{ baseURL: "([^"]+)"/),
  },

  {
    ...GENAI,
    ...native("/gemini"),
    what: "generateContent, v1",
    open: genaiGemini,
    provider: "gemini",
    setUp: { client: "google-genai" },
  },
  {
    ...GENAI,
    ...native("/gemini"),
    what: "generateContent, v1beta",
    open: genaiGeminiBeta,
    provider: "gemini",
  },
  {
    client: "AI SDK, @ai-sdk/google",
    package: "@ai-sdk/google",
    ...native("/gemini", "/gemini/v1beta"),
    what: "generateContent, v1beta",
    open: aiGoogle,
    model: MODELS.gemini,
    format: "gemini",
    provider: "gemini",
    tries: 2,
    setUp: code("ai-sdk", /createGoogleGenerativeAI\(\{ baseURL: "([^"]+)"/),
  },

  {
    ...GENAI,
    ...native("/vertex"),
    what: "generateContent",
    open: genaiVertex,
    provider: "vertex",
    setUp: code("google-genai", /GOOGLE_VERTEX_BASE_URL=(\S+)/),
  },

  { ...AWS, ...native("/bedrock"), provider: "bedrock", setUp: { client: "aws-sdk" }, readsEnvLate: true },

  {
    ...OPENAI,
    ...native("/azure", "/azure/v1"),
    ...CHAT,
    open: openai7Chat,
    model: MODELS.openai,
    provider: "azure",
  },
  {
    ...AI_OPENAI,
    ...native("/azure", "/azure/v1"),
    ...RESPONSES,
    open: aiOpenaiResponses,
    model: MODELS.openai,
    provider: "azure",
  },

  ...["/providers/openai/v1"].flatMap((base): Row[] => [
    { ...OPENAI, ...native("/providers/NAME", base), ...CHAT, open: openai7Chat, model: MODELS.openai },
    { ...AI_COMPATIBLE, ...native("/providers/NAME", base), model: MODELS.openai },
  ]),
  { ...ANTHROPIC, ...native("/providers/NAME", "/providers/anthropic"), model: MODELS.anthropic },
  {
    ...GENAI,
    ...native("/providers/NAME", "/providers/gemini"),
    what: "generateContent, v1",
    open: genaiGemini,
    provider: "gemini",
  },
  {
    ...AWS,
    ...native("/providers/NAME", "/providers/bedrock-signed"),
    what: "Converse; upstream signed with SigV4",
    provider: "bedrock-signed",
  },

  { ...OPENAI, ...native("/models/NAME", "/models/smart/v1"), ...CHAT, open: openai7Chat, model: "anything" },
  { ...ANTHROPIC, ...native("/models/NAME", "/models/claude"), model: "anything" },
];

function code(client: string, pattern: RegExp): NonNullable<Row["setUp"]> {
  return { client, code: pattern };
}
