// Joins a provider's configured base URL with the path of an endpoint: `/v1` is never doubled, never forgotten.

import type { Origin, Provider, Server } from "../exchange.ts";
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

/** A version at the end of a pasted address: the paths of native providers begin with it. */
const VERSION_TAIL = /\/(?:v1|v1beta|v1beta1)$/;

/**
 * The root of a provider whose paths have a version of their own, or none: no `/v1` is added, a pasted one is cut off.
 *
 * `https://h` → `https://h` · `https://h/v1beta/` → `https://h` · `https://h/api` → `https://h/api`
 *
 * @throws {TypeError} when the text is not an absolute URL (the configuration was checked before)
 */
export function unversionedRoot(baseUrl: string): string {
  const url = new URL(baseUrl);
  return url.origin + url.pathname.replace(/\/+$/, "").replace(VERSION_TAIL, "");
}

/** Host and port of an address; `https` stands for 443, all else for 80. Empty and 0 for an empty text. */
export function originOf(address: string): Origin {
  if (address === "") return { host: "", port: 0 };
  const url = new URL(address);
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  return { host, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) };
}

/** The server of a provider's calls that run at a location; without one, or where all are served at one place, its own. */
export function serverOf(provider: Provider, location: string | undefined): Server {
  return (location === undefined ? undefined : provider.places?.servers.get(location)) ?? provider;
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
