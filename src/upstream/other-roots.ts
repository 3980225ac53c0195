// Where else a server's endpoints may stand, when they do not stand where the configuration says.

import { ENDPOINTS } from "../formats/table.ts";
import { providerRoot } from "./url.ts";

const VERSION = /\/v\d[a-z0-9]*$/;

/** A path with more folders than this is nobody's API. */
const MOST = 8;

/**
 * Roots of the same origin that people mean when they wrote this one, likeliest first: without and with `/v1`, the
 * origin's `/v1`, the folders above.
 *
 * `https://h/api` → `https://h/api/v1`, `https://h/v1`, `https://h`
 */
export function otherRoots(root: string): readonly string[] {
  const { origin } = new URL(root);
  const versioned = VERSION.test(root) ? root.replace(VERSION, "") : `${root}/v1`;
  const candidates = new Set([versioned, `${origin}/v1`, ...above(root, origin)]);
  candidates.delete(root);
  return [...candidates]
    .filter((candidate) => providerRoot(baseUrlOf(candidate)) === candidate)
    .slice(0, MOST);
}

/** The `base_url` that leads to a root. A bare origin would get `/v1`, so it is written with an endpoint. */
export function baseUrlOf(root: string): string {
  return new URL(root).pathname === "/" ? `${root}/${ENDPOINTS.chat.path}` : root;
}

function above(root: string, origin: string): readonly string[] {
  const parents: string[] = [];
  for (let at = root; at.length > origin.length; ) {
    at = at.slice(0, at.lastIndexOf("/"));
    parents.push(at);
  }
  return parents;
}
