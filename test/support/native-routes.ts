// Every route that leads to a model, made from the tables of endpoints and presets, for tests that must forget none.

import { PROVIDERS } from "../../src/catalog/providers.ts";
import type { NativeAction } from "../../src/formats/native-action.ts";
import {
  ENDPOINTS,
  type Endpoint,
  type EndpointName,
  type Family,
  NATIVE_ENDPOINTS,
} from "../../src/formats/table.ts";
import type { AnswerForm } from "./compat/canary-routes.ts";

type Body = Readonly<Record<string, unknown>>;

export interface MatrixRoute {
  /** `POST /gemini/v1beta/models/m:generateContent`, with ` (stream)` where one is asked for. */
  readonly name: string;
  /** The part before the endpoint's own path: `/v1`, `/providers/up`, `/gemini`. */
  readonly root: string;
  readonly endpoint: Endpoint;
  readonly stream: boolean;
  readonly path: string;
  /** Undefined = a GET. */
  readonly body: Body | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** In whose envelope a refusal comes. */
  readonly family: Family;
  /** How the upstream answers it. */
  readonly form: AnswerForm;
  /** The gateway answers by itself. */
  readonly local: boolean;
}

/** Whose models a route asks for. */
export interface Asked {
  /** The upstream's id. */
  readonly model: string;
  /** A public name that leads to it at the provider `up`. */
  readonly publicName: string;
}

/** Presets with a grammar of their own, whose paths {@link NATIVE_PATHS} has. */
export const GRAMMAR_PRESETS = Object.entries(PROVIDERS).flatMap(([name, { versionInPath }]) =>
  versionInPath ? [name] : [],
);

/** Presets whose paths are those below `/v1`. */
export const PLAIN_PRESETS = Object.keys(PROVIDERS).filter((name) => !GRAMMAR_PRESETS.includes(name));

/** The provider of that type that has another name. */
export function otherName(preset: string): string {
  return `other-${preset}`;
}

const TEXT = [{ role: "user", content: "ping" }];
const CONTENTS = { contents: [{ role: "user", parts: [{ text: "ping" }] }] };
const CONVERSE = { messages: [{ role: "user", content: [{ text: "ping" }] }] };
const CLAUDE = { anthropic_version: "bedrock-2023-05-31", messages: TEXT, max_tokens: 9 };

const BODIES: Readonly<Record<EndpointName, (model: string) => Body | undefined>> = {
  chat: (model) => ({ model, messages: TEXT }),
  completions: (model) => ({ model, prompt: "ping" }),
  embeddings: (model) => ({ model, input: "ping" }),
  responses: (model) => ({ model, input: "ping" }),
  messages: (model) => ({ model, messages: TEXT, max_tokens: 9 }),
  count_tokens: (model) => ({ model, messages: TEXT }),
  models: () => undefined,
};

const FORMS: Readonly<Record<EndpointName, readonly [whole: AnswerForm, stream?: AnswerForm]>> = {
  chat: ["chat", "chat stream"],
  completions: ["completions", "chat stream"],
  embeddings: ["embeddings"],
  responses: ["responses", "responses stream"],
  messages: ["messages", "messages stream"],
  count_tokens: ["count"],
  models: ["models"],
};

/** One way to call a native action. */
interface NativeCase {
  readonly preset: string;
  readonly path: (model: string) => string;
  readonly body: (model: string) => Body;
  readonly stream: boolean;
  readonly form: AnswerForm;
}

const PLACE = "projects/acme-prod/locations/global/publishers";
const vertexAt = (publisher: string, word: string) => (model: string) =>
  `v1/${PLACE}/${publisher}/models/${model}:${word}`;

/** The same call in both versions of Gemini's API, and on Vertex AI. */
function google(word: string, body: Body, form: AnswerForm, query = ""): NativeCase[] {
  const call = { body: () => body, stream: word.startsWith("stream"), form };
  return [
    { preset: "gemini", path: (model) => `v1beta/models/${model}:${word}${query}`, ...call },
    { preset: "gemini", path: (model) => `v1/models/${model}:${word}${query}`, ...call },
    { preset: "vertex", path: (model) => `${vertexAt("google", word)(model)}${query}`, ...call },
  ];
}

function raw(word: string, stream: boolean): NativeCase {
  const body = stream ? { ...CLAUDE, stream } : CLAUDE;
  const form = stream ? "messages stream" : "messages";
  return { preset: "vertex", path: vertexAt("anthropic", word), body: () => body, stream, form };
}

function bedrock(word: string, body: Body, form: AnswerForm): NativeCase {
  const path = (model: string) => `model/${model}/${word}`;
  return { preset: "bedrock", path, body: () => body, stream: word.includes("stream"), form };
}

const EMBEDDED = { content: { parts: [{ text: "ping" }] } };

/** How each action is called. A new one in the table has to be written here, or the types do not hold. */
export const NATIVE_PATHS: Readonly<Record<NativeAction, readonly NativeCase[]>> = {
  generate_content: google("generateContent", CONTENTS, "gemini"),
  stream_generate_content: [
    ...google("streamGenerateContent", CONTENTS, "gemini stream", "?alt=sse"),
    ...google("streamGenerateContent", CONTENTS, "gemini array"),
  ],
  gemini_count_tokens: google("countTokens", CONTENTS, "count"),
  embed_content: google("embedContent", EMBEDDED, "gemini"),
  batch_embed_contents: google("batchEmbedContents", { requests: [EMBEDDED] }, "gemini"),
  raw_predict: [raw("rawPredict", false), raw("rawPredict", true)],
  stream_raw_predict: [raw("streamRawPredict", true)],
  raw_count_tokens: [
    {
      ...raw("rawPredict", false),
      path: () => vertexAt("anthropic", "rawPredict")("count-tokens"),
      body: (model) => ({ model, messages: TEXT }),
      form: "count",
    },
  ],
  converse: [bedrock("converse", CONVERSE, "converse")],
  converse_stream: [bedrock("converse-stream", CONVERSE, "converse stream")],
  invoke: [bedrock("invoke", CLAUDE, "messages")],
  invoke_stream: [bedrock("invoke-with-response-stream", CLAUDE, "invoke stream")],
  bedrock_count_tokens: [bedrock("count-tokens", { input: { converse: CONVERSE } }, "count")],
};

/** Lists of models that stand at paths of their own. */
const NATIVE_LISTS: Readonly<Record<string, readonly string[]>> = {
  gemini: ["v1beta/models", "v1/models"],
  vertex: ["v1/publishers/google/models", `v1/${PLACE}/google/models`],
};

const ANTHROPIC_VERSION = { "anthropic-version": "2023-06-01" };

/** All of them, for that model. */
export function matrixRoutes({ model, publicName }: Asked): readonly MatrixRoute[] {
  const common = Object.values(ENDPOINTS).flatMap((endpoint) => [
    ...commonRoutes("/v1", endpoint, `up/${model}`, endpoint.name === "models"),
    ...commonRoutes("/providers/up/v1", endpoint, model),
    ...commonRoutes(`/models/${publicName}/v1`, endpoint, "anything", endpoint.name === "models"),
  ]);
  const plain = PLAIN_PRESETS.flatMap((preset) => {
    const offered = PROVIDERS[preset];
    return Object.values(ENDPOINTS)
      .filter(({ name }) => offered?.endpoints.includes(name))
      .flatMap((endpoint) => commonRoutes(`/${preset}/v1`, endpoint, model, offered?.local === true));
  });
  const native = Object.values(NATIVE_ENDPOINTS).flatMap((endpoint) =>
    NATIVE_PATHS[endpoint.native].flatMap((call) => nativeRoutes(endpoint, call, model)),
  );
  const lists = Object.entries(NATIVE_LISTS).flatMap(([preset, paths]) =>
    rootsOf(preset).flatMap((root) => paths.map((path) => listRoute(root, path))),
  );
  return [...common, ...plain, ...native, ...lists];
}

/** The two roots of a preset with a grammar: its own, and that of a provider of its type with another name. */
export function rootsOf(preset: string): readonly string[] {
  return [`/${preset}`, `/providers/${otherName(preset)}`];
}

function commonRoutes(root: string, endpoint: Endpoint, model: string, local = false): MatrixRoute[] {
  const name = endpoint.name as EndpointName;
  const body = BODIES[name](model);
  const path = `${root}/${endpoint.path}`;
  const headers = endpoint.family === "anthropic" ? ANTHROPIC_VERSION : NONE;
  const [whole, streamed = whole] = FORMS[name];
  const route = { root, endpoint, path, body, headers, family: endpoint.family, local };
  const call: MatrixRoute = { ...route, name: `${endpoint.method} ${path}`, stream: false, form: whole };
  if (!endpoint.streams) return name === "models" ? [call, inAnthropicShape(call)] : [call];
  return [
    call,
    { ...call, name: `${call.name} (stream)`, stream: true, form: streamed, body: { ...body, stream: true } },
  ];
}

/** The list as an SDK of Anthropic's asks for it. */
function inAnthropicShape(route: MatrixRoute): MatrixRoute {
  return { ...route, name: `${route.name} (anthropic)`, headers: ANTHROPIC_VERSION, family: "anthropic" };
}

function nativeRoutes(endpoint: Endpoint, call: NativeCase, model: string): MatrixRoute[] {
  const { family } = endpoint;
  return rootsOf(call.preset).map((root) => {
    const path = `${root}/${call.path(model)}`;
    const name = `POST ${path}${call.stream ? " (stream)" : ""}`;
    const { stream, form } = call;
    return {
      name,
      root,
      endpoint,
      stream,
      path,
      body: call.body(model),
      headers: NONE,
      family,
      form,
      local: false,
    };
  });
}

function listRoute(root: string, path: string): MatrixRoute {
  const whole = `${root}/${path}`;
  return {
    name: `GET ${whole}`,
    root,
    endpoint: ENDPOINTS.models,
    stream: false,
    path: whole,
    body: undefined,
    headers: NONE,
    family: "gemini",
    form: "models",
    local: false,
  };
}

const NONE: Readonly<Record<string, string>> = {};
