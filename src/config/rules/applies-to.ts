// Rules of whom a policy counts: `applies_to`, `each` and `overrides`.

import { isReservedGatewayName, normaliseGatewayHeader } from "../../lib/gateway-header.ts";
import { isLiteral } from "../../lib/glob.ts";
import type { Scene } from "../scene.ts";
import type { AppliesToConfig, EachConfig } from "../schema.ts";
import type { Path } from "../tree.ts";
import { isToken, valueProblem } from "./headers.ts";
import { createProviderOf } from "./names.ts";

/** What a spend policy and a rate limit have in common. */
export interface Scope {
  readonly applies_to?: AppliesToConfig;
  readonly each?: EachConfig;
}

type Kind = "workspace" | "user" | "key" | "provider" | "model";

/** Names of one kind that a policy may go by. */
interface Known {
  has(name: string): boolean;
  /** For suggestions. */
  readonly all: readonly string[];
}

/** Undefined where nobody can tell: something that may name them was not read, or does not fit. */
export type KnownSubjects = { readonly [kind in Kind]: Known | undefined };

const LISTS = [
  ["workspaces", "workspace"],
  ["users", "user"],
  ["keys", "key"],
  ["providers", "provider"],
  ["models", "model"],
] as const;

const UNKNOWN: Readonly<Record<Kind, string>> = {
  workspace: "is the workspace of no key",
  user: "is the user of no key",
  key: "is not the name of a key",
  provider: "is not a configured provider",
  model: "is neither a public name nor provider/model with a configured provider",
};

export function knownSubjects(scene: Scene): KnownSubjects {
  const providers = scene.names(["providers"]);
  const models = scene.names(["models"]);
  const providerOf = createProviderOf(providers);
  const publicNames = new Set(models);
  const isTold = scene.complete;
  return {
    key: isTold ? knownNames(scene.names(["keys"])) : undefined,
    provider: isTold ? knownNames(providers) : undefined,
    model: isTold
      ? {
          has: (name) => publicNames.has(name) || providerOf(name) !== undefined,
          all: [...models, ...providers],
        }
      : undefined,
    user: isTold && scene.sound(["keys"]) ? knownNames(owners(scene, "user", "users")) : undefined,
    workspace:
      isTold && scene.sound(["keys"]) ? knownNames(owners(scene, "workspace", "workspaces")) : undefined,
  };
}

function knownNames(names: readonly string[]): Known {
  const set = new Set(names);
  return { has: (name) => set.has(name), all: [...set] };
}

/** Users and workspaces exist by being named on a key, or by a section of their own. */
function owners(scene: Scene, field: "user" | "workspace", section: string): string[] {
  const named = Object.values(scene.config.keys).flatMap((key) => key[field] ?? []);
  return [...named, ...scene.names([section])];
}

/** Checks `applies_to` and `each` of the policy at a path. */
export function checkScope(scene: Scene, path: Path, policy: Scope, known: KnownSubjects): void {
  const { applies_to: appliesTo, each } = policy;
  if (appliesTo !== undefined) checkAppliesTo(scene, [...path, "applies_to"], appliesTo, known);
  if (typeof each !== "object") return;
  const problem = headerProblem(each.header);
  if (problem !== undefined) scene.error([...path, "each", "header"], problem);
}

function checkAppliesTo(scene: Scene, path: Path, appliesTo: AppliesToConfig, known: KnownSubjects): void {
  if (Object.keys(appliesTo).length === 0 && scene.sound(path))
    scene.error(path, "names nothing: remove it to count all calls, or say whose");
  for (const [list, kind] of LISTS)
    appliesTo[list]?.forEach((name, i) => {
      checkSubject(scene, [...path, list, i], kind, name, known);
    });
  if (appliesTo.header !== undefined) checkHeader(scene, [...path, "header"], appliesTo.header);
}

function checkSubject(scene: Scene, path: Path, kind: Kind, name: string, known: KnownSubjects): void {
  const isPatterned = kind === "provider" || kind === "model";
  if (isPatterned && name === "!") scene.error(path, "must be a pattern that is not empty after `!`");
  const candidates = known[kind];
  if ((isPatterned && !isLiteral(name)) || candidates === undefined || candidates.has(name)) return;
  const message = UNKNOWN[kind] + scene.suggest(name, candidates.all);
  // Keys and providers stand in the file; users, workspaces and models may be ahead of it.
  if (kind === "key" || kind === "provider") scene.error(path, message);
  else scene.warning(path, message);
}

function checkHeader(scene: Scene, path: Path, header: Readonly<Record<string, string>>): void {
  const names = Object.keys(header);
  if (names.length !== 1 && scene.sound(path))
    scene.error(path, "must hold exactly one header and its value");
  for (const [name, value] of Object.entries(header)) {
    const problem = headerProblem(name);
    if (problem !== undefined) scene.error([...path, name], problem, "key");
    const badValue = valueProblem(value);
    if (badValue !== undefined) scene.error([...path, name], badValue);
  }
}

/** Why a policy cannot go by a header of this name; undefined when it can. */
function headerProblem(header: string): string | undefined {
  const name = normaliseGatewayHeader(header);
  if (name === undefined) return "must be a header that begins with X-Gateway-, such as X-Gateway-Customer";
  if (!isToken(header)) return "is not a valid header name";
  return isReservedGatewayName(name) ? "is a name that callers cannot set: choose another" : undefined;
}

/** Checks `overrides` of the policy at a path. */
export function checkOverrides(
  scene: Scene,
  path: Path,
  policy: Scope & { readonly overrides: Readonly<Record<string, number>> },
  known: KnownSubjects,
): void {
  const { each, overrides } = policy;
  const here = [...path, "overrides"];
  if (each === undefined) {
    if (scene.written(here) && scene.sound([...path, "each"]))
      scene.error(here, "needs `each`: without it all calls share one counter", "key");
    return;
  }
  const candidates = typeof each === "string" ? known[each] : undefined;
  if (typeof each !== "string" || candidates === undefined) return;
  for (const subject of Object.keys(overrides))
    if (!candidates.has(subject))
      scene.warning([...here, subject], UNKNOWN[each] + scene.suggest(subject, candidates.all), "key");
}
