// Which requests may cost more than their tokens.

import { expect, test } from "bun:test";
import { usesHostedTools } from "../../../src/formats/hosted-tools.ts";
import { ENDPOINTS, type Endpoint, NATIVE_ENDPOINTS } from "../../../src/formats/table.ts";
import { scanTopLevel } from "../../../src/lib/json-scan.ts";

const { chat, responses, messages } = ENDPOINTS;
const { generate_content } = NATIVE_ENDPOINTS;

test.each<[Endpoint, object, boolean]>([
  [chat, {}, false],
  [chat, { tools: [{ type: "function", function: { name: "web_search" } }] }, false],
  [chat, { web_search_options: {} }, true],
  [responses, { tools: [{ type: "web_search" }] }, true],
  [responses, { tools: [{ type: "function", name: "f" }, { type: "code_interpreter" }] }, true],
  [responses, { tools: [{ type: "mcp", server_label: "x" }] }, true],
  [responses, { tools: [{ type: "local_shell" }] }, false],
  [responses, { input: "use the web_search tool" }, false],
  [messages, { tools: [{ type: "web_search_20250305", name: "web_search" }] }, true],
  [messages, { tools: [{ name: "web_search", input_schema: {} }] }, false],
  [messages, { tools: [{ type: "bash_20250124", name: "bash" }] }, false],
  [generate_content, { tools: [{ googleSearch: {} }] }, true],
  [generate_content, { tools: [{ functionDeclarations: [{ name: "googleSearch" }] }] }, false],
  [generate_content, { tools: "googleSearch" }, false],
])("%p with %j: %p", (endpoint, request, hosted) => {
  const text = JSON.stringify(request);
  expect(usesHostedTools(endpoint, Buffer.from(text), scanTopLevel(text))).toBe(hosted);
});
