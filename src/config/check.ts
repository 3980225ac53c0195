// Fourth stage: the value is measured by the schema; what TypeBox finds becomes a message a person can act on.

import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Errors, type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { didYouMean } from "../lib/did-you-mean.ts";
import type { Report } from "./problem.ts";
import { isNeeded, traitsOf } from "./schema/fields.ts";
import { isValues, kindOf, narrow, type Values, wordsOf } from "./shape.ts";
import { locate, type MapNode, nodeAt, type Path } from "./tree.ts";

export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key is at fault, not its value. */
  readonly atKey: boolean;
  /** What has to go for the rest to fit the schema. */
  readonly drop: Path;
}

/** Says what was found, except about values whose variable is missing: that was said already. */
export function reportFindings(findings: readonly Finding[], tree: MapNode, report: Report): void {
  for (const { path, message, atKey } of findings) {
    const node = nodeAt(tree, path);
    if (node?.kind === "scalar" && node.origin === "missing") continue;
    report.error(locate(tree, path, atKey ? "key" : "value"), path, message);
  }
}

/** Everything in the value that the schema does not allow. */
export function* findProblems(schema: TSchema, value: unknown, base: Path = []): Generator<Finding> {
  for (const error of Errors(schema, [], value)) {
    const path = [...base, ...steps(value, error.path)];
    // Left unfilled because of another setting, which is reported by itself and taken out first.
    if (error.value === undefined && traitsOf(error.schema).filled !== undefined) continue;
    const inner = error.type === ValueErrorType.Union ? innerMap(error) : undefined;
    if (inner !== undefined) yield* findProblems(inner, error.value, path);
    else yield describe(error, path);
  }
}

/** The member of a union that a map or list was meant as: its own findings say more than the union's. */
function innerMap({ schema, value }: ValueError): TSchema | undefined {
  const kind = kindOf(value);
  if (kind !== "map" && kind !== "list") return undefined;
  return narrow(schema, kind, isValues(value) ? Object.keys(value) : []);
}

function describe(error: ValueError, path: Path): Finding {
  const { type, schema, value } = error;
  const parent = path.slice(0, -1);
  if (type === ValueErrorType.ObjectAdditionalProperties) {
    const name = String(path[path.length - 1]);
    const known = KindGuard.IsObject(schema) ? Object.keys(schema.properties) : [];
    return { path, message: `unknown key${didYouMean(name, known)}`, atKey: true, drop: path };
  }
  const wants = `must be ${traitsOf(schema).wants ?? "something else"}`;
  if (value === undefined) return { path, message: `is missing: ${wants}`, atKey: true, drop: parent };
  const message = value === null ? emptyMessage(schema) : wants + hint(schema, value);
  return { path, message, atKey: false, drop: path };
}

function emptyMessage(schema: TSchema): string {
  const example =
    KindGuard.IsObject(schema) && !Object.values(schema.properties).some(isNeeded) ? " such as {}" : "";
  return `is empty: remove it or give it a value${example}`;
}

function hint(schema: TSchema, value: unknown): string {
  const kind = kindOf(value);
  if (kind === "string") return didYouMean(String(value), wordsOf(schema));
  const quotable = KindGuard.IsString(schema) && schema.pattern === undefined && !traitsOf(schema).listen;
  return quotable && (kind === "number" || kind === "boolean") ? ": put it in quotes" : "";
}

/** A JSON pointer as keys and indices. */
function steps(root: unknown, pointer: string): Path {
  let value = root;
  const names = pointer === "" ? [] : pointer.slice(1).split("/");
  return names.map((escaped) => {
    const name = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    const step = Array.isArray(value) ? Number(name) : name;
    value = isValues(value) || Array.isArray(value) ? (value as Values)[name] : undefined;
    return step;
  });
}
