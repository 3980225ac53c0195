// Asks a provider for its models, to find out whether its address and credential are right, and what to do if not.

import type { Provider } from "../exchange.ts";
import { readModelIds } from "../formats/model-list.ts";
import { ENDPOINTS } from "../formats/table.ts";
import { readAtMost } from "../lib/byte-reader.ts";
import { baseUrlOf, otherRoots } from "../upstream/other-roots.ts";
import { type Outcome, type Reply, TimeoutCause, type Upstream } from "../upstream/send.ts";
import { joinUrl } from "../upstream/url.ts";
import { isServedBelowV1, modelsRequest } from "./ask-models.ts";
import { hasCredential } from "./list-models.ts";

export type ProbeState =
  | "reachable"
  | "refused"
  | "unreachable"
  | "timeout"
  | "bad_key"
  | "wrong_base_url"
  | "failing"
  | "not_probed";

export interface Probe {
  readonly state: ProbeState;
  /** What was seen and what to do, in words; empty when the state says it all. Never a secret. */
  readonly detail: string;
  /** How many models it lists, where it answered with a list. */
  readonly models?: number;
  /** The `base_url` that works instead. */
  readonly fix?: string;
}

export interface ProbeDeps {
  readonly upstream: Upstream;
  /** Tells the asking process from all others, in case the provider is a gateway itself. */
  readonly instanceId: string;
  /** The longest that one call may take, in milliseconds. */
  readonly limitMs: number;
}

/** What one call brought. */
type Answer =
  | { readonly kind: "list"; readonly models: number }
  | { readonly kind: "other"; readonly status: number; readonly location: string | undefined }
  | { readonly kind: "none"; readonly state: "refused" | "unreachable" | "timeout"; readonly detail: string };

type OtherAnswer = Extract<Answer, { readonly kind: "other" }>;

/** Longer lists are not read: 16 MiB hold tens of thousands of models. */
const MAX_LIST_BYTES = 16 * 2 ** 20;

/** Whether nothing has to be done about it. */
export function isFine({ state }: Probe): boolean {
  return state === "reachable" || state === "not_probed";
}

/**
 * Calls the models endpoint as the gateway would: same address, credential, headers, TLS, proxy and address guard. Where
 * something answers that is no list of models, the other ways of joining the base URL are tried. Never rejects.
 */
export async function probeProvider(provider: Provider, deps: ProbeDeps): Promise<Probe> {
  const reason = reasonNotToAsk(provider);
  if (reason !== undefined) return { state: "not_probed", detail: reason };
  if (!hasCredential(provider))
    return { state: "bad_key", detail: `it is not set: set ${provider.credentialName}` };
  const answer = await ask(provider, deps);
  if (answer.kind === "list") return { state: "reachable", detail: "", models: answer.models };
  if (answer.kind === "none") return { state: answer.state, detail: answer.detail };
  return (await askElsewhere(provider, answer, deps)) ?? judge(provider, answer);
}

function reasonNotToAsk(provider: Provider): string | undefined {
  if (provider.local !== undefined) return "it answers by itself";
  if (provider.auth.kind === "passthrough") return "the credential is each caller's own";
  if (!isServedBelowV1(provider.dialect)) return "it has no list of models below /v1";
  if (!provider.endpoints.has("models")) return "its `endpoints` have no list of models";
  return undefined;
}

async function ask(provider: Provider, deps: ProbeDeps): Promise<Answer> {
  const { limitMs } = deps;
  const control = new AbortController();
  const deadline = setTimeout(() => control.abort(new TimeoutCause("total")), limitMs);
  const { connectMs } = provider.timeouts;
  const timeouts = {
    connectMs: connectMs > 0 ? Math.min(connectMs, limitMs) : limitMs,
    firstByteMs: limitMs,
    idleMs: limitMs,
    totalMs: limitMs,
  };
  try {
    const request = modelsRequest(provider, deps.instanceId);
    const outcome = await deps.upstream.send(request, { ...provider, timeouts }, control);
    if (outcome.kind !== "reply") return failureOf(outcome, provider, timeouts.connectMs, limitMs);
    return await readReply(outcome.reply, control.signal, limitMs);
  } finally {
    clearTimeout(deadline);
    // Closes the socket of an answer that was not read to its end.
    control.abort();
  }
}

function failureOf(
  outcome: Exclude<Outcome, { readonly kind: "reply" }>,
  provider: Provider,
  connectMs: number,
  limitMs: number,
): Answer {
  if (outcome.kind === "unreachable") {
    const { message } = outcome;
    const state = message.endsWith("(connection refused)") ? "refused" : "unreachable";
    return { kind: "none", state, detail: message + schemeHint(message, provider) };
  }
  const connecting = outcome.kind === "timeout" && outcome.timer === "connect";
  const detail = connecting ? `no connection within ${seconds(connectMs)}` : noAnswer(limitMs);
  return { kind: "none", state: "timeout", detail };
}

/** A server that speaks TLS hangs up on plain HTTP, and the other way round the handshake fails. */
function schemeHint(message: string, { root }: Provider): string {
  if (message.endsWith(": the connection was reset") && root.startsWith("http:"))
    return "; if the server speaks TLS, begin base_url with https://";
  return "";
}

async function readReply(reply: Reply, signal: AbortSignal, limitMs: number): Promise<Answer> {
  const { response, timers } = reply;
  const other: Answer = {
    kind: "other",
    status: response.status,
    location: response.headers.get("location") ?? undefined,
  };
  let whole = false;
  try {
    if (!response.ok) return other;
    timers.started();
    const body = await readAtMost(response.body, MAX_LIST_BYTES, () => timers.waiting());
    whole = body !== undefined;
    const ids = body === undefined ? undefined : readModelIds(body);
    return ids === undefined ? other : { kind: "list", models: ids.length };
  } catch {
    if (signal.aborted) return { kind: "none", state: "timeout", detail: noAnswer(limitMs) };
    return { kind: "none", state: "unreachable", detail: "the connection broke off within the answer" };
  } finally {
    reply.done(whole);
  }
}

/** Tries the other roots at once; undefined when none of them is any better. */
async function askElsewhere(
  provider: Provider,
  answer: OtherAnswer,
  deps: ProbeDeps,
): Promise<Probe | undefined> {
  const roots = otherRoots(provider.root);
  const answers = await Promise.all(roots.map((root) => ask({ ...provider, root }, deps)));
  const seen = `${modelsUrl(provider)} ${saying(answer)}`;
  const found = answers.findIndex(({ kind }) => kind === "list");
  const root = roots[found];
  if (root !== undefined) return { state: "wrong_base_url", detail: seen, fix: baseUrlOf(root) };
  if (isRefusal(answer)) return undefined;
  const guarded = roots[answers.findIndex((other) => other.kind === "other" && isRefusal(other))];
  if (guarded === undefined) return undefined;
  const detail = `${seen}; ${baseUrlOf(guarded)} may be meant, but the credential is not accepted there`;
  return { state: "wrong_base_url", detail };
}

function judge(provider: Provider, answer: OtherAnswer): Probe {
  const { status } = answer;
  if (isRefusal(answer)) return { state: "bad_key", detail: refusalDetail(provider, status) };
  if (status === 429) return { state: "reachable", detail: saying(answer) };
  const seen = `${modelsUrl(provider)} ${saying(answer)}`;
  if (status >= 500 && status !== 501) return { state: "failing", detail: seen };
  const moved = movedTo(answer, provider);
  const remedy =
    moved === undefined
      ? "nor is there one elsewhere on this server: see base_url, or leave models out of `endpoints`"
      : `if that is right, set base_url: ${moved}`;
  return { state: "wrong_base_url", detail: `${seen}; ${remedy}` };
}

function isRefusal({ status }: OtherAnswer): boolean {
  return status === 401 || status === 403;
}

function refusalDetail(provider: Provider, status: number): string {
  return provider.credential === undefined
    ? `${status}: it wants a credential, and none is configured: set api_key`
    : `${status}: the credential was not accepted: see ${provider.credentialName}`;
}

function saying({ status }: OtherAnswer): string {
  if (status >= 200 && status < 300) return "answers, but not with a list of models";
  if (status === 429) return "answers 429 (too many requests)";
  return status >= 300 && status < 400 ? `redirects (${status})` : `answers ${status}`;
}

/** The base URL that a redirect of the models endpoint leads to; it is not followed, so nobody knows what is there. */
function movedTo({ location }: OtherAnswer, provider: Provider): string | undefined {
  if (location === undefined || !URL.canParse(location, modelsUrl(provider))) return undefined;
  const { protocol, origin, pathname } = new URL(location, modelsUrl(provider));
  const path = pathname.replace(/\/+$/, "");
  const tail = `/${ENDPOINTS.models.path}`;
  if (!/^https?:$/.test(protocol) || !path.endsWith(tail) || path.length > 200) return undefined;
  const root = origin + path.slice(0, -tail.length);
  return root === provider.root ? undefined : baseUrlOf(root);
}

function modelsUrl({ root }: Provider): string {
  return joinUrl(root, ENDPOINTS.models.path);
}

function noAnswer(limitMs: number): string {
  return `no whole answer within ${seconds(limitMs)}`;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
