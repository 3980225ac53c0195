// `postern spend`: what was spent, by whom or on what, read from the store while the gateway serves.

import { readSpend, readSpendQuery } from "../store/read-spend.ts";
import { EXIT, type Io, UsageError } from "./io.ts";
import { parseOptions } from "./options.ts";
import { withStore } from "./read-store.ts";
import { spendCsv } from "./spend-csv.ts";
import { spendNotes, spendTable } from "./spend-table.ts";

/** Exit code 0; 1 when there is no store to read. */
export async function spend(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseOptions("spend", args, {
    by: "string",
    window: "string",
    from: "string",
    to: "string",
    bucket: "string",
    json: "boolean",
    csv: "boolean",
  });
  if (values.json && values.csv) throw new UsageError("--json and --csv exclude each other", "spend");
  const read = readSpendQuery(values, io.now());
  if ("problem" in read) throw new UsageError(`--${read.problem}`, "spend");
  const report = await withStore(values.config, io, "/admin/v1/spend", (database) =>
    readSpend(database, read.query),
  );
  if (values.json) io.stdout(`${JSON.stringify(report, null, 2)}\n`);
  else if (values.csv) io.stdout(spendCsv(report));
  else {
    io.stderr(spendNotes(report));
    io.stdout(spendTable(report));
  }
  return EXIT.ok;
}
