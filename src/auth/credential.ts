// Finds the virtual key in a request: five carriers, in one order, on every route.

import { GatewayError } from "../errors.ts";
import type { Carrier } from "../exchange.ts";

interface FoundKey {
  readonly carrier: Carrier;
  readonly key: string;
}

/** Headers that carry a bare key, in the order in which they decide. `Authorization` comes after all others. */
const KEY_HEADERS = ["x-api-key", "api-key", "x-goog-api-key"] as const;

const BEARER = /^bearer +(\S.*)$/i;

/**
 * The first carrier that is present decides; an empty one counts as absent, and so does any `Authorization` scheme but
 * Bearer. With `readAuthorization: false` that header belongs to the upstream and is never read as a virtual key.
 *
 * @throws {GatewayError} `invalid_api_key` when `?key=` is given twice, so that nobody can read it two ways
 */
export function findKey(headers: Headers, search: string, readAuthorization: boolean): FoundKey | undefined {
  for (const carrier of KEY_HEADERS) {
    const key = headers.get(carrier)?.trim();
    if (key !== undefined && key !== "") return { carrier, key };
  }
  const queryKey = search.includes("k") || search.includes("%") ? keyParameter(search) : undefined;
  if (queryKey !== undefined) return { carrier: "query", key: queryKey };
  const bearer = readAuthorization ? bearerToken(headers) : undefined;
  return bearer === undefined ? undefined : { carrier: "authorization", key: bearer };
}

/** The token of `Authorization: Bearer …`, in any case of the scheme. */
export function bearerToken(headers: Headers): string | undefined {
  return BEARER.exec(headers.get("authorization") ?? "")?.[1]?.trim();
}

function keyParameter(search: string): string | undefined {
  const values = new URLSearchParams(search).getAll("key").filter((value) => value !== "");
  if (values.length > 1)
    throw new GatewayError(
      "invalid_api_key",
      "the query parameter `key` is given more than once; send it once",
    );
  return values[0];
}
