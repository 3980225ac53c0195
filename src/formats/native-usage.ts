// Reads the usage of a whole answer that came by a native path.

import { AnthropicUsage } from "./anthropic-usage.ts";
import { INVOKE_USAGE_MEMBERS, readInvokeUsage } from "./bedrock-invoke-usage.ts";
import { readBedrockHeaders, readConverseUsage } from "./bedrock-usage.ts";
import { readGeminiUsage } from "./gemini-usage.ts";
import type { NativeAction } from "./native-action.ts";
import { topMembers } from "./native-members.ts";
import type { Usage } from "./usage.ts";

/**
 * The usage that an uncompressed JSON body reports, or, on Bedrock, its headers; undefined when neither does, and for
 * counting tokens, which costs nothing.
 */
export function readNativeUsage(action: NativeAction, body: Uint8Array, headers: Headers): Usage | undefined {
  switch (action) {
    case "generate_content":
    case "stream_generate_content":
    case "embed_content":
    case "batch_embed_contents":
      return readGeminiUsage(topMembers(body, ["usageMetadata"])["usageMetadata"]);
    case "converse":
    case "converse_stream":
      return readConverseUsage(topMembers(body, ["usage"])["usage"]) ?? readBedrockHeaders(headers);
    case "invoke":
    case "invoke_stream":
      return readInvokeUsage(topMembers(body, INVOKE_USAGE_MEMBERS)) ?? readBedrockHeaders(headers);
    case "raw_predict":
    case "stream_raw_predict": {
      const usage = new AnthropicUsage();
      usage.see(topMembers(body, ["usage"])["usage"]);
      return usage.usage;
    }
    case "gemini_count_tokens":
    case "bedrock_count_tokens":
    case "raw_count_tokens":
      return undefined;
  }
}
