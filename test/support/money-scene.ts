// A gateway that keeps an account, in front of an upstream that reports the usage a test asks for.

import { join } from "node:path";
import { keySection, type Verdict, verdictOf, yamlOf } from "./callers.ts";
import { until } from "./deadline.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { virtualKey } from "./keys.ts";
import { replaceFile } from "./live-config.ts";
import { scratch } from "./scratch.ts";
import {
  CHAT_REPLY,
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
  type SeenRequest,
} from "./upstream.ts";

export const ADMIN_KEY = "admin-key-of-the-tests-0123456789-abcdef";

/** One token of an answer of `up` costs one US cent, its input nothing: holds and costs can be counted by hand. */
export const CENT = 10_000_000;

export const CENT_PER_TOKEN = { input: 0, output: 10_000 };

const ENDPOINTS = ["chat", "completions", "embeddings", "responses", "messages", "count_tokens", "models"];

export type Settings = Readonly<Record<string, unknown>>;

export interface MoneyScene {
  readonly upstream: FakeUpstream;
  /** The process that serves now. */
  readonly gateway: Gateway;
  /** Absolute path of the database; it outlives the gateway. */
  readonly store: string;
  /** Text of the configuration in force. */
  readonly yaml: string;
  /** Puts these top-level settings in place of those at the start, and waits until they are in force. */
  reload(changes: Settings): Promise<void>;
  /** Stops the gateway, or finds it dead, and starts another one on the same store. */
  restart(changes?: Settings): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts both. `settings` are top-level settings; without `providers`, `keys` and `pricing` there are `up`, which
 * has every endpoint, the key `caller`, and {@link CENT_PER_TOKEN} for all models of `up`.
 */
export async function moneyScene(settings: Settings = {}, store = newStore()): Promise<MoneyScene> {
  const upstream = fakeUpstream(meteredAnswer);
  const yamlWith = (changes: Settings): string => moneyYaml(upstream.url, store, { ...settings, ...changes });
  let yaml = yamlWith({});
  let gateway = await startGateway(yaml);
  return {
    upstream,
    store,
    get gateway() {
      return gateway;
    },
    get yaml() {
      return yaml;
    },
    async reload(changes) {
      const before = await configHash(gateway);
      yaml = yamlWith(changes);
      replaceFile(join(gateway.dir, "config.yaml"), listening(yaml));
      await until("the new configuration", async () =>
        (await configHash(gateway)) === before ? undefined : true,
      );
    },
    async restart(changes = {}) {
      await gateway.stop();
      yaml = yamlWith(changes);
      gateway = await startGateway(yaml);
    },
    async stop() {
      await gateway.stop();
      await upstream.stop();
    },
  };
}

/** An absolute path for a database, in a folder of its own. */
export function newStore(): string {
  return join(scratch(), "postern.db");
}

/** The configuration of {@link moneyScene}. */
export function moneyYaml(upstreamUrl: string, store: string, settings: Settings): string {
  return yamlOf({
    admin: { key: ADMIN_KEY },
    store: { path: store },
    providers: { up: upProvider(upstreamUrl) },
    keys: keySection({ caller: {} }),
    pricing: { models: { "up/*": CENT_PER_TOKEN } },
    ...settings,
  });
}

export function upProvider(upstreamUrl: string): Settings {
  return { base_url: `${upstreamUrl}/v1`, auth: "none", endpoints: ENDPOINTS };
}

/** As the helper that starts gateways does it, for a file that is written again. */
function listening(yaml: string): string {
  const line = `  listen: 127.0.0.1:\${PORT}`;
  return /^server:\s*$/m.test(yaml)
    ? yaml.replace(/^server:\s*$/m, `server:\n${line}`)
    : `server:\n${line}\n${yaml}`;
}

async function configHash(gateway: Gateway): Promise<string> {
  const answer = await gateway.fetch("/admin/v1/status", {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  const { config } = (await answer.json()) as { config: { hash: string } };
  return config.hash;
}

/** A chat answer, or stream, whose usage the request names in `used`, or else is what it allows. */
export function meteredAnswer(request: SeenRequest): Response {
  if (request.method === "GET") return Response.json({ object: "list", data: [] });
  if (request.path.endsWith("/count_tokens")) return Response.json({ input_tokens: 3 });
  const tokens = tokensOf(request);
  if (request.json()["stream"] === true) {
    return eventStream(firstChunk("pong") + lastChunk({ usage: usageOf(tokens) }) + DONE);
  }
  return Response.json(chatReply(tokens));
}

/** How many tokens of answer a request of {@link buy} asks for. */
export function tokensOf(request: SeenRequest): number {
  const { used, max_tokens: allowed } = request.json();
  return Number(used ?? allowed ?? 1);
}

export function chatReply(completionTokens: number): Settings {
  return { ...CHAT_REPLY, usage: usageOf(completionTokens) };
}

function usageOf(completionTokens: number): Settings {
  return { prompt_tokens: 3, completion_tokens: completionTokens, total_tokens: completionTokens + 3 };
}

export interface Purchase {
  /** Word of the key; default `caller`. */
  readonly as?: string;
  readonly model?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Tokens that the upstream says were used; default: as many as are held. */
  readonly used?: number;
  /** Further members of the body. */
  readonly body?: Settings;
  readonly signal?: AbortSignal;
}

/** A chat call that holds so many tokens, so many cents. */
export async function buy(gateway: Gateway, tokens: number, purchase: Purchase = {}): Promise<Verdict> {
  return await verdictOf(await order(gateway, tokens, purchase));
}

/** {@link buy} as far as the head of the answer. */
export async function order(gateway: Gateway, tokens: number, purchase: Purchase = {}): Promise<Response> {
  const { as = "caller", model = "up/m", path = "/v1/chat/completions", headers = {}, used, body } = purchase;
  return await gateway.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${virtualKey(as)}`, ...headers },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: "ping" }],
      max_tokens: tokens,
      ...(used === undefined ? {} : { used }),
      ...body,
    }),
    ...(purchase.signal === undefined ? {} : { signal: purchase.signal }),
  });
}
