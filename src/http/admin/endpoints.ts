// All endpoints below `/admin/v1`, and which of them a path means.

import { CONFIG, KEYS } from "./configuration.ts";
import type { AdminEndpoint } from "./endpoint.ts";
import { LIVE } from "./live.ts";
import { POLICIES, RESET } from "./policies.ts";
import { REQUEST, REQUESTS } from "./requests.ts";
import { SPEND } from "./spend.ts";
import { RELOAD, STATUS } from "./status.ts";

/** `requests/live` stands before `requests/{id}`: no request id is that short. */
export const ADMIN_ENDPOINTS: readonly AdminEndpoint[] = [
  STATUS,
  CONFIG,
  KEYS,
  SPEND,
  POLICIES,
  RESET,
  REQUESTS,
  LIVE,
  REQUEST,
  RELOAD,
];

interface Found {
  readonly endpoint: AdminEndpoint;
  /** The open segment as it stands in the path, not decoded. */
  readonly open: string;
}

/** What a path below `/admin/v1/` means, whatever the method; undefined when there is nothing. */
export function findEndpoint(path: string): Found | undefined {
  const segments = path.split("/");
  for (const { endpoint, pattern, openAt } of PATTERNS)
    if (
      pattern.length === segments.length &&
      pattern.every((part, i) => (i === openAt ? segments[i] !== "" : part === segments[i]))
    )
      return { endpoint, open: segments[openAt] ?? "" };
  return undefined;
}

const PATTERNS = ADMIN_ENDPOINTS.map((endpoint) => {
  const pattern = endpoint.path.split("/");
  return { endpoint, pattern, openAt: pattern.findIndex((part) => part.startsWith("{")) };
});
