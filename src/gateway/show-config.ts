// The configuration in force as administrators may see it: defaults filled in, every secret taken out.

import type { Config } from "../config/schema.ts";
import { createScrubber, secretsOf } from "./scrub.ts";

/** What JSON can hold. */
export type ConfigShown = Readonly<Record<string, unknown>>;

const SECRET = "[secret]";

/** Settings whose value is a secret, wherever they stand. Digests of keys are none. */
const SECRET_SETTINGS = new Set(["api_key", "secret"]);

/** Maps of names that users chose and of texts: no name in them is a setting. */
const CHOSEN_NAMES = new Set(["models", "aliases", "tags"]);

/** Maps of header names and values: any of them may be a credential, and none is needed to know what is in force. */
const HEADER_MAPS = new Set(["headers"]);

/**
 * A copy for `GET config`. `[secret]` stands for keys, for the values of added headers, for the user part and the query
 * of addresses, and for every occurrence of a known secret in another text.
 */
export function showConfig(config: Config): ConfigShown {
  const scrub = createScrubber(secretsOf(config));
  const shown = shownMembers(config, scrub);
  const { admin } = config;
  return admin.key === undefined
    ? shown
    : { ...shown, admin: { ...shownMembers(admin, scrub), key: SECRET } };
}

type Scrub = (text: string) => string;

function shownMembers(value: object, scrub: Scrub): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, shownMember(name, member, scrub)]),
  );
}

function shownMember(name: string, value: unknown, scrub: Scrub): unknown {
  if (typeof value === "string")
    return SECRET_SETTINGS.has(name) && value !== "" ? SECRET : shownText(value, scrub);
  if (HEADER_MAPS.has(name) && typeof value === "object" && value !== null)
    return Object.fromEntries(Object.keys(value).map((header) => [header, SECRET]));
  if (Array.isArray(value)) return value.map((item) => shownMember("", item, scrub));
  if (typeof value !== "object" || value === null) return value;
  return CHOSEN_NAMES.has(name) ? shownTexts(value, scrub) : shownMembers(value, scrub);
}

function shownTexts(value: object, scrub: Scrub): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, shownMember("", member, scrub)]),
  );
}

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;

function shownText(text: string, scrub: Scrub): string {
  return scrub(ADDRESS.test(text) ? shownAddress(text) : text);
}

/** The address without what may let somebody in. One that nobody can read is not shown at all. */
function shownAddress(text: string): string {
  const url = URL.parse(text);
  if (url === null) return SECRET;
  if (url.username === "" && url.password === "" && url.search === "" && url.hash === "") return text;
  const user = url.username === "" && url.password === "" ? "" : `${SECRET}@`;
  const query = url.search === "" ? "" : `?${SECRET}`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${query}`;
}
