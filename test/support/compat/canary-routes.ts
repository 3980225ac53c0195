// Every route of the gateway that leads upstream, with the request that a client would send there.

export interface CanaryRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** How its answer looks. */
  readonly answer: AnswerForm;
}

export type AnswerForm =
  | "chat"
  | "chat stream"
  | "completions"
  | "embeddings"
  | "responses"
  | "responses stream"
  | "messages"
  | "messages stream"
  | "gemini"
  | "gemini stream"
  | "gemini array"
  | "converse"
  | "converse stream"
  | "invoke stream"
  | "count"
  | "models";

/** Its providers by name; each is a folder of the upstream's address. */
export const OPENAI_LIKE = ["openai", "azure", "xai", "baseten", "fireworks", "own", "query"] as const;

const TEXT = [{ role: "user", content: "ping" }];
const CONTENTS = { contents: [{ role: "user", parts: [{ text: "ping" }] }] };
const CONVERSE = { messages: [{ role: "user", content: [{ text: "ping" }] }] };
const CLAUDE = { messages: TEXT, max_tokens: 9 };
const CLAUDE_BODY = { ...CLAUDE, anthropic_version: "bedrock-2023-05-31" };
const STREAM = { stream: true } as const;

function post(path: string, body: CanaryRoute["body"] & object, answer: AnswerForm): CanaryRoute {
  return { method: "POST", path, body, answer };
}

function get(path: string): CanaryRoute {
  return { method: "GET", path, answer: "models" };
}

function chatRoutes(base: string, model: string): CanaryRoute[] {
  const body = { model, messages: TEXT };
  return [
    post(`${base}/chat/completions`, body, "chat"),
    post(`${base}/chat/completions`, { ...body, ...STREAM }, "chat stream"),
    post(`${base}/completions`, { model, prompt: "ping" }, "completions"),
    post(`${base}/embeddings`, { model, input: "ping" }, "embeddings"),
    post(`${base}/responses`, { model, input: "ping" }, "responses"),
    post(`${base}/responses`, { model, input: "ping", ...STREAM }, "responses stream"),
  ];
}

function messagesRoutes(base: string, model: string): CanaryRoute[] {
  return [
    post(`${base}/messages`, { model, ...CLAUDE }, "messages"),
    post(`${base}/messages`, { model, ...CLAUDE, ...STREAM }, "messages stream"),
    post(`${base}/messages/count_tokens`, { model, messages: TEXT }, "count"),
  ];
}

function geminiRoutes(base: string): CanaryRoute[] {
  return [
    post(`${base}/m:generateContent`, CONTENTS, "gemini"),
    post(`${base}/m:streamGenerateContent?alt=sse`, CONTENTS, "gemini stream"),
    post(`${base}/m:streamGenerateContent`, CONTENTS, "gemini array"),
    post(`${base}/m:countTokens`, CONTENTS, "count"),
  ];
}

function bedrockRoutes(base: string): CanaryRoute[] {
  return [
    post(`${base}/model/m/converse`, CONVERSE, "converse"),
    post(`${base}/model/m/converse-stream`, CONVERSE, "converse stream"),
    post(`${base}/model/m/invoke`, CLAUDE_BODY, "messages"),
    post(`${base}/model/m/invoke-with-response-stream`, CLAUDE_BODY, "invoke stream"),
    post(`${base}/model/m/count-tokens`, { input: { converse: CONVERSE } }, "count"),
  ];
}

const PUBLISHERS = "/vertex/v1/projects/acme-prod/locations/global/publishers";

export const CANARY_ROUTES: readonly CanaryRoute[] = [
  ...chatRoutes("/v1", "own/m"),
  ...messagesRoutes("/v1", "anthropic/m"),
  ...OPENAI_LIKE.flatMap((name) => chatRoutes(`/providers/${name}/v1`, "m")),
  ...["openai", "azure", "xai", "baseten", "fireworks"].flatMap((name) => [
    ...chatRoutes(`/${name}/v1`, "m"),
    get(`/${name}/v1/models`),
  ]),
  ...chatRoutes("/models/smart/v1", "anything"),
  ...messagesRoutes("/anthropic/v1", "m"),
  ...messagesRoutes("/providers/anthropic/v1", "m"),
  get("/anthropic/v1/models"),
  ...geminiRoutes("/gemini/v1/models"),
  ...geminiRoutes("/gemini/v1beta/models"),
  ...geminiRoutes("/providers/gemini/v1beta/models"),
  get("/gemini/v1beta/models"),
  ...geminiRoutes(`${PUBLISHERS}/google/models`),
  post(`${PUBLISHERS}/anthropic/models/m:rawPredict`, CLAUDE_BODY, "messages"),
  post(`${PUBLISHERS}/anthropic/models/m:streamRawPredict`, { ...CLAUDE_BODY, ...STREAM }, "messages stream"),
  ...bedrockRoutes("/bedrock"),
  ...bedrockRoutes("/providers/signed"),
];
