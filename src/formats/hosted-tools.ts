// Tells whether a request lets the provider use tools of its own, which are billed beside tokens.

import { asBuffer } from "../lib/as-buffer.ts";
import { memberOf } from "../lib/json-edit.ts";
import type { TopLevel } from "../lib/json-scan.ts";
import { isRecord, parseJson } from "../lib/json-value.ts";
import type { Endpoint, Family } from "./table.ts";

/** Words of which one stands in every request that has such a tool: most requests need no closer look. */
const MARKS =
  /web_search|web_fetch|code_execution|codeExecution|code_interpreter|file_search|fileSearch|image_generation|computer_use|"mcp|local_shell|google_?[sS]earch|google_?[mM]aps|url_?[cC]ontext/;

/** Tools that the client runs itself. */
const OWN_TYPES = new Set(["function", "custom", "local_shell", "shell", "apply_patch"]);

/** Anthropic's other types (`bash_…`, `text_editor_…`, `computer_…`) are run by the client. */
const ANTHROPIC_HOSTED = /^(?:web_search|web_fetch|code_execution)_/;

const GEMINI_OWN = new Set(["functionDeclarations", "function_declarations"]);

const IS_HOSTED: Readonly<Record<Family, (tool: Readonly<Record<string, unknown>>) => boolean>> = {
  openai: ({ type }) => typeof type === "string" && !OWN_TYPES.has(type),
  anthropic: ({ type }) => typeof type === "string" && ANTHROPIC_HOSTED.test(type),
  gemini: (tool) => Object.keys(tool).some((name) => !GEMINI_OWN.has(name)),
  bedrock: () => false,
};

/** Whether `tools` names one that runs at the provider, or Chat Completions is asked to search. */
export function usesHostedTools({ family, name }: Endpoint, body: Uint8Array, top: TopLevel): boolean {
  if (name === "chat" && memberOf(top, "web_search_options") !== undefined) return true;
  const member = memberOf(top, "tools");
  if (member === undefined) return false;
  const text = asBuffer(body).toString("utf8", member.start, member.end);
  if (!MARKS.test(text)) return false;
  const tools = parseJson(text);
  return Array.isArray(tools) && tools.some((tool) => isRecord(tool) && IS_HOSTED[family](tool));
}
