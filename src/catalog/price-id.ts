// Tells whether an id means the very model that a row of the price table is about, and not merely one of a like name.

import type { MatchLogic } from "@pydantic/genai-prices";

/**
 * What may stand behind the name of a model without making it another one: a date in any spelling, a version of its
 * release, a number of its release such as `-001` or `:0`, `-latest`, `-preview`,
 * `@default`.
 */
const VARIANT =
  /[-@](?:20\d{2}(?:-?\d{2}(?:-?\d{2})?)?|\d{4}|latest|preview|default|v\d+(?::\d+)?|0\d{0,2})$|:\d+$/;

/** A fine-tuned model is priced as such, whoever's it is: `ft:gpt-4o-2024-08-06:acme::B7xY`. */
const FINE_TUNED = /^(ft:[^:]+):.*$/;

/**
 * Whether the rule of a row, read strictly, names this id. The table's rules are meant to find something for every
 * id: a beginning that fits is enough for them, and so they price `claude-sonnet-5-5` as `claude-sonnet-5`. Here, what
 * is left of the id behind such a beginning must be a variant, and what stands before a part that fits a region or
 * vendor. A model that is not recognised has no price, and that is said; a wrong price would not be.
 *
 * @param id in lower case
 */
export function namesModel(match: MatchLogic, id: string): boolean {
  if ("or" in match) return match.or.some((part) => namesModel(part, id));
  if ("and" in match) return match.and.every((part) => namesModel(part, id));
  if ("equals" in match) return match.equals.toLowerCase() === id;
  if ("regex" in match) return new RegExp(match.regex).test(id);
  if ("starts_with" in match) return isVariantOf(id, match.starts_with.toLowerCase());
  if ("ends_with" in match) return isQualified(id, match.ends_with.toLowerCase());
  const part = match.contains.toLowerCase();
  const at = id.indexOf(part);
  return at >= 0 && isVariantOf(id.slice(at), part) && isQualified(id, id.slice(at));
}

/** AWS's full names of models that anybody can call; what stands behind the slash is the id. */
const ARN = /^arn:[^/]*:(?:foundation-model|inference-profile)\//;

/** The id that an AWS resource name is about; any other id as it is. */
export function withoutArn(id: string): string {
  return id.replace(ARN, "");
}

const VERSION = /-v(\d+)(?::\d+)?$/;

/** Whether two names of one model, the table's and the caller's, are not of different versions of it: `…-v1`, `…-v2:0`. */
export function isSameVersion(name: string, id: string): boolean {
  const [, named] = VERSION.exec(name) ?? [];
  const [, asked] = VERSION.exec(id) ?? [];
  return named === undefined || asked === undefined || named === asked;
}

function isVariantOf(id: string, beginning: string): boolean {
  return id.startsWith(beginning) && stemOf(id) === stemOf(beginning);
}

/** `us.anthropic.claude-…`, `anthropic/claude-…` */
function isQualified(id: string, name: string): boolean {
  const before = id.slice(0, id.length - name.length);
  return id.endsWith(name) && (before === "" || before.endsWith(".") || before.endsWith("/"));
}

function stemOf(id: string): string {
  let stem = id.replace(FINE_TUNED, "$1").replace(/[-@]$/, "");
  for (let next = stem.replace(VARIANT, ""); next !== stem; next = stem.replace(VARIANT, "")) stem = next;
  return stem;
}
