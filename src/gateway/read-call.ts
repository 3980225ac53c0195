// Reads a request's body within its limits and finds in it what the gateway acts upon.

import { isUtf8 } from "node:buffer";
import { GatewayError } from "../errors.ts";
import type { Call } from "../exchange.ts";
import type { Endpoint } from "../formats/table.ts";
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
  "encoding_format",
];

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

/**
 * Reads and checks the body. `modelFixed`: path or pin decide the model, so whatever the client sent as `model` will
 * be replaced and may be of any type, or absent.
 *
 * @throws {GatewayError} `body_too_large`, `unsupported_media_type`, `unsupported_encoding`, `body_timeout`,
 *   `overloaded`, `invalid_request`
 */
export async function readCall(
  request: Request,
  endpoint: Endpoint,
  model: "required" | "optional" | "fixed",
  limits: BodyLimits,
): Promise<Call> {
  const body = await readBody(request, limits);
  if (!isUtf8(body))
    throw new GatewayError("invalid_request", "the body is not valid UTF-8; send JSON in UTF-8");
  const text = asBuffer(body).toString("latin1");
  const members = scan(text);
  refuseDoubtfulMembers(members);
  const stream = booleanAt(text, members, "stream");
  if (stream === undefined)
    throw new GatewayError("invalid_request", "`stream` must be true or false", { param: "stream" });
  return {
    endpoint,
    body,
    members,
    requestedModel: readModel(text, members, model),
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

/** So that what is checked here is what is read behind: no member twice, none in another case. */
function refuseDoubtfulMembers(top: TopLevel, where = "the body"): void {
  const seen = new Set<string>();
  for (const { key } of top.members) {
    if (seen.has(key)) {
      const message = `${where} has ${quoted(key)} twice; send it once`;
      throw new GatewayError("invalid_request", message, { param: key.slice(0, 100) });
    }
    seen.add(key);
    const folded = foldCase(key);
    if (key !== folded && READ_MEMBERS.includes(folded)) {
      const message = `${where} has ${quoted(key)}; the field is spelled ${quoted(folded)}`;
      throw new GatewayError("invalid_request", message, { param: key });
    }
  }
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
  refuseDoubtfulMembers(nested, "`stream_options`");
  const asked = booleanAt(inner, nested, "include_usage");
  if (asked === undefined) throw wrongStreamOptions("`stream_options.include_usage` must be true or false");
  return asked;
}

function wrongStreamOptions(message: string): GatewayError {
  return new GatewayError("invalid_request", message, { param: "stream_options" });
}
