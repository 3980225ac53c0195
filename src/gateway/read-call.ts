// Reads a request's body within its limits and finds in it what the gateway acts upon.

import { isUtf8 } from "node:buffer";
import { GatewayError } from "../errors.ts";
import type { Call, NativePlace } from "../exchange.ts";
import type { Endpoint, Family } from "../formats/table.ts";
import { asBuffer } from "../lib/as-buffer.ts";
import { memberOf } from "../lib/json-edit.ts";
import { JsonScanError, scanTopLevel, stringAt, type TopLevel } from "../lib/json-scan.ts";
import { quoted } from "../lib/quote.ts";
import { type BodyLimits, readBody } from "./read-body.ts";

/** Members that the gateway reads: another spelling of one of them could be read differently behind it. */
const READ_MEMBERS = [
  "model",
  "stream",
  "stream_options",
  "include_usage",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "n",
  "best_of",
  "background",
  "encoding_format",
  "tools",
  "web_search_options",
];

/** Where the formats of Bedrock's model makers limit their answers at the top of a body. */
const LIMITS_OF_MAKERS = [
  "max_tokens",
  "max_completion_tokens",
  "maxTokens",
  "max_new_tokens",
  "max_tokens_to_sample",
  "max_gen_len",
  "n",
  "num_generations",
  "numResults",
];

/** The same in providers' own formats; Google reads each in camel and in snake case. */
const NATIVE_READ_MEMBERS: Readonly<Record<Family, readonly string[]>> = {
  openai: [],
  anthropic: ["model", "stream", "max_tokens", "tools"],
  gemini: ["generationConfig", "generation_config", "tools"],
  bedrock: [
    "inferenceConfig",
    "additionalModelRequestFields",
    "textGenerationConfig",
    "stream",
    ...LIMITS_OF_MAKERS,
  ],
};

const EMPTY: TopLevel = { members: [], bodyStart: 0 };

/** A request without a body. */
export function bodylessCall(endpoint: Endpoint): Call {
  return {
    endpoint,
    body: undefined,
    members: EMPTY,
    requestedModel: undefined,
    stream: false,
    asksUsage: false,
  };
}

/** Where a call's model comes from, beside the body. */
export interface ModelSource {
  /** `fixed`: path or pin decide it, so whatever the client sent as `model` will be replaced, or may be absent. */
  readonly need: "required" | "optional" | "fixed";
  /** A provider's own path, which says what is asked for. */
  readonly native: NativePlace | undefined;
}

/**
 * Reads and checks the body.
 *
 * @throws {GatewayError} `body_too_large`, `unsupported_media_type`, `unsupported_encoding`, `body_timeout`,
 *   `overloaded`, `invalid_request`
 */
export async function readCall(
  request: Request,
  endpoint: Endpoint,
  { need, native }: ModelSource,
  limits: BodyLimits,
): Promise<Call> {
  const body = await readBody(request, limits);
  if (!isUtf8(body))
    throw new GatewayError("invalid_request", "the body is not valid UTF-8; send JSON in UTF-8");
  const text = asBuffer(body).toString("latin1");
  const members = scan(text);
  refuseDoubtfulMembers(members, spellingsOf(endpoint));
  const stream = native?.stream ?? requireBoolean(text, members, "stream");
  refuseBackground(endpoint, text, members);
  return {
    endpoint,
    body,
    members,
    requestedModel: native?.model ?? readModel(text, members, need),
    stream: stream && endpoint.streams,
    asksUsage: stream && endpoint.usageOption && asksUsage(text, members),
  };
}

function scan(text: string): TopLevel {
  try {
    return scanTopLevel(text);
  } catch (error) {
    if (error instanceof JsonScanError)
      throw new GatewayError("invalid_request", `the body is not a JSON object: ${error.message}`);
    throw error;
  }
}

/** What the gateway reads of a body, by the spelling that ignores case; several where all are read as the same. */
type Spellings = ReadonlyMap<string, readonly string[]>;

function compileSpellings(names: readonly string[]): Spellings {
  const spellings = new Map<string, readonly string[]>();
  for (const name of names) spellings.set(foldCase(name), [...(spellings.get(foldCase(name)) ?? []), name]);
  return spellings;
}

const COMMON_SPELLINGS = compileSpellings(READ_MEMBERS);

const NATIVE_SPELLINGS: Readonly<Record<Family, Spellings>> = {
  openai: compileSpellings(NATIVE_READ_MEMBERS.openai),
  anthropic: compileSpellings(NATIVE_READ_MEMBERS.anthropic),
  gemini: compileSpellings(NATIVE_READ_MEMBERS.gemini),
  bedrock: compileSpellings(NATIVE_READ_MEMBERS.bedrock),
};

function spellingsOf({ native, family }: Endpoint): Spellings {
  return native === undefined ? COMMON_SPELLINGS : NATIVE_SPELLINGS[family];
}

/** So that what is checked here is what is read behind: no member twice, none in another case. */
function refuseDoubtfulMembers(top: TopLevel, spellings: Spellings, where = "the body"): void {
  const seen = new Set<string>();
  for (const { key } of top.members) {
    if (seen.has(key)) {
      const message = `${where} has ${quoted(key)} twice; send it once`;
      throw new GatewayError("invalid_request", message, { param: key.slice(0, 100) });
    }
    seen.add(key);
    const meant = spellings.get(foldCase(key));
    if (meant !== undefined && !meant.includes(key)) {
      const message = `${where} has ${quoted(key)}; the field is spelled ${quoted(meant[0] ?? "")}`;
      throw new GatewayError("invalid_request", message, { param: key });
    }
  }
}

/** A call that goes on after its answer could not be accounted for. @throws {GatewayError} `invalid_request` */
function refuseBackground({ name }: Endpoint, text: string, top: TopLevel): void {
  if (name !== "responses" || !requireBoolean(text, top, "background")) return;
  throw new GatewayError(
    "invalid_request",
    "`background: true` is not supported: the answer could not be accounted for; leave it out",
    { param: "background" },
  );
}

/** @throws {GatewayError} `invalid_request` when it is neither true, false, null nor absent */
function requireBoolean(text: string, top: TopLevel, key: string): boolean {
  const value = booleanAt(text, top, key);
  if (value !== undefined) return value;
  throw new GatewayError("invalid_request", `\`${key}\` must be true or false`, { param: key });
}

/** As readers that ignore case compare: both ways, because `ſ` and the Kelvin sign are letters of their own in one. */
function foldCase(key: string): string {
  return key.toUpperCase().toLowerCase();
}

function readModel(text: string, top: TopLevel, need: "required" | "optional" | "fixed"): string | undefined {
  const member = memberOf(top, "model");
  const value = member === undefined ? undefined : stringIn(text, member.start, member.end);
  if (need === "fixed") return value;
  if (member === undefined) {
    if (need === "optional") return undefined;
    throw new GatewayError(
      "invalid_request",
      "`model` is missing; see GET /v1/models for the models of this key",
      {
        param: "model",
      },
    );
  }
  if (value === undefined || value === "" || !value.isWellFormed())
    throw new GatewayError("invalid_request", "`model` must be a string that is not empty", {
      param: "model",
    });
  return value;
}

function stringIn(text: string, start: number, end: number): string | undefined {
  try {
    return stringAt(text, start, end);
  } catch {
    throw new GatewayError("invalid_request", "`model` holds an escape that is not JSON's", {
      param: "model",
    });
  }
}

/** True, false (also when absent or null); undefined when it is anything else. */
function booleanAt(text: string, top: TopLevel, key: string): boolean | undefined {
  const member = memberOf(top, key);
  if (member === undefined) return false;
  const value = text.slice(member.start, member.end);
  if (value === "true") return true;
  return value === "false" || value === "null" ? false : undefined;
}

/** `stream_options.include_usage` is true; absent, false and null count as not asked. */
function asksUsage(text: string, top: TopLevel): boolean {
  const options = memberOf(top, "stream_options");
  if (options === undefined) return false;
  const inner = text.slice(options.start, options.end);
  if (inner === "null") return false;
  if (!inner.startsWith("{")) throw wrongStreamOptions("`stream_options` must be an object");
  const nested = scan(inner);
  refuseDoubtfulMembers(nested, COMMON_SPELLINGS, "`stream_options`");
  const asked = booleanAt(inner, nested, "include_usage");
  if (asked === undefined) throw wrongStreamOptions("`stream_options.include_usage` must be true or false");
  return asked;
}

function wrongStreamOptions(message: string): GatewayError {
  return new GatewayError("invalid_request", message, { param: "stream_options" });
}
