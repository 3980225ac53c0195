// Reads an error in any of the shapes servers send.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { type OpenAiError, openAiErrorType } from "./openai-error.ts";

export interface UpstreamError {
  readonly message: string;
  readonly type: string | undefined;
  readonly param: string | null;
  readonly code: string | null;
  /** HTTP status that the error names, from 400 to 599. */
  readonly status: number | undefined;
  /** Further members of the error object, kept for clients that know them (`details`, `failed_generation`, …). */
  readonly extra: JsonRecord;
}

/** Stands in for an error that says nothing at all. */
export const NAMELESS_ERROR: UpstreamError = {
  message: "The upstream reported an error without a message.",
  type: undefined,
  param: null,
  code: null,
  status: undefined,
  extra: {},
};

/** Members of answers: a value with one of them is no error without saying so. */
const ANSWER_MEMBERS = [
  "choices",
  "data",
  "output",
  "content",
  "embedding",
  "embeddings",
  "models",
  "object",
] as const;

const STANDARD = new Set(["message", "type", "param", "code"]);

/**
 * The error that a value describes: OpenAI's envelope, flat objects (vLLM, SGLang), a string under `error` (Ollama,
 * TGI), `detail` (FastAPI), an array around it (Gemini), a lone `message` (Kong, Bedrock), Anthropic's, Cloudflare's
 * `errors`. Undefined when it describes none. Meant for values known not to be an answer; see {@link isErrorAnswer}.
 */
export function readUpstreamError(value: unknown): UpstreamError | undefined {
  if (Array.isArray(value)) return value.length > 0 ? readUpstreamError(value[0]) : undefined;
  if (!isRecord(value)) return undefined;
  const inner = value["error"];
  if (isRecord(inner)) return fromObject(inner) ?? fromText(JSON.stringify(inner), value);
  if (typeof inner === "string" && inner !== "") return fromText(inner, value);
  const errors = value["errors"];
  if (Array.isArray(errors) && isRecord(errors[0])) return fromObject(errors[0]);
  return fromObject(value);
}

/** Whether a value that came with a status of 200 is an error all the same. */
export function isErrorAnswer(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 1 && isRecord(value[0]) && isErrorAnswer(value[0]);
  if (!isRecord(value)) return false;
  const { error } = value as { error?: unknown };
  if (isRecord(error)) return value["object"] !== "response";
  if (typeof error === "string" && error !== "") return true;
  if (value["object"] === "error" || value["type"] === "error") return true;
  return !ANSWER_MEMBERS.some((key) => key in value) && readUpstreamError(value) !== undefined;
}

/** Whether a value is OpenAI's envelope already, so that every SDK reads it as it is; servers often leave nulls out. */
export function isInEnvelope(value: unknown): boolean {
  if (!isRecord(value) || value["type"] === "error" || !isRecord(value["error"])) return false;
  const { message, type, param, code } = value["error"];
  return typeof message === "string" && typeof type === "string" && isTextOrNone(param) && isTextOrNone(code);
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

/** As it stands under `error` of the OpenAI envelope; `status` is the answer's, for a type that is missing. */
export function asOpenAiError(error: UpstreamError, status: number): OpenAiError {
  return {
    message: error.message,
    type: error.type ?? openAiErrorType(error.status ?? status),
    param: error.param,
    code: error.code,
    ...error.extra,
  };
}

function fromObject(object: JsonRecord): UpstreamError | undefined {
  const message = messageOf(object);
  if (message === undefined) return undefined;
  const { type, param, code } = object;
  const extra = Object.entries(object).filter(([key]) => !STANDARD.has(key) && !isWrapping(key));
  return {
    message,
    type: typeof type === "string" && type !== "" && type !== "error" ? type : undefined,
    param: typeof param === "string" ? param : null,
    code: codeOf(code),
    status: statusOf(object),
    extra: Object.fromEntries(extra),
  };
}

function fromText(message: string, around: JsonRecord): UpstreamError {
  const type = around["error_type"];
  return {
    message,
    type: typeof type === "string" ? type : undefined,
    param: null,
    code: codeOf(around["code"]),
    status: statusOf(around),
    extra: {},
  };
}

/** Members that only say "this is an error", or are the message itself. */
function isWrapping(key: string): boolean {
  return key === "object" || key === "detail" || key === "msg" || key === "success";
}

function messageOf(object: JsonRecord): string | undefined {
  for (const key of ["message", "detail", "msg"]) {
    const value = object[key];
    if (typeof value === "string" && value !== "") return value;
  }
  const { detail } = object;
  if (Array.isArray(detail) && detail.length > 0) return detail.map(validationText).join("; ");
  return isRecord(detail) ? (messageOf(detail) ?? JSON.stringify(detail)) : undefined;
}

/** One entry of FastAPI's list of validation errors: `body.messages: field required`. */
function validationText(entry: unknown): string {
  if (!isRecord(entry)) return String(entry);
  const { loc, msg } = entry;
  const text = typeof msg === "string" ? msg : JSON.stringify(entry);
  return Array.isArray(loc) ? `${loc.join(".")}: ${text}` : text;
}

function codeOf(code: unknown): string | null {
  if (typeof code === "string" && code !== "") return code;
  return typeof code === "number" ? String(code) : null;
}

function statusOf(object: JsonRecord): number | undefined {
  for (const key of ["status", "status_code", "code"]) {
    const value = object[key];
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && Number.isInteger(number) && number >= 400 && number < 600)
      return number;
  }
  return undefined;
}
