// `postern env CLIENT`: prints what makes a client use this gateway.

import { closest } from "../lib/did-you-mean.ts";
import { requireConfiguration } from "./configuration.ts";
import { siteOf } from "./env/site.ts";
import { CLIENTS } from "./env/table.ts";
import { EXIT, type Io, UsageError } from "./io.ts";
import { parseOptions, shown } from "./options.ts";

export async function env(args: readonly string[], io: Io): Promise<number> {
  const { values, words } = parseOptions("env", args, { key: "string" }, 1);
  const setUp = findClient(words[0]);
  const config = await requireConfiguration(values.config, io);
  io.stdout(setUp(siteOf(config, values.key)));
  return EXIT.ok;
}

function findClient(name: string | undefined) {
  const available = Object.keys(CLIENTS).filter((client) => CLIENTS[client]?.setUp !== undefined);
  const list = `there is: ${available.join(", ")}`;
  if (name === undefined) throw new UsageError(`env needs a client; ${list}`, "env");
  const row = Object.hasOwn(CLIENTS, name) ? CLIENTS[name] : undefined;
  if (row?.setUp !== undefined) return row.setUp;
  if (row !== undefined)
    throw new UsageError(`${row.title} (${name}) is not in this version; ${list}`, "env");
  const [near] = closest(name, Object.keys(CLIENTS), 1);
  const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
  throw new UsageError(`unknown client ${shown(name)}${hint}; ${list}`, "env");
}
