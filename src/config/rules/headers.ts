// Rules of header names and values that come from the file.

import type { Scene } from "../scene.ts";
import type { Path } from "../tree.ts";

/** Belong to one connection (RFC 9110 section 7.6.1) or to the framing of one message: set by whoever sends it. */
const CONNECTION_HEADERS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "content-encoding",
  "expect",
]);

/** Carry somebody's credential: the client's is for the gateway only. */
const CREDENTIAL_HEADERS = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "host",
]);

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Whether a text can be the name of a header. */
export function isToken(name: string): boolean {
  return TOKEN.test(name);
}

/** Why a header of this name cannot be set on upstream requests; undefined when it can. */
function nameProblem(name: string): string | undefined {
  if (!isToken(name)) return "is not a valid header name";
  return CONNECTION_HEADERS.has(name.toLowerCase())
    ? "belongs to the connection and cannot be set"
    : undefined;
}

/** Why a header cannot hold the value; undefined when it can. */
export function valueProblem(value: string): string | undefined {
  if (/[\r\n\0]/.test(value)) return "holds a line break or NUL: a header cannot carry it";
  return /[^\u0000-\u00ff]/.test(value) ? "holds characters that a header cannot carry" : undefined;
}

/** `headers` of a provider. */
export function checkHeaders(scene: Scene, path: Path, headers: Readonly<Record<string, string>>): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const here = [...path, name];
    const lower = name.toLowerCase();
    const problem = nameProblem(name) ?? (seen.has(lower) ? "names a header a second time" : undefined);
    seen.add(lower);
    if (problem !== undefined) scene.error(here, problem, "key");
    const badValue = valueProblem(value);
    if (badValue !== undefined) scene.error(here, badValue);
  }
}

/** `auth: {header, prefix}` of a provider. */
export function checkAuthHeader(scene: Scene, path: Path, auth: { header: string; prefix: string }): void {
  const problem = nameProblem(auth.header);
  if (problem !== undefined) scene.error([...path, "header"], problem);
  const badPrefix = valueProblem(auth.prefix);
  if (badPrefix !== undefined) scene.error([...path, "prefix"], badPrefix);
}

/** `forward_headers` of a provider. */
export function checkForwardHeaders(scene: Scene, path: Path, names: readonly string[]): void {
  names.forEach((name, i) => {
    const problem = forwardProblem(name);
    if (problem !== undefined) scene.error([...path, i], problem);
  });
}

function forwardProblem(name: string): string | undefined {
  if (name.includes("*")) return "must be a whole header name: `*` is not possible";
  if (CREDENTIAL_HEADERS.has(name.toLowerCase())) return "is for the gateway and never forwarded";
  const problem = nameProblem(name);
  return problem === "belongs to the connection and cannot be set"
    ? "belongs to the connection and is never forwarded"
    : problem;
}
