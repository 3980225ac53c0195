// Reads the query of an admin request; whatever is wrong with it is told by the parameter's name.

import { GatewayError } from "../../errors.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { quoted } from "../../lib/quote.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 5_000;

const SPOILT_OFFSET = /(:\d{2}(?:\.\d+)?) (\d{2}:\d{2})$/;

export interface Query {
  /** Undefined where it is absent or empty. */
  text(name: string): string | undefined;
  /** The same for what is a time: the `+` of its offset means a space in a query, and is put back. */
  time(name: string): string | undefined;
  /** @throws {GatewayError} `invalid_request` for anything but a whole number from 1 to 5,000 */
  limit(): number;
}

/**
 * @throws {GatewayError} `invalid_request` for parameters that are not in the list, which would otherwise widen an
 * answer unnoticed, and for those that are given twice
 */
export function readQuery(search: string, allowed: readonly string[]): Query {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(search)) {
    if (!allowed.includes(name)) throw unknown(name, allowed);
    if (values.has(name)) throw bad(name, "is given more than once");
    values.set(name, value);
  }
  const text = (name: string): string | undefined => values.get(name) || undefined;
  return {
    text,
    time: (name) => text(name)?.replace(SPOILT_OFFSET, "$1+$2"),
    limit() {
      const value = values.get("limit");
      if (value === undefined) return DEFAULT_LIMIT;
      const limit = /^\d{1,5}$/.test(value) ? Number(value) : 0;
      if (limit < 1 || limit > MAX_LIMIT) throw bad("limit", `must be a whole number from 1 to ${MAX_LIMIT}`);
      return limit;
    },
  };
}

/** What is wrong with a cursor that no page gave. */
export const NO_CURSOR = "must be the `next` of the page before";

/** An error about one parameter. */
export function bad(name: string, problem: string): GatewayError {
  return new GatewayError("invalid_request", `the query parameter \`${name}\` ${problem}`, { param: name });
}

/** An error in the words of whoever read the parameters: a sentence that begins with the name of one. */
export function problemOf(problem: string): GatewayError {
  const [param = ""] = problem.split(" ", 1);
  return new GatewayError("invalid_request", `the query parameter ${problem}`, { param });
}

function unknown(name: string, allowed: readonly string[]): GatewayError {
  const offered = allowed.length === 0 ? "; it takes none" : `; it takes ${allowed.join(", ")}`;
  const hint = didYouMean(name, allowed) || offered;
  return new GatewayError("invalid_request", `there is no query parameter ${quoted(name)} here${hint}`, {
    param: name.slice(0, 100),
  });
}
