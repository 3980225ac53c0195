// Reads the usage of a whole JSON answer without parsing the rest of it.

import { asBuffer } from "../lib/as-buffer.ts";
import { findLastObject } from "../lib/json-find.ts";
import { AnthropicUsage } from "./anthropic-usage.ts";
import { readOpenAiUsage } from "./openai-usage.ts";
import type { EndpointName } from "./table.ts";
import type { Usage } from "./usage.ts";

const USAGE = Buffer.from('"usage"');

/** The usage that an uncompressed JSON body reports; undefined when it reports none. */
export function readBodyUsage(endpoint: EndpointName, body: Uint8Array): Usage | undefined {
  const found = findLastObject(asBuffer(body), USAGE);
  if (endpoint !== "messages") return readOpenAiUsage(found);
  const usage = new AnthropicUsage();
  usage.see(found);
  return usage.usage;
}
