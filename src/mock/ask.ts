// What is asked of a mock, whatever the endpoint: the part of a request that decides the answer.

import type { EndpointName } from "../formats/table.ts";
import { isObject, type JsonObject } from "./body.ts";
import { badRequest } from "./refusal.ts";

export interface Ask {
  readonly endpoint: EndpointName;
  readonly model: string;
  readonly lastUserMessage: string;
  /** Where a script's `contains` looks. */
  readonly newest: string;
  /** UTF-8 bytes of the prompt's texts. */
  readonly promptBytes: number;
  readonly maxTokens: number | undefined;
  /** Texts before which the reply ends. */
  readonly stop: readonly string[];
  /** The tool that must be called. */
  readonly forcedTool: ForcedTool | undefined;
  /** The schema that the reply must satisfy. */
  readonly schema: JsonObject | undefined;
}

interface ForcedTool {
  readonly name: string;
  readonly schema: unknown;
}

/**
 * The tool that `tool_choice` demands, in the words of any of the formats (`required`, `any`, a named tool).
 * Throws when it is not among the `tools`.
 */
export function forcedTool(body: JsonObject): ForcedTool | undefined {
  const choice = body["tool_choice"];
  if (choice === undefined || choice === null || choice === "auto" || choice === "none") return undefined;
  const wanted = wantedTool(choice);
  if (wanted === undefined) return undefined;
  const tools: readonly unknown[] = Array.isArray(body["tools"]) ? body["tools"] : [];
  for (const tool of tools) {
    const declared = isObject(tool) ? readTool(tool) : undefined;
    if (declared && (wanted === ANY_TOOL || declared.name === wanted)) return declared;
  }
  throw badRequest("`tool_choice` demands a tool that is not in `tools`.", "tool_choice");
}

const ANY_TOOL = Symbol("any tool");

function wantedTool(choice: unknown): string | typeof ANY_TOOL | undefined {
  if (choice === "required") return ANY_TOOL;
  if (!isObject(choice)) throw badRequest("`tool_choice` must be a string or an object.", "tool_choice");
  if (choice["type"] === "any") return ANY_TOOL;
  if (choice["type"] !== "function" && choice["type"] !== "tool") return undefined;
  const name = isObject(choice["function"]) ? choice["function"]["name"] : choice["name"];
  if (typeof name !== "string") throw badRequest("`tool_choice` does not name a tool.", "tool_choice");
  return name;
}

function readTool(tool: JsonObject): ForcedTool | undefined {
  const declared = isObject(tool["function"]) ? tool["function"] : tool;
  const name = declared["name"];
  if (typeof name !== "string") return undefined;
  return { name, schema: declared["parameters"] ?? declared["input_schema"] ?? {} };
}

/** The schema that an output format asks for; `json_object` asks for any object. */
export function outputSchema(format: JsonObject | undefined): JsonObject | undefined {
  if (format?.["type"] === "json_object") return { type: "object" };
  if (format?.["type"] !== "json_schema") return undefined;
  const holder = isObject(format["json_schema"]) ? format["json_schema"] : format;
  return isObject(holder["schema"]) ? holder["schema"] : {};
}
