// Joins a provider's configured base URL with the path of an endpoint: `/v1` is never doubled, never forgotten.

import { ENDPOINTS } from "../formats/table.ts";

/** Paths that people paste with the base URL, longest first, so that `messages/count_tokens` is not cut short. */
const ENDPOINT_TAILS = Object.values(ENDPOINTS)
  .map((endpoint) => `/${endpoint.path}`)
  .sort((a, b) => b.length - a.length);

/**
 * The root that endpoint paths are appended to, without a trailing slash. A bare origin gets `/v1`; any other path is
 * respected as it stands; a pasted endpoint path is cut off again.
 *
 * `https://h` → `https://h/v1` · `https://h/api/` → `https://h/api` · `https://h/v1/chat/completions` → `https://h/v1`
 *
 * @throws {TypeError} when the text is not an absolute URL (the configuration was checked before)
 */
export function providerRoot(baseUrl: string): string {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, "");
  const tail = ENDPOINT_TAILS.find((candidate) => path.endsWith(candidate));
  if (tail !== undefined) return url.origin + path.slice(0, -tail.length).replace(/\/+$/, "");
  return url.origin + (path === "" ? "/v1" : path);
}

/** `root` from {@link providerRoot} and an endpoint's path (`chat/completions`), with an optional `?query`. */
export function joinUrl(root: string, path: string, search = ""): string {
  return `${root}/${path}${search}`;
}

/**
 * A query string without the parameters named, everything else byte for byte; empty when nothing is left.
 * Names are compared decoded, so `%6bey=` is the parameter `key`.
 */
export function withoutParameters(search: string, names: readonly string[]): string {
  if (search.length < 2) return "";
  const kept = search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "" && !names.includes(parameterName(pair)));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function parameterName(pair: string): string {
  const equals = pair.indexOf("=");
  const raw = (equals < 0 ? pair : pair.slice(0, equals)).replaceAll("+", " ");
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
