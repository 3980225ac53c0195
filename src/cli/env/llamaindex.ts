// Set-up of LlamaIndex for TypeScript and Python.

import { layOut, nodeAuthority } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

export function llamaindexSetUp(site: Site): string {
  const model = JSON.stringify(modelFor(site, "chat"));
  const url = JSON.stringify(site.v1);
  return layOut(site, {
    exports: [
      ["OPENAI_BASE_URL", shellWord(site.v1)],
      ["OPENAI_API_KEY", site.key],
    ],
    missing: missingEndpoint(site, "chat"),
    notes: [
      "TypeScript (npm install llamaindex @llamaindex/openai)",
      '  import { openai } from "@llamaindex/openai";',
      '  import { Settings } from "llamaindex";',
      `  Settings.llm = openai({ model: ${model}, apiKey: process.env.OPENAI_API_KEY, baseURL: ${url} });`,
      "",
      "Python (pip install llama-index-llms-openai-like)",
      "  import os",
      "  from llama_index.llms.openai_like import OpenAILike",
      `  llm = OpenAILike(model=${model}, api_base=${url}, api_key=os.environ["OPENAI_API_KEY"],`,
      "                   is_chat_model=True, is_function_calling_model=True)",
      '  print(llm.complete("Hello"))',
    ],
    lists: "chat",
    authority: (certificate) => `${nodeAuthority(certificate)}   # Python: SSL_CERT_FILE`,
    limits: [
      "Chat and embeddings go through /v1. `temperature` 0.1 and `top_p` 1 are always sent: models that refuse them answer 400.",
      "In Python the class OpenAI knows OpenAI's own model names only; OpenAILike takes any.",
      "The SDK inside is openai 5 or 6, which shows errors in OpenAI's envelope only; the gateway's are.",
    ],
  });
}
