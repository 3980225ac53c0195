// Reads what a caller attributes its call to: `X-Gateway-NAME` headers and the members of `X-Gateway-Metadata`.

import { GatewayError } from "../errors.ts";
import { isReservedGatewayName, normaliseGatewayHeader } from "../lib/gateway-header.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";

const PREFIX = "x-gateway-";
const METADATA = "x-gateway-metadata";

/** A longer one is not read. */
const MAX_METADATA_LENGTH = 8_192;

/**
 * Values by normalised name, of those names only; empty ones and reserved names are left out, and so is metadata that is
 * no JSON object. A header wins over metadata.
 *
 * @throws {GatewayError} `invalid_request` where two spellings of one name have different values
 */
export function readHeaderSubjects(
  headers: Headers,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const direct = new Map<string, string>();
  headers.forEach((value, header) => {
    if (header.startsWith(PREFIX)) add(direct, header, value, wanted);
  });
  const metadata = headers.get(METADATA);
  if (metadata === null) return direct;
  return new Map([...readMetadata(metadata, wanted), ...direct]);
}

function readMetadata(text: string, wanted: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>();
  const value = text.length > MAX_METADATA_LENGTH ? undefined : parseJson(text);
  if (!isRecord(value)) return found;
  for (const [key, member] of Object.entries(value)) {
    const isPlain = typeof member === "string" || typeof member === "number" || typeof member === "boolean";
    if (isPlain) add(found, PREFIX + key, String(member), wanted);
  }
  return found;
}

function add(found: Map<string, string>, header: string, value: string, wanted: ReadonlySet<string>): void {
  const name = normaliseGatewayHeader(header);
  if (name === undefined || value === "" || !wanted.has(name) || isReservedGatewayName(name)) return;
  const other = found.get(name);
  if (other !== undefined && other !== value)
    throw new GatewayError(
      "invalid_request",
      `The request names two values for \`${name}\` in different spellings of X-Gateway-* or X-Gateway-Metadata; send one.`,
    );
  found.set(name, value);
}
