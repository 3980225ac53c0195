// Asks the gateway as different callers do and reads what an answer says about key, model and target.

import { stringify } from "yaml";
import type { Gateway } from "./gateway.ts";
import { hashOf, virtualKey } from "./keys.ts";

export interface Question {
  /** Default: `POST /v1/chat/completions`. */
  readonly path?: string;
  readonly method?: string;
  /** Word of the virtual key, sent as Bearer; undefined = no key. */
  readonly as?: string;
  readonly model?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of a short chat request; a string goes out as it is. */
  readonly body?: unknown;
}

export interface Verdict {
  readonly status: number;
  /** `x-postern-code`; undefined when all went well. */
  readonly code: string | undefined;
  /** `x-postern-model`. */
  readonly target: string | undefined;
  /** The error's message in either envelope; empty when there is none. */
  readonly message: string;
  readonly headers: Headers;
  readonly text: string;
  json(): Record<string, unknown>;
}

/** A chat request without a model, and with one where it is given. */
export function chatBody(model?: unknown): Record<string, unknown> {
  const messages = [{ role: "user", content: "ping" }];
  return model === undefined ? { messages } : { model, messages };
}

export async function ask(gateway: Gateway, question: Question): Promise<Verdict> {
  const { path = "/v1/chat/completions", as, model, headers = {} } = question;
  const method = question.method ?? "POST";
  const { body = chatBody(model) } = question;
  const answer = await gateway.fetch(path, {
    method,
    headers: {
      ...(method === "POST" ? { "content-type": "application/json" } : {}),
      ...(as === undefined ? {} : { authorization: `Bearer ${virtualKey(as)}` }),
      ...headers,
    },
    ...(method === "POST" ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
  });
  return await verdictOf(answer);
}

export async function get(gateway: Gateway, path: string, as?: string): Promise<Verdict> {
  return await ask(gateway, { method: "GET", path, ...(as === undefined ? {} : { as }) });
}

export async function verdictOf(answer: Response): Promise<Verdict> {
  const text = await answer.text();
  return {
    status: answer.status,
    code: answer.headers.get("x-postern-code") ?? undefined,
    target: answer.headers.get("x-postern-model") ?? undefined,
    message: messageOf(text),
    headers: answer.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

function messageOf(text: string): string {
  if (!text.startsWith("{")) return "";
  const { error } = JSON.parse(text) as { error?: { message?: unknown } };
  return typeof error?.message === "string" ? error.message : "";
}

/** What a test compares: status and code of a refusal, status and target of a success. */
export function outcome(verdict: Verdict): string {
  return verdict.status === 200
    ? `200 ${verdict.target ?? ""}`.trim()
    : `${verdict.status} ${verdict.code ?? ""}`.trim();
}

/** The `id`s of a model list, in either shape. */
export function idsOf(verdict: Verdict): string[] {
  const { data } = verdict.json() as { data: readonly { id: string }[] };
  return data.map(({ id }) => id);
}

type Settings = Readonly<Record<string, unknown>>;

/** The `keys:` section: each name is also the word its key is made from. */
export function keySection(keys: Readonly<Record<string, Settings>>): Settings {
  return Object.fromEntries(
    Object.entries(keys).map(([word, more]) => [word, { hash: hashOf(virtualKey(word)), ...more }]),
  );
}

/** A configuration as the text of config.yaml. */
export function yamlOf(config: Settings): string {
  return stringify(config, { lineWidth: 0 });
}
