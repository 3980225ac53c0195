// Brings a plain answer of an OpenAI-compatible server into the shape that the client's SDK reads. What is right already
// passes byte for byte.

import { GatewayError } from "../errors.ts";
import type { Call } from "../exchange.ts";
import { readBodyUsage } from "../formats/body-usage.ts";
import { toSpecifiedEmbeddings } from "../formats/embeddings-answer.ts";
import { findErrorInAnswer, toErrorEnvelope } from "../formats/error-envelope.ts";
import { asBuffer } from "../lib/as-buffer.ts";
import { sniffCompression } from "../lib/compression-magic.ts";
import { memberOf } from "../lib/json-edit.ts";
import { parseJson } from "../lib/json-value.ts";
import { loadZlib } from "../lib/late-builtins.ts";
import { assembleAnswer, isStreamLike } from "../streaming/assemble.ts";
import { type Answered, noteReportedError, reportedError } from "./attempt.ts";

/** What nobody labelled is decompressed in memory as a whole: a larger answer is nobody's. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * The answer for the client: errors in its envelope with their own words, embeddings as the specification says and in
 * the encoding asked for, a stream that came unasked as the one answer that it tells.
 *
 * @throws {GatewayError} `upstream_unreachable` for a 200 that is no answer, or an error
 */
export async function normaliseAnswer(answered: Answered, received: Uint8Array): Promise<Uint8Array> {
  const { call, record, reply, target } = answered;
  const { status } = reply.response;
  const { name } = target.provider;
  const body = await decompressed(received, name);
  if (status >= 400) return toErrorEnvelope(body, status, call.endpoint.family, record.id);
  if (call.endpoint.name === "embeddings") {
    const specified = toSpecifiedEmbeddings(body, encodingAsked(call), target.model);
    if (specified !== undefined) return specified.body;
  } else if (call.endpoint.native === undefined && call.endpoint.method === "POST" && isStreamLike(body)) {
    const assembled = assembleAnswer(body, {
      endpoint: call.endpoint.name,
      requestId: record.id,
      model: target.model,
    });
    if (assembled.kind === "error") {
      const { failure } = assembled;
      if (failure.beforeContent) noteReportedError(answered, failure.status);
      throw reportedError(answered, failure);
    }
    return assembled.body;
  }
  const error = findErrorInAnswer(body);
  if (error !== undefined) {
    if (call.endpoint.native === undefined) record.usage = readBodyUsage(call.endpoint.name, body);
    // What is no JSON says nothing of what it has cost.
    if (parseJson(asBuffer(body).toString("utf8")) !== undefined) noteReportedError(answered, error.status);
    throw reportedError(answered, error);
  }
  return body;
}

/** Absent means float, by the specification. */
function encodingAsked({ body, members }: Call): "float" | "base64" {
  const member = memberOf(members, "encoding_format");
  if (member === undefined || body === undefined) return "float";
  const value = Buffer.from(body.buffer, body.byteOffset + member.start, member.end - member.start);
  return value.toString("latin1") === '"base64"' ? "base64" : "float";
}

/** Some servers compress without saying so. */
function decompressed(body: Uint8Array, provider: string): Uint8Array | Promise<Uint8Array> {
  const format = sniffCompression(body);
  if (format === undefined) return body;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, plain: Uint8Array): void => {
      if (error === null) resolve(plain);
      else reject(broken(provider, format));
    };
    const limits = { maxOutputLength: MOST_BYTES };
    const { gunzip, zstdDecompress } = loadZlib();
    if (format === "gzip") gunzip(body, limits, done);
    else zstdDecompress(body, limits, done);
  });
}

function broken(provider: string, format: string): GatewayError {
  return new GatewayError("upstream_unreachable", `provider ${provider} answered with broken ${format} data`);
}
