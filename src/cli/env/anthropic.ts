// Set-up of the Anthropic SDKs for Node and Python.

import { layOut, nodeAuthority } from "./layout.ts";
import { messagesPath } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

/** Both SDKs append `/v1/messages` to the base URL, which therefore has no version. */
export function anthropicSetUp(site: Site): string {
  const { base, model, missing } = messagesPath(site);
  return layOut(site, {
    exports: [
      ["ANTHROPIC_BASE_URL", shellWord(base)],
      ["ANTHROPIC_API_KEY", site.key],
    ],
    unset: ["ANTHROPIC_AUTH_TOKEN"],
    missing,
    notes: [...nodeSnippet(site, model), "", ...pythonSnippet(model), "", ...otherModels(site, base)],
    authority: (certificate) => `${nodeAuthority(certificate)}   # Python: SSL_CERT_FILE`,
    limits: [
      "Served: messages (streamed or not), count_tokens, models. Files, batches and the other endpoints answer 501 on a native path, 404 on /v1.",
      "`anthropic-version` and `anthropic-beta` go upstream as the SDK sends them.",
      "The SDKs try 408, 409, 429 and 5xx twice more (`maxRetries`, `max_retries`), unless the answer forbids it.",
      "Messages are not translated: a provider that does not offer them answers 501.",
    ],
  });
}

function nodeSnippet({ socket }: Site, model: string): readonly string[] {
  const viaSocket = `new Anthropic({ fetchOptions: { dispatcher: new Agent({ connect: { socketPath: ${JSON.stringify(socket)} } }) } })`;
  return [
    `Node (npm install @anthropic-ai/sdk${socket === undefined ? "" : " undici"})`,
    '  import Anthropic from "@anthropic-ai/sdk";',
    ...(socket === undefined ? [] : ['  import { Agent } from "undici";']),
    `  const client = ${socket === undefined ? "new Anthropic()" : viaSocket};`,
    "  const answer = await client.messages.create({",
    `    model: ${JSON.stringify(model)},`,
    "    max_tokens: 1024,",
    '    messages: [{ role: "user", content: "Hello" }],',
    "  });",
    "  console.log(answer.content);",
  ];
}

function pythonSnippet(model: string): readonly string[] {
  return [
    "Python (pip install anthropic)",
    "  from anthropic import Anthropic",
    "  answer = Anthropic().messages.create(",
    `      model=${JSON.stringify(model)}, max_tokens=1024,`,
    '      messages=[{"role": "user", "content": "Hello"}],',
    "  )",
    "  print(answer.content)",
  ];
}

function otherModels({ root }: Site, base: string): readonly string[] {
  if (base === root) return ["`model` is a public model name or `provider/model`."];
  return [
    "`model` is the provider's own id here.",
    `With ANTHROPIC_BASE_URL=${root} it is a public model name or \`provider/model\`, of any provider with \`messages\`.`,
  ];
}
