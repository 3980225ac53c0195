// Writes the head of a request as text of Latin-1 characters.

import { TransportError } from "./failure.ts";

/** Fields that this client sets itself, or that change how a connection is used: such a request is left to `fetch`. */
const NOT_OURS = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A value can have every Latin-1 character but these; what is no Latin-1 cannot be written at all. */
const FORBIDDEN = /[\0\r\n]|[^\0-\xff]/;

/**
 * The head, with the empty line; undefined when a field is among those that this client leaves to others.
 *
 * @param target path and query, checked before
 * @param host for the field `Host`, unless the request brings one
 * @param bodyBytes undefined = a method without a body
 * @throws {TransportError} `ERR_INVALID_HEADER`, not reached
 */
export function requestHead(
  method: string,
  target: string,
  host: string,
  headers: Readonly<Record<string, string>>,
  bodyBytes: number | undefined,
): string | undefined {
  let text = "";
  let hasHost = false;
  let hasAccept = false;
  for (const spelled in headers) {
    const value = headers[spelled];
    if (value === undefined) continue;
    const name = spelled.toLowerCase();
    if (NOT_OURS.has(name)) return undefined;
    if (!NAME.test(name) || FORBIDDEN.test(value)) throw new TransportError("ERR_INVALID_HEADER", false);
    if (name === "host") hasHost = true;
    else if (name === "accept") hasAccept = true;
    text += `${spelled}: ${value}\r\n`;
  }
  if (!hasAccept) text += "Accept: */*\r\n";
  if (bodyBytes !== undefined) text += `Content-Length: ${bodyBytes}\r\n`;
  const hostLine = hasHost ? "" : `Host: ${host}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${hostLine}Connection: keep-alive\r\n${text}\r\n`;
}
