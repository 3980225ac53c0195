// Loads a configuration: file, includes and secrets in, one value or a list of problems out.

import { KindGuard, type TSchema } from "@sinclair/typebox";
import { findProblems, reportFindings } from "./check.ts";
import { toValue } from "./convert.ts";
import { fillDefaults, fillProviders, fillStore } from "./defaults.ts";
import { createFiles, type Files } from "./files.ts";
import { readTree } from "./includes.ts";
import { createInterpolator } from "./interpolate.ts";
import { withoutNotYet } from "./not-yet.ts";
import { createReport, type Problem, type Report } from "./problem.ts";
import { checkReferences } from "./references.ts";
import { createScene, type IsPriced } from "./scene.ts";
import { type Config, ConfigSchema } from "./schema.ts";
import { isValues, type Values } from "./shape.ts";
import { type MapNode, nodeAt, type Path } from "./tree.ts";

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Unset variables become warnings, and what they stand for counts as not written: for checks in CI. */
  readonly allowMissingEnv?: boolean;
  /** The text when the path is `-`. */
  readonly stdin?: string;
  /** A file that counts as holding this text, whatever it holds: to try a change before it is made. */
  readonly instead?: { readonly path: string; readonly text: string };
  /** Whether the bundled price table has a model: who gives it is told which models a budget cannot count. */
  readonly isPriced?: IsPriced;
}

export interface Loaded {
  /** Undefined if and only if there is an error among the problems. */
  readonly config: Config | undefined;
  /** Errors and warnings, in file order. */
  readonly problems: readonly Problem[];
  /**
   * Absolute path of every file read or tried, secrets and TLS files too: what to watch. `FOLDER/*` stands for a
   * folder in which an include pattern looked for files.
   */
  readonly files: readonly string[];
  /** SHA-256 in hex over the contents of all files read. */
  readonly hash: string;
  /** The variable (or `the file PATH`) that a provider's `api_key` is written as, by the provider's name. */
  readonly credentialNames: ReadonlyMap<string, string>;
}

/** Reads everything the configuration consists of. Never throws: what cannot be read is a problem like others. */
export function loadConfig(path: string, options: LoadOptions): Loaded {
  const files = createFiles(options.instead);
  const report = createReport();
  const { config, credentialNames } = load(path, options, files, report) ?? {};
  return {
    config: report.errorCount() === 0 ? config : undefined,
    problems: report.problems(),
    files: files.list(),
    hash: files.hash(),
    credentialNames: credentialNames ?? new Map(),
  };
}

function load(
  path: string,
  options: LoadOptions,
  files: Files,
  report: Report,
): Pick<Loaded, "config" | "credentialNames"> | undefined {
  const { env, allowMissingEnv = false } = options;
  const interpolator = createInterpolator({ env, allowMissingEnv, files, report });
  const text = path === "-" ? (options.stdin ?? "") : undefined;
  const { root, complete } = readTree(path, text, { files, report, interpolator, settings: SETTINGS });
  if (root === undefined) return undefined;
  const tree = interpolator.map(root);
  const unsound: Path[] = [];
  const value = toValue(ConfigSchema, withoutNotYet(tree, report, unsound), unsound);
  if (!fit(value, env, tree, report, unsound)) return undefined;
  // The value fits the schema now: that is what `fit` is for.
  const config = value as unknown as Config;
  checkReferences(
    createScene({ config, tree, report, env, files, isPriced: options.isPriced, unsound, complete }),
  );
  return { config, credentialNames: credentialNamesOf(config, tree) };
}

/** Paths of the settings at the top, and of those in their sections. */
const SETTINGS = Object.entries<TSchema>(ConfigSchema.properties).flatMap(([name, schema]) => [
  name,
  ...(KindGuard.IsObject(schema) ? Object.keys(schema.properties).map((inner) => `${name}.${inner}`) : []),
]);

function credentialNamesOf(config: Config, tree: MapNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const provider of Object.keys(config.providers)) {
    const node = nodeAt(tree, ["providers", provider, "api_key"]);
    if (node?.kind === "scalar" && node.from !== undefined) names.set(provider, node.from);
  }
  return names;
}

/** Taking out what does not fit can leave a gap one level up, so it is done again; never deeper than the schema. */
const MAX_ROUNDS = 8;

/**
 * Fills defaults, reports what does not fit the schema, and takes it out, so that the rules that follow see a valid
 * rest instead of nothing.
 */
function fit(
  value: Values,
  env: LoadOptions["env"],
  tree: MapNode,
  report: Report,
  unsound: Path[],
): boolean {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    fillDefaults(ConfigSchema, value);
    fillProviders(value["providers"], env);
    fillStore(value["store"], tree.place.source.folder);
    fillDefaults(ConfigSchema, value);
    const findings = [...findProblems(ConfigSchema, value)];
    if (findings.length === 0) return true;
    // What is found later was left behind by taking something out.
    if (round === 0) reportFindings(findings, tree, report);
    for (const { drop } of findings) unsound.push(remove(value, drop));
  }
  return false;
}

/** Takes a value out of its map; of a list, the whole list, so that positions stay right. Returns what is gone. */
function remove(value: Values, path: Path): Path {
  const index = path.findIndex((step) => typeof step === "number");
  const gone = index < 0 ? path : path.slice(0, index);
  let at: unknown = value;
  for (const step of gone.slice(0, -1)) at = isValues(at) ? at[String(step)] : undefined;
  if (isValues(at)) delete at[String(gone[gone.length - 1])];
  return gone;
}
