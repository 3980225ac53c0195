// `postern env CLIENT`: prints what makes a client use this gateway.

import { closest } from "../lib/did-you-mean.ts";
import { requireConfiguration } from "./configuration.ts";
import { KEY_VARIABLE, siteOf } from "./env/site.ts";
import { CLIENTS } from "./env/table.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";
import { parseOptions, shown } from "./options.ts";

export async function env(args: readonly string[], io: Io): Promise<number> {
  const { values, words } = parseOptions("env", args, { key: "string" }, 1);
  const { title, setUp, sockets } = findClient(words[0]);
  const config = await requireConfiguration(values.config, io);
  const around = { nowMs: io.now(), environmentKey: io.env[KEY_VARIABLE] || undefined };
  const site = siteOf(config, values.key, around);
  if (site.socket !== undefined && sockets !== true)
    throw new CommandError(
      `${title} cannot use a unix socket (${site.socket}): give server.listen a host and a port`,
    );
  io.stdout(setUp(site));
  return EXIT.ok;
}

function findClient(name: string | undefined) {
  const list = `there is: ${Object.keys(CLIENTS).join(", ")}`;
  if (name === undefined) throw new UsageError(`env needs a client; ${list}`, "env");
  const row = Object.hasOwn(CLIENTS, name) ? CLIENTS[name] : undefined;
  if (row !== undefined) return row;
  const [near] = closest(name, Object.keys(CLIENTS), 1);
  const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
  throw new UsageError(`unknown client ${shown(name)}${hint}; ${list}`, "env");
}
