// The gateway of the canary test: every way of paying, every carrier of a key, credentials that are easy to find.

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { yamlOf } from "../callers.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { hashOf, virtualKey } from "../keys.ts";
import { ADMIN_KEY, newStore } from "../money-scene.ts";
import { ACCOUNT_PRIVATE_KEY, keyFile } from "../service-account.ts";
import { type FakeUpstream, fakeUpstream, type SeenRequest } from "../upstream.ts";
import { OPENAI_LIKE } from "./canary-routes.ts";

type Texts = Readonly<Record<string, string>>;

/** One key for each carrier; with all of them at once the first one decides. */
export const CLIENT_KEYS = {
  "x-api-key": virtualKey("canary x-api-key"),
  "api-key": virtualKey("canary api-key"),
  "x-goog-api-key": virtualKey("canary x-goog-api-key"),
  "?key=": virtualKey("canary query"),
  authorization: virtualKey("canary bearer"),
} as const;
export type Carrier = keyof typeof CLIENT_KEYS;

/** A key without money, and one that nobody has. */
export const BROKE_KEY = virtualKey("canary broke");
export const UNKNOWN_KEY = virtualKey("canary unknown");

export const ALL_CLIENT_KEYS: Texts = { ...CLIENT_KEYS, broke: BROKE_KEY, unknown: UNKNOWN_KEY };

const ENVIRONMENT = {
  OPENAI_API_KEY: "sk-canary-openai-8d0c1f",
  ANTHROPIC_API_KEY: "sk-ant-canary-anthropic-51ab77",
  GOOGLE_API_KEY: "AIzaCanaryGemini-6f2e9d",
  AWS_BEARER_TOKEN_BEDROCK: "canary-bedrock-bearer-93aa10",
  AWS_ACCESS_KEY_ID: "AKIACANARYCANARY0001",
  AWS_SECRET_ACCESS_KEY: "canary/aws+secret/access+key/27cc",
  AWS_SESSION_TOKEN: "canary/aws+session+token/bb04==",
  AZURE_FOUNDRY_API_KEY: "canary-azure-key-70de41",
  XAI_API_KEY: "xai-canary-2b6a5f",
  BASETEN_API_KEY: "canary-baseten-0c8e3d",
  FIREWORKS_API_KEY: "fw-canary-94f1b2",
  OWN_KEY: "canary-own-server-key-1e7d60",
  QUERY_KEY: "canary-key-in-the-query-c35b29",
} as const;

export const ACCESS_TOKEN = "ya29.canary-access-token-40b8ee";

/** Lines of the PEM, as they would be found in a text with its line ends escaped or not. */
const KEY_LINES = ACCOUNT_PRIVATE_KEY.split("\n").filter(
  (line) => line.length >= 16 && !line.startsWith("-"),
);

export const PROVIDER_SECRETS: Texts = {
  ...ENVIRONMENT,
  "access token": ACCESS_TOKEN,
  ...Object.fromEntries(KEY_LINES.map((line, number) => [`line ${number} of the private key`, line])),
};

/** What each provider may see: its own. */
const OWN_SECRETS: Readonly<Record<string, readonly string[]>> = {
  openai: ["OPENAI_API_KEY"],
  anthropic: ["ANTHROPIC_API_KEY"],
  gemini: ["GOOGLE_API_KEY"],
  vertex: ["access token"],
  bedrock: ["AWS_BEARER_TOKEN_BEDROCK"],
  // An access key's id is the name in a signature, and no secret of its own.
  signed: ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"],
  azure: ["AZURE_FOUNDRY_API_KEY"],
  xai: ["XAI_API_KEY"],
  baseten: ["BASETEN_API_KEY"],
  fireworks: ["FIREWORKS_API_KEY"],
  own: ["OWN_KEY"],
  query: ["QUERY_KEY"],
};

/** Names of the secrets that a text holds, as they are, or as a URL or a base64 text would have them. */
export function found(text: string, secrets: Texts): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) =>
      [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").slice(0, -4)].some((form) =>
        text.includes(form),
      ),
    )
    .map(([name]) => name);
}

/** What a request to an upstream holds that is not that provider's, and whether it holds what is. */
export function judge(request: SeenRequest): { readonly strange: string[]; readonly paid: boolean } {
  const provider = request.path.split("/")[1] ?? "";
  const own = OWN_SECRETS[provider] ?? [];
  const text = `${request.target} ${JSON.stringify(request.headers)} ${request.text}`;
  const secrets = found(text, PROVIDER_SECRETS);
  const strange = [...secrets.filter((name) => !own.includes(name)), ...found(text, ALL_CLIENT_KEYS)];
  return {
    strange: strange.map((name) => `${provider}: ${name}`),
    paid: own.every((name) => secrets.includes(name)),
  };
}

export interface CanaryScene {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  /** What the token endpoint was sent: assertions that pay for a token. */
  readonly assertions: readonly string[];
  /** The bytes of the database and the files beside it: name → content, a character per byte. */
  storeFiles(): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startCanaryScene(): Promise<CanaryScene> {
  const assertions: string[] = [];
  const tokens = fakeUpstream((request) => {
    const assertion = new URLSearchParams(request.text).get("assertion") ?? "";
    assertions.push(assertion);
    if (request.path === "/broken")
      return Response.json({ error: "invalid_grant", error_description: request.text }, { status: 400 });
    return Response.json({ access_token: ACCESS_TOKEN, expires_in: 3_600, token_type: "Bearer" });
  });
  const upstream = fakeUpstream();
  const store = newStore();
  const stopUpstreams = async () => {
    await Promise.all([upstream.stop(), tokens.stop()]);
  };
  const yaml = yamlFor(upstream.url, tokens.url, store);
  const env = { ...ENVIRONMENT, CLIENT_KEY: CLIENT_KEYS.authorization };
  const gateway = await startGateway({ yaml, env }).catch(async (error: unknown) => {
    await stopUpstreams();
    throw error;
  });
  return {
    gateway,
    upstream,
    assertions,
    storeFiles() {
      const names = readdirSync(dirname(store)).filter((name) => name.startsWith(basename(store)));
      return Object.fromEntries(
        names.map((name) => [name, readFileSync(join(dirname(store), name), "latin1")]),
      );
    },
    stop: async () => {
      await gateway.stop();
      await stopUpstreams();
    },
  };
}

function yamlFor(upstream: string, tokens: string, store: string): string {
  const like = Object.fromEntries(OPENAI_LIKE.map((name) => [name, { base_url: `${upstream}/${name}/v1` }]));
  const account = (path: string) => keyFile({ token_uri: `${tokens}/${path}` });
  const vertex = { type: "vertex", base_url: `${upstream}/vertex` };
  const hashes = Object.entries({ ...CLIENT_KEYS, broke: BROKE_KEY }).filter(
    ([name]) => name !== "authorization",
  );
  return yamlOf({
    log: { level: "debug" },
    admin: { key: ADMIN_KEY },
    store: { path: store },
    providers: {
      ...like,
      own: { ...like["own"], api_key: `\${OWN_KEY}` },
      query: { ...like["query"], api_key: `\${QUERY_KEY}`, auth: { query: "api_token" } },
      anthropic: { base_url: `${upstream}/anthropic/v1` },
      gemini: { base_url: `${upstream}/gemini` },
      vertex: { ...vertex, api_key: account("token") },
      "broken-vertex": { ...vertex, api_key: account("broken") },
      bedrock: { base_url: `${upstream}/bedrock`, region: "us-east-1" },
      signed: { type: "bedrock", base_url: `${upstream}/signed`, region: "us-east-1", auth: "aws" },
    },
    models: { smart: "own/m" },
    pricing: { models: { "*": { input: 1, output: 1 } } },
    keys: {
      ...Object.fromEntries(
        hashes.map(([name, key]) => [name.replace("?key=", "query"), { hash: hashOf(key) }]),
      ),
      bearer: { secret: `\${CLIENT_KEY}` },
    },
    spend_policies: { "Nothing left": { limit_usd: 0, window: "total", applies_to: { keys: ["broke"] } } },
  });
}
