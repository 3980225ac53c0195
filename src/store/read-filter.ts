// Which kept requests are asked for: the filters of lists, checked, and brought into SQL.

import type { Database } from "bun:sqlite";
import { parseDuration } from "../lib/duration.ts";
import { quoted } from "../lib/quote.ts";

/** Every condition that is there must hold. */
export interface RequestFilter {
  readonly key?: string;
  readonly user?: string;
  readonly workspace?: string;
  /** The upstream's id or `provider/model`; where no call went to such a one, the name that callers asked for. */
  readonly model?: string;
  readonly provider?: string;
  /** A policy that the request matched, kept or violated. */
  readonly policy?: string;
  /** HTTP statuses, both ends included. */
  readonly status?: { readonly from: number; readonly to: number };
  readonly code?: string;
  /** Epoch milliseconds: since ≤ at < until. */
  readonly since?: number;
  readonly until?: number;
}

/** Names of the filters, as the admin API and the command line know them. */
export const FILTER_NAMES = [
  "key",
  "user",
  "workspace",
  "model",
  "provider",
  "status",
  "code",
  "policy",
  "since",
  "until",
] as const;

type FilterName = (typeof FILTER_NAMES)[number];

/** A part of a WHERE clause and its values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/**
 * Reads filters as people write them: texts by name. A problem is a sentence that names the filter.
 *
 * `status` is `404` or `4xx`; `since` and `until` are RFC 3339 times, dates (their first instant in UTC) or durations
 * before `nowMs` such as `1h`.
 */
export function readFilter(
  texts: Readonly<Partial<Record<FilterName, string | undefined>>>,
  nowMs: number,
): { readonly filter: RequestFilter } | { readonly problem: string } {
  const filter: { -readonly [Name in keyof RequestFilter]: RequestFilter[Name] } = {};
  for (const name of FILTER_NAMES) {
    const text = texts[name];
    if (text === undefined) continue;
    if (name === "status") {
      const status = readStatus(text);
      if (status === undefined)
        return { problem: `status wants a number such as 429, or a class such as 4xx, not ${quoted(text)}` };
      filter.status = status;
    } else if (name === "since" || name === "until") {
      const moment = readInstant(text, nowMs);
      if (moment === undefined) return { problem: `${name} wants ${INSTANT_WORDS}, not ${quoted(text)}` };
      filter[name] = moment;
    } else filter[name] = text;
  }
  return { filter };
}

/** What {@link readInstant} takes, for messages. */
export const INSTANT_WORDS =
  "a time such as 2026-11-21T10:00:00Z, a date such as 2026-11-21, or a duration such as 1h";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** Epoch milliseconds of a time, of the first instant of a date in UTC, or of a duration before `nowMs`. */
export function readInstant(text: string, nowMs: number): number | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined) return Math.max(0, nowMs - duration);
  const day = DATE.test(text) ? text : TIME.exec(text)?.[1];
  if (day === undefined) return undefined;
  const start = Date.parse(`${day}T00:00:00Z`);
  // `Date` takes 30 February for 2 March.
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(day)) return undefined;
  const ms = Date.parse(text.toUpperCase().replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : ms;
}

function readStatus(text: string): RequestFilter["status"] {
  if (/^[1-5]\d\d$/.test(text)) return { from: Number(text), to: Number(text) };
  const [digit] = /^[1-5](?=xx$)/i.exec(text) ?? [];
  return digit === undefined ? undefined : { from: Number(digit) * 100, to: Number(digit) * 100 + 99 };
}

/** What a filter's names come to. */
export interface Choice {
  /** Numbers of the profiles that are left; undefined = all. */
  readonly profiles: readonly number[] | undefined;
  /** No call went to a model of the name: the name that callers asked for is meant. */
  readonly requestedModel: string | undefined;
}

const PROFILE_MEMBERS = ["key", "user", "workspace", "provider"] as const;

/** Looks the filter's names up among the profiles. */
export function chooseProfiles(db: Database, filter: RequestFilter): Choice {
  const parts: Condition[] = [];
  for (const name of PROFILE_MEMBERS) {
    const text = filter[name];
    if (text !== undefined) parts.push({ sql: `text->>'$.${name}' = ?`, values: [text] });
  }
  const { policy, model } = filter;
  if (policy !== undefined) {
    const sql = "EXISTS (SELECT 1 FROM json_each(text, '$.policies') WHERE value = ?)";
    parts.push({ sql, values: [policy] });
  }
  if (model !== undefined) {
    const byModel: Condition = {
      sql: "(text->>'$.model' = ? OR (text->>'$.provider') || '/' || (text->>'$.model') = ?)",
      values: [model, model],
    };
    if (findProfiles(db, [byModel]).length > 0)
      return { profiles: findProfiles(db, [...parts, byModel]), requestedModel: undefined };
  }
  return { profiles: parts.length === 0 ? undefined : findProfiles(db, parts), requestedModel: model };
}

function findProfiles(db: Database, parts: readonly Condition[]): readonly number[] {
  const where = ["kind = 'profile'", ...parts.map((part) => part.sql)].join(" AND ");
  const rows = db
    .query<{ no: bigint }, (string | number)[]>(`SELECT no FROM definitions WHERE ${where}`)
    .all(...parts.flatMap((part) => part.values));
  return rows.map(({ no }) => Number(no));
}
