// Rules of names: which ones a provider may have, and what a `provider/model` id leads to.

import { formatPath } from "../problem.ts";
import type { Scene } from "../scene.ts";
import type { Path } from "../tree.ts";

/** First path segments of the gateway's own routes. */
const RESERVED = new Set(["v1", "providers", "models", "ui", "admin", "metrics", "healthz", "readyz"]);

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

const NAMED: readonly (readonly [Path, (name: string) => string | undefined])[] = [
  [["providers"], providerProblem],
  [["models"], emptyProblem],
  [["workspaces"], emptyProblem],
  [["users"], emptyProblem],
  [["keys"], emptyProblem],
  [["admin", "keys"], emptyProblem],
  [["spend_policies"], policyProblem],
  [["rate_limits"], policyProblem],
  [["pricing", "models"], priceProblem],
];

/** Checks the names of all maps whose names are the user's own. */
export function checkNames(scene: Scene): void {
  for (const [path, problemOf] of NAMED) {
    for (const name of scene.names(path)) {
      const problem = problemOf(name);
      if (problem !== undefined) scene.error([...path, name], problem, "key");
    }
  }
}

function emptyProblem(name: string): string | undefined {
  return name === "" ? "a name must not be empty" : undefined;
}

/** Callers read it, in texts and in headers. */
function policyProblem(name: string): string | undefined {
  if (CONTROL.test(name)) return "a policy's name must not hold control characters";
  return emptyProblem(name);
}

function priceProblem(name: string): string | undefined {
  return name.startsWith("!") ? "an exclusion has no price: name what has one" : emptyProblem(name);
}

function providerProblem(name: string): string | undefined {
  if (CONTROL.test(name)) return "a provider's name must not hold control characters";
  if (RESERVED.has(name)) return "is the name of a route of the gateway: choose another";
  if (/[*!?,;]/.test(name)) return "a provider's name must not hold * ! ? , or ;";
  if (/^[\s/]|[\s/]$/.test(name)) return "a provider's name must not begin or end with a space or /";
  return emptyProblem(name);
}

/**
 * Finds the configured provider an id belongs to: the longest name that stands before one of its slashes with
 * something after it. Undefined when there is none.
 */
export function createProviderOf(names: readonly string[]): (id: string) => string | undefined {
  const providers = new Set(names);
  const longest = Math.max(0, ...names.map((name) => name.length));
  return (id) => {
    const from = Math.min(longest, id.length - 2);
    for (let slash = id.lastIndexOf("/", from); slash > 0; slash = id.lastIndexOf("/", slash - 1)) {
      const name = id.slice(0, slash);
      if (providers.has(name)) return name;
    }
    return undefined;
  };
}

/** A path to an owner's setting in words, for messages that name a second place. */
export function otherPlace(scene: Scene, path: Path): string {
  return `${formatPath(path)} (${scene.place(path)})`;
}
