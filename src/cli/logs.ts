// `postern logs`: the requests that are kept, newest first; new ones as they come; one whole.

import type { ReadConnection } from "../store/read-database.ts";
import { FILTER_NAMES, type RequestFilter, readFilter } from "../store/read-filter.ts";
import { followRequests } from "../store/read-follow.ts";
import type { RequestJson } from "../store/read-request-json.ts";
import { getRequest, listRequests } from "../store/read-requests.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import { logLine, logTitle } from "./logs-line.ts";
import { wholeRequest } from "./logs-whole.ts";
import { parseOptions, shown } from "./options.ts";
import { withStore } from "./read-store.ts";

const DEFAULT_LIMIT = 100;

/** With `--follow`: enough to see where the new ones begin. */
const FOLLOW_LIMIT = 10;

/** Rows that are read at a time. */
const PAGE_ROWS = 1_000;

/** The gateway writes every 25 ms. */
const LOOK_EVERY_MS = 200;

const FILTER_OPTIONS = Object.fromEntries(FILTER_NAMES.map((name) => [name, "string"])) as Readonly<
  Record<(typeof FILTER_NAMES)[number], "string">
>;

/** Exit code 0; 1 when there is no store to read, or no request of that id. `--follow` runs until it is stopped. */
export async function logs(args: readonly string[], io: Io): Promise<number> {
  const { values, words } = parseOptions(
    "logs",
    args,
    { follow: "boolean", ...FILTER_OPTIONS, limit: "string", json: "boolean" },
    1,
  );
  const [id] = words;
  const read = readFilter(values, io.now());
  if ("problem" in read) throw new UsageError(`--${read.problem}`, "logs");
  const { filter } = read;
  if (id !== undefined) {
    if (values.follow || values.limit !== undefined || Object.keys(filter).length > 0)
      throw new UsageError("an ID stands alone: it takes no filters, --limit or --follow", "logs");
    return await withStore(values.config, io, "/admin/v1/requests", (database) =>
      showOne(database, id, values.json ?? false, io),
    );
  }
  const limit = readLimit(values.limit) ?? (values.follow ? FOLLOW_LIMIT : DEFAULT_LIMIT);
  const print = (row: RequestJson): void =>
    io.stdout(values.json ? `${JSON.stringify(row)}\n` : logLine(row));
  return await withStore(values.config, io, "/admin/v1/requests", async (database) => {
    const follow = values.follow ? followRequests(database, filter) : undefined;
    if (!values.json) io.stdout(logTitle());
    printList(database, filter, limit, print);
    while (follow !== undefined && !io.isUnread()) {
      await Bun.sleep(LOOK_EVERY_MS);
      for (const row of follow()) print(row);
    }
    return EXIT.ok;
  });
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new UsageError("--limit wants a whole number from 1 on", "logs");
  return Number(text);
}

function showOne(database: ReadConnection, id: string, isJson: boolean, io: Io): number {
  const request = getRequest(database, id);
  if (request === undefined)
    throw new CommandError(
      `no request with the id ${shown(id)} is kept; \`postern logs\` lists those that are`,
    );
  io.stdout(isJson ? `${JSON.stringify(request, null, 2)}\n` : wholeRequest(request));
  return EXIT.ok;
}

/** Page by page, so that a long list costs no more memory than a short one. */
function printList(
  database: ReadConnection,
  filter: RequestFilter,
  limit: number,
  print: (row: RequestJson) => void,
): void {
  let left = limit;
  let cursor: string | undefined;
  do {
    const page = listRequests(database, filter, { limit: Math.min(left, PAGE_ROWS), cursor });
    for (const row of page.rows) print(row);
    left -= page.rows.length;
    cursor = page.next ?? undefined;
  } while (left > 0 && cursor !== undefined);
}
