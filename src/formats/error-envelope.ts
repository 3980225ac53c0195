// Puts an upstream's error body into the envelope that the client's SDK reads, and finds errors behind a status of 200.

import { asBuffer } from "../lib/as-buffer.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";
import { plainText } from "../lib/plain-text.ts";
import { type AnthropicErrorBody, anthropicErrorType } from "./anthropic-error.ts";
import type { Family } from "./table.ts";
import {
  asOpenAiError,
  isErrorAnswer,
  isInEnvelope,
  NAMELESS_ERROR,
  readUpstreamError,
  type UpstreamError,
} from "./upstream-error.ts";

/** Longest message made of a body that is not JSON. */
const MAX_TEXT = 2000;

/** No error is longer: a larger body is not looked at. */
const MAX_ERROR_BYTES = 1024 * 1024;

const SPACE = 0x20;
const CLOSING_BRACE = 0x7d;
const CLOSING_BRACKET = 0x5d;
const ERROR_KEY = Buffer.from('"error"');
/** Quoted members of every answer; a body with one of them and no `"error"` is no error. */
const ANSWER_KEYS = ['"choices"', '"data"', '"output"', '"content"', '"embedding', '"models"'].map((key) =>
  Buffer.from(key),
);

/**
 * The error body for the client: the same bytes when it is in the client's envelope already, else an envelope with the
 * original message, `application/json`. The status stays the upstream's.
 */
export function toErrorEnvelope(
  body: Uint8Array,
  status: number,
  family: Family,
  requestId: string,
): Uint8Array {
  const text = textOf(body);
  const value = parseJson(text);
  if (family === "openai" ? isInEnvelope(value) : isAnthropicError(value)) return body;
  const error = readUpstreamError(value) ?? errorOfText(text, status);
  const enveloped =
    family === "openai"
      ? { ...besideError(value), error: asOpenAiError(error, status) }
      : anthropicEnvelope(error, status, requestId);
  return Buffer.from(JSON.stringify(enveloped), "utf8");
}

/** The error that a body with a status of 200 is; undefined when it is an answer. Large answers are not parsed. */
export function findErrorInAnswer(body: Uint8Array): UpstreamError | undefined {
  const bytes = asBuffer(body);
  const saysError = bytes.length <= MAX_ERROR_BYTES && bytes.includes(ERROR_KEY);
  if (!saysError && endsLikeJson(bytes) && ANSWER_KEYS.some((key) => bytes.includes(key))) return undefined;
  const text = textOf(body);
  const value = parseJson(text);
  if (value === undefined) {
    const said = plainText(text, MAX_TEXT);
    return {
      ...NAMELESS_ERROR,
      message: said === "" ? "The upstream's answer is empty." : `The upstream's answer is not JSON: ${said}`,
    };
  }
  return isErrorAnswer(value) ? (readUpstreamError(value) ?? NAMELESS_ERROR) : undefined;
}

/** One that breaks off in the middle mostly does not. */
function endsLikeJson(bytes: Buffer): boolean {
  let end = bytes.length - 1;
  while (end > 0 && (bytes[end] ?? 0) <= SPACE) end--;
  return bytes[end] === CLOSING_BRACE || bytes[end] === CLOSING_BRACKET;
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, MAX_ERROR_BYTES)).toString(
    "utf8",
  );
}

function isAnthropicError(value: unknown): boolean {
  if (!isRecord(value) || value["type"] !== "error" || !isRecord(value["error"])) return false;
  const { type, message } = value["error"];
  return typeof type === "string" && typeof message === "string";
}

function errorOfText(text: string, status: number): UpstreamError {
  const said = plainText(text, MAX_TEXT);
  return {
    ...NAMELESS_ERROR,
    message: said === "" ? `The upstream answered ${status} without a message.` : said,
  };
}

/** What an upstream puts beside its error (a request id, a user id) stays there. */
function besideError(value: unknown): JsonRecord {
  if (!isRecord(value) || !isRecord(value["error"])) return {};
  const { type, error, ...beside } = value;
  return beside;
}

function anthropicEnvelope(error: UpstreamError, status: number, requestId: string): AnthropicErrorBody {
  const type = anthropicErrorType(error.status ?? status);
  return { type: "error", error: { type, message: error.message }, request_id: requestId };
}
