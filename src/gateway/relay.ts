// Hands an upstream's answer to the client: whole bodies here, streams in relay-stream.ts.

import { GatewayError } from "../errors.ts";
import { toSpecifiedModels } from "../formats/model-list.ts";
import { EVENTS_TYPE, formOf } from "../formats/stream-form.ts";
import { returnedHeaders } from "../upstream/headers.ts";
import type { Reply } from "../upstream/send.ts";
import { accountFor } from "./account-answer.ts";
import { type Answered, discard, finish } from "./attempt.ts";
import { normaliseAnswer } from "./normalise-answer.ts";
import { readAnswer, WHOLE_BYTES } from "./read-answer.ts";
import { relayStream, type StreamSettings } from "./relay-stream.ts";
import { scrubBytes } from "./scrub.ts";

/** Vectors have to be seen whole, because many servers send them in another encoding than the one asked for. */
const WHOLE_VECTORS_BYTES = 64 * 1024 * 1024;

/** Bodies from this size on leave in few large writes only as a stream (Bun sends them in about 23 small ones else). */
const LARGE_BYTES = 15_000;

/**
 * The response for the client. When this returns the record is closed, or will be at the end of the body.
 *
 * @throws {GatewayError} `credential_rejected`, `upstream_unreachable`, `upstream_timeout`, `no_healthy_target`
 */
export async function relay(answered: Answered, settings: StreamSettings): Promise<Response> {
  const { response } = answered.reply;
  requireRelayable(answered, answered.reply);
  const headers = scrubbedHeaders(answered);
  if (!response.ok || !answered.call.stream) return await relayWhole(answered, headers);
  const form = formOf(answered.call.endpoint, response.headers.get("content-type") ?? "");
  if (form !== undefined) return await relayStream(answered, form, headers, settings);
  if (!answered.target.provider.repair) return await relayWhole(answered, headers);
  // A stream is one for the client, whatever the upstream calls what it sends.
  const renamed = { ...headers, "content-type": EVENTS_TYPE };
  return await relayStream(answered, "events", renamed, settings);
}

/**
 * An answer that is not for the client: a redirect, a status that no answer can have, or a refusal of the gateway's own
 * credential.
 *
 * @throws {GatewayError} `upstream_unreachable`, `credential_rejected`; the attempt is discarded then
 */
export function requireRelayable(answered: Answered, { response }: Reply): void {
  const { status } = response;
  const { provider } = answered.target;
  const rejected = (status === 401 || status === 403) && provider.auth.kind !== "passthrough";
  if (!rejected && ((status >= 200 && status < 300) || (status >= 400 && status < 600))) return;
  discard(answered);
  if (rejected)
    throw new GatewayError(
      "credential_rejected",
      `provider ${provider.name} answered ${status} to the gateway's credential; check ${provider.credentialName}`,
    );
  const redirect = status >= 300 && status < 400;
  const hint = redirect ? "; set the base_url to where it redirects, redirects are never followed" : "";
  throw new GatewayError(
    "upstream_unreachable",
    `provider ${provider.name} answered with status ${status}${hint}`,
  );
}

function scrubbedHeaders(answered: Answered): Record<string, string> {
  const headers = returnedHeaders(answered.reply.response.headers);
  for (const [name, value] of Object.entries(headers)) {
    const scrubbed = answered.scrub(value);
    if (scrubbed !== value) headers[name] = scrubbed;
  }
  return headers;
}

async function relayWhole(answered: Answered, headers: Record<string, string>): Promise<Response> {
  const { call, reply, record } = answered;
  const { status } = reply.response;
  record.waitForUpstream();
  const isVectors = call.endpoint.name === "embeddings";
  const answer = await readAnswer(answered, isVectors ? WHOLE_VECTORS_BYTES : WHOLE_BYTES);
  if (answer.kind === "endless") {
    if (status >= 400 || answered.rewrite !== undefined) throw tooLong(answered);
    record.status = status;
    record.firstByte();
    return new Response(answer.body, { status, headers });
  }
  record.upstreamAnswered();
  const wanted = await finished(answered, answer.body);
  // What was repaired is JSON, whatever the upstream called it.
  const isCalledJson = /\bjson\b/i.test(headers["content-type"] ?? "");
  if (wanted !== answer.body || (isRepaired(answered) && !isCalledJson))
    headers["content-type"] = "application/json";
  const body = status >= 400 ? scrubBytes(answered.scrub, wanted) : wanted;
  record.status = status;
  accountFor(answered, body);
  record.isLong = body.byteLength > WHOLE_BYTES;
  record.firstByte();
  finish(answered, true, "completed");
  return new Response(body.byteLength < LARGE_BYTES ? body : asStream(body), { status, headers });
}

function isRepaired({ call, target }: Answered): boolean {
  return target.provider.repair && call.endpoint.method === "POST";
}

/**
 * The body for the client: repaired, and rewritten if it has to be. The very bytes received where nothing changes.
 *
 * @throws {GatewayError} when it cannot be brought into the form that is wanted; the attempt is discarded then
 */
async function finished(answered: Answered, received: Uint8Array): Promise<Uint8Array> {
  const { reply, rewrite } = answered;
  const { status } = reply.response;
  try {
    const body = isRepaired(answered)
      ? await normaliseAnswer(answered, received)
      : specified(answered, received);
    return status >= 400 || rewrite === undefined ? body : rewrite(body);
  } catch (error) {
    discard(answered);
    throw error;
  }
}

/** A list of models in the shape that SDKs read; anything else as it came. */
function specified({ call, reply, target }: Answered, received: Uint8Array): Uint8Array {
  if (!target.provider.repair || call.endpoint.name !== "models" || !reply.response.ok) return received;
  return toSpecifiedModels(received, target.provider.name) ?? received;
}

/** What has to be read whole before it may pass must not be longer than what is held. */
function tooLong(answered: Answered): GatewayError {
  discard(answered);
  const { status } = answered.reply.response;
  const message = `provider ${answered.target.provider.name} answered ${status} with a body that is too long`;
  return new GatewayError("upstream_unreachable", message);
}

function asStream(body: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(body);
      controller.close();
    },
  });
}
