// Settings that a running gateway cannot change: where the file says something else, the running value stays.

import { isDeepStrictEqual } from "node:util";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { traitsOf } from "./schema/fields.ts";
import { type Config, ConfigSchema } from "./schema.ts";
import { emptyValues, isValues, type Values } from "./shape.ts";

export interface Kept {
  /** The new configuration with the running values where only a restart could change them. */
  readonly config: Config;
  /** The settings that wait for a restart: `server.listen`. */
  readonly waiting: readonly string[];
}

/** The sections that may change in themselves; only to gain or lose one takes a restart. */
const RENEWABLE = new Set(["server.tls"]);

/** What of a new configuration a gateway that runs on another one can take over. Neither is changed. */
export function keepRunning(running: Config, next: Config): Kept {
  let config: Config = next;
  const waiting: string[] = [];
  for (const path of RESTART_PATHS) {
    const name = path.join(".");
    const was = valueAt(running, path);
    const is = valueAt(next, path);
    const same = RENEWABLE.has(name)
      ? (was === undefined) === (is === undefined)
      : isDeepStrictEqual(was, is);
    if (same) continue;
    waiting.push(name);
    config = withValue(config, path, was) as Config;
  }
  return { config, waiting };
}

/** Paths of all settings that the schema marks so. */
const RESTART_PATHS: readonly (readonly string[])[] = restartPaths(ConfigSchema, []);

function restartPaths(schema: TSchema, path: readonly string[]): (readonly string[])[] {
  if (traitsOf(schema).restart) return [path];
  if (!KindGuard.IsObject(schema)) return [];
  return Object.entries(schema.properties).flatMap(([name, member]) => restartPaths(member, [...path, name]));
}

function valueAt(config: Config, path: readonly string[]): unknown {
  let at: unknown = config;
  for (const step of path) at = isValues(at) ? at[step] : undefined;
  return at;
}

/** A copy that differs at one path; like what was read, objects in it have no prototype. */
function withValue(from: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const copy: Values = Object.assign(emptyValues(), from);
  const member = withValue(copy[name], rest, value);
  if (member === undefined) delete copy[name];
  else copy[name] = member;
  return copy;
}
