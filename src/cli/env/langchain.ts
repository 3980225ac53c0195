// Set-up of LangChain for JavaScript and Python.

import { layOut, nodeAuthority } from "./layout.ts";
import { messagesPath, missingEndpoint, modelFor } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

export function langchainSetUp(site: Site): string {
  const model = JSON.stringify(modelFor(site, "chat"));
  const url = JSON.stringify(site.v1);
  const messages = messagesPath(site);
  const claude = [
    "",
    "Claude in its own format (npm install @langchain/anthropic)",
    "  const claude = new ChatAnthropic({",
    `    model: ${JSON.stringify(messages.model)}, anthropicApiUrl: ${JSON.stringify(messages.base)},`,
    "    apiKey: process.env.OPENAI_API_KEY,",
    "  });",
  ];
  return layOut(site, {
    exports: [
      ["OPENAI_BASE_URL", shellWord(site.v1)],
      ["OPENAI_API_BASE", shellWord(site.v1)],
      ["OPENAI_API_KEY", site.key],
    ],
    missing: missingEndpoint(site, "chat"),
    notes: [
      "JavaScript (npm install @langchain/openai)",
      '  import { ChatOpenAI } from "@langchain/openai";',
      `  const chat = new ChatOpenAI({ model: ${model}, maxRetries: 2, configuration: { baseURL: ${url} } });`,
      '  console.log((await chat.invoke("Hello")).content);',
      "",
      "Python (pip install langchain-openai)",
      "  from langchain_openai import ChatOpenAI",
      `  chat = ChatOpenAI(model=${model}, base_url=${url})`,
      '  print(chat.invoke("Hello").content)',
      ...(messages.missing.length === 0 ? claude : []),
    ],
    lists: "chat",
    authority: (certificate) => `${nodeAuthority(certificate)}   # Python: SSL_CERT_FILE`,
    limits: [
      "Chat models, Responses (`useResponsesApi: true`) and embeddings go through /v1; ChatAnthropic needs the base URL without /v1.",
      "The default of `maxRetries` is 6: a 501 or 503 is asked for seven times. 400, 401, 402, 403 and 404 are not tried again.",
      "The answer 402 or 429 of a spend policy ends the call at once: its code is `insufficient_quota`.",
    ],
  });
}
