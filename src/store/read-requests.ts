// Lists the requests that are kept, newest first, without reading more of millions than it shows.

import type { Database } from "bun:sqlite";
import { type Choice, type Condition, chooseProfiles, type RequestFilter } from "./read-filter.ts";
import { type RequestJson, requestJson } from "./read-request-json.ts";
import { readRows } from "./read-rows.ts";

export interface Page {
  /** Rows at most. */
  readonly limit: number;
  /** `next` of the page before; undefined = from the newest on. */
  readonly cursor?: string | undefined;
}

export interface RequestPage {
  readonly rows: readonly RequestJson[];
  /** Where the next page begins; null = there is none. A page may have fewer rows than its limit, and a next one. */
  readonly next: string | null;
}

/** A row's place in the order: by time, and by number where times are equal. */
interface Place {
  readonly at: bigint;
  readonly seq: bigint;
}

/** So many rows are looked through for one page at most where no index leads to the very rows. */
const SCAN_ROWS = 100_000;

/** Later than every row. */
const NEWEST: Place = { at: 2n ** 62n, seq: 0n };

/**
 * One page of the requests that pass the filter, newest first.
 *
 * @throws {RangeError} when the cursor is none of this list; {@link isCursor} tells before
 */
export function listRequests(db: Database, filter: RequestFilter, page: Page): RequestPage {
  const start = page.cursor === undefined ? NEWEST : parseCursor(page.cursor);
  if (start === undefined) throw new RangeError("not a cursor of this list");
  const { places, next } = findPlaces(db, filter, page.limit, start);
  const rows = readRows(
    db,
    places.map(({ seq }) => seq),
  );
  return { rows: rows.map(requestJson), next: next === undefined ? null : writeCursor(next) };
}

/** One request; of several with one id, which clients may choose, the newest. Undefined = there is none. */
export function getRequest(db: Database, id: string): RequestJson | undefined {
  const place = db
    .query<Place, [string]>("SELECT at, seq FROM requests WHERE id = ? ORDER BY at DESC, seq DESC LIMIT 1")
    .get(id);
  const [row] = place === null ? [] : readRows(db, [place.seq]);
  return row === undefined ? undefined : requestJson(row);
}

/** Of these numbers the requests that are kept and pass the filter, in the order of the numbers. */
export function pickRequests(
  db: Database,
  filter: RequestFilter,
  seqs: readonly bigint[],
): readonly RequestJson[] {
  const choice = chooseProfiles(db, filter);
  const profiles = choice.profiles;
  const conditions = [
    ...(profiles === undefined ? [] : [isAmong("profile", profiles)]),
    ...plainConditions(filter, choice),
    ...timeConditions(filter),
    isAmong("seq", seqs),
  ];
  const found = db
    .query<Place, (string | number)[]>(
      `SELECT at, seq FROM requests WHERE ${joined(conditions)} ORDER BY seq`,
    )
    .all(...valuesOf(conditions));
  return readRows(
    db,
    found.map(({ seq }) => seq),
  ).map(requestJson);
}

/** Whether the text is a cursor of this list. */
export function isCursor(text: string): boolean {
  return parseCursor(text) !== undefined;
}

function parseCursor(text: string): Place | undefined {
  const [, at, seq] =
    /^(\d{1,18})\.(\d{1,18})$/.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  return at === undefined || seq === undefined ? undefined : { at: BigInt(at), seq: BigInt(seq) };
}

function writeCursor({ at, seq }: Place): string {
  return Buffer.from(`${at}.${seq}`).toString("base64url");
}

interface Found {
  readonly places: readonly Place[];
  readonly next: Place | undefined;
}

/** The places of at most `limit` rows before `start`, and the one to go on from. */
function findPlaces(db: Database, filter: RequestFilter, limit: number, start: Place): Found {
  const choice = chooseProfiles(db, filter);
  const conditions = plainConditions(filter, choice);
  const branches = branchesOf(db, filter, choice);
  const walked = branches?.[0] !== undefined && branches[0].column !== "profile" ? 1 : 0;
  const floor = conditions.length > walked ? scanFloor(db, filter, start) : undefined;
  const bounded = { ...filter, since: Math.max(filter.since ?? 0, Number(floor ?? 0n)) };
  const query: BranchQuery = { conditions: [...timeConditions(bounded), ...conditions], start };
  const places =
    branches === undefined
      ? takeBranch(db, undefined, query, limit + 1)
      : mergeBranches(db, branches, query, limit + 1);
  if (places.length > limit) return { places: places.slice(0, limit), next: places[limit - 1] };
  return { places, next: floor === undefined ? undefined : { at: floor, seq: 0n } };
}

/** Equality on a column that has an index together with the time: each branch can be walked from its newest row. */
interface Branch {
  readonly column: "profile" | "code" | "status";
  readonly value: number | string;
}

interface BranchQuery {
  readonly conditions: readonly Condition[];
  readonly start: Place;
}

/** How the filter's rows are found; undefined = by time alone. */
function branchesOf(db: Database, filter: RequestFilter, choice: Choice): readonly Branch[] | undefined {
  if (choice.profiles !== undefined)
    return choice.profiles.map((value) => ({ column: "profile", value }) as const);
  if (filter.code !== undefined) return [{ column: "code", value: filter.code }];
  const { status } = filter;
  if (status === undefined || (status.from <= COMMON && status.to >= COMMON)) return undefined;
  return statusesIn(db, status.from, status.to).map((value) => ({ column: "status", value }) as const);
}

/** All other statuses have an index. */
const COMMON = 200;

/** Steps from one status to the next over the index, without reading what lies between. */
function statusesIn(db: Database, from: number, to: number): readonly number[] {
  const statement = db.query<{ status: bigint | null }, [number, number]>(
    `SELECT min(status) AS status FROM requests WHERE status <> ${COMMON} AND status > ? AND status <= ?`,
  );
  const statuses: number[] = [];
  for (let at = from - 1; ; ) {
    const found = statement.get(at, to)?.status ?? null;
    if (found === null) return statuses;
    at = Number(found);
    statuses.push(at);
  }
}

/** Walks the branches from the one with the newest row on, until no other can have a row that belongs to the page. */
function mergeBranches(
  db: Database,
  branches: readonly Branch[],
  query: BranchQuery,
  count: number,
): readonly Place[] {
  const heads = branches
    .map((branch) => ({ branch, newest: newestOf(db, branch, query.start) }))
    .filter((head) => head.newest !== undefined)
    .toSorted((a, b) => Number((b.newest ?? 0n) - (a.newest ?? 0n)));
  let places: Place[] = [];
  for (const { branch, newest = 0n } of heads) {
    const last = places[count - 1];
    if (last !== undefined && newest < last.at) break;
    places = [...places, ...takeBranch(db, branch, query, count)].toSorted(newestFirst).slice(0, count);
  }
  return places;
}

function newestOf(db: Database, branch: Branch, start: Place): bigint | undefined {
  const row = db
    .query<{ at: bigint | null }, (string | number | bigint)[]>(
      `SELECT max(at) AS at FROM requests WHERE ${branchSql(branch)} AND at <= ?`,
    )
    .get(branch.value, start.at);
  return row?.at ?? undefined;
}

function newestFirst(a: Place, b: Place): number {
  return a.at === b.at ? Number(b.seq - a.seq) : Number(b.at - a.at);
}

function takeBranch(
  db: Database,
  branch: Branch | undefined,
  query: BranchQuery,
  count: number,
): readonly Place[] {
  const first = branch === undefined ? [] : [{ sql: branchSql(branch), values: [branch.value] }];
  const conditions = [...first, ...query.conditions];
  const { at, seq } = query.start;
  const sql = `SELECT at, seq FROM requests WHERE ${joined([...conditions, BEFORE])} ORDER BY at DESC, seq DESC LIMIT ?`;
  return db.query<Place, (string | number | bigint)[]>(sql).all(...valuesOf(conditions), at, at, seq, count);
}

/** As `(at, seq) < (?, ?)`, but in the words that let an index begin there. */
const BEFORE: Condition = { sql: "at <= ? AND (at < ? OR seq < ?)", values: [] };

/** The index of statuses is used only where the text says that it holds all that is asked for. */
function branchSql({ column }: Branch): string {
  return column === "status" ? `status <> ${COMMON} AND status = ?` : `${column} = ?`;
}

/** The time before which a page that no index helps does not look; undefined = it looks at all that is left. */
function scanFloor(db: Database, filter: RequestFilter, start: Place): bigint | undefined {
  const row = db
    .query<{ at: bigint }, [bigint, number, number]>(
      "SELECT at FROM requests WHERE at <= ? AND at >= ? ORDER BY at DESC LIMIT 1 OFFSET ?",
    )
    .get(start.at, filter.since ?? 0, SCAN_ROWS);
  // Rows of one millisecond stay together, so the floor has to move on from where this page begins.
  if (row === null || row.at >= start.at) return undefined;
  return row.at;
}

function timeConditions({ since, until }: RequestFilter): Condition[] {
  const conditions: Condition[] = [];
  if (since !== undefined && since > 0) conditions.push({ sql: "at >= ?", values: [since] });
  if (until !== undefined) conditions.push({ sql: "at < ?", values: [until] });
  return conditions;
}

/** What is looked at in the rows themselves. */
function plainConditions({ status, code }: RequestFilter, { requestedModel }: Choice): Condition[] {
  const conditions: Condition[] = [];
  if (status !== undefined)
    conditions.push({ sql: "status BETWEEN ? AND ?", values: [status.from, status.to] });
  if (code !== undefined) conditions.push({ sql: "code = ?", values: [code] });
  // Within JSON a quote that is not escaped ends a string, so this cannot stand in another member's value.
  if (requestedModel !== undefined)
    conditions.push({
      sql: "instr(detail, ?) > 0",
      values: [`"requestedModel":${JSON.stringify(requestedModel)}`],
    });
  return conditions;
}

function isAmong(column: string, numbers: readonly (number | bigint)[]): Condition {
  return { sql: `${column} IN (SELECT value FROM json_each(?))`, values: [`[${numbers.join(",")}]`] };
}

function joined(conditions: readonly Condition[]): string {
  return conditions.map(({ sql }) => sql).join(" AND ");
}

function valuesOf(conditions: readonly Condition[]): (string | number)[] {
  return conditions.flatMap(({ values }) => [...values]);
}
