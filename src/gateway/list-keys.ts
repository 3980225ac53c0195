// The virtual keys as administrators see them: who they belong to and what they may, never the keys.

import type { Config } from "../config/schema.ts";
import { momentMs } from "../lib/moment.ts";

/** One row of `GET keys`, as it is answered. */
export interface KeyRow {
  readonly name: string;
  readonly user: string | null;
  readonly workspace: string | null;
  /** The key's own list; null = it has none. */
  readonly models_allowed: readonly string[] | null;
  /** RFC 3339: refused from then on. */
  readonly expires: string | null;
  readonly disabled: boolean;
  /** RFC 3339; null = not since this process knows. */
  readonly last_used_at: string | null;
}

/** All keys in the order of the file. `lastUsedAt` gives epoch milliseconds by a key's name. */
export function listKeys(
  { keys }: Pick<Config, "keys">,
  lastUsedAt: (name: string) => number | undefined,
): readonly KeyRow[] {
  return Object.entries(keys).map(([name, key]) => ({
    name,
    user: key.user ?? null,
    workspace: key.workspace ?? null,
    models_allowed: key.models_allowed ?? null,
    expires: key.expires === undefined ? null : timeText(momentMs(key.expires)),
    disabled: key.disabled,
    last_used_at: timeText(lastUsedAt(name)),
  }));
}

function timeText(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
