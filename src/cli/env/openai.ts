// Set-up of the OpenAI SDKs for Node and Python.

import { layOut, nodeAuthority } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

/** Shell lines that set both variables; snippets and limits as comments, so that the whole can be evaluated. */
export function openaiSetUp(site: Site): string {
  return layOut(site, {
    exports: [
      ["OPENAI_BASE_URL", shellWord(site.v1)],
      ["OPENAI_API_KEY", site.key],
    ],
    missing: missingEndpoint(site, "chat"),
    notes: [...nodeSnippet(site), "", ...pythonSnippet(site)],
    lists: "chat",
    authority: (certificate) => `${nodeAuthority(certificate)}   # Python: SSL_CERT_FILE`,
    limits: [
      "Served: chat completions, completions, embeddings, Responses, models. Files, images, audio, batches and the other endpoints answer 404.",
      "The Responses WebSocket answers 426; the SDK's ordinary calls go over HTTP.",
      "`model` is a public model name or `provider/model`; `client.models.list()` shows what the key may use.",
      "The SDKs do not start without a key: use a virtual key, also where callers without one are let in.",
      "They try 408, 409, 429 and 5xx twice more (`maxRetries`, `max_retries`), unless the answer forbids it.",
    ],
  });
}

function nodeSnippet(site: Site): readonly string[] {
  const { socket } = site;
  const viaSocket = `new OpenAI({ fetchOptions: { dispatcher: new Agent({ connect: { socketPath: ${JSON.stringify(socket)} } }) } })`;
  return [
    socket === undefined ? "Node (npm install openai)" : "Node (npm install openai undici)",
    '  import OpenAI from "openai";',
    ...(socket === undefined ? [] : ['  import { Agent } from "undici";']),
    `  const client = ${socket === undefined ? "new OpenAI()" : viaSocket};`,
    "  const answer = await client.chat.completions.create({",
    `    model: ${JSON.stringify(modelFor(site, "chat"))},`,
    '    messages: [{ role: "user", content: "Hello" }],',
    "  });",
    "  console.log(answer.choices[0].message.content);",
  ];
}

function pythonSnippet(site: Site): readonly string[] {
  const { socket } = site;
  const viaSocket = `OpenAI(http_client=httpx2.Client(transport=httpx2.HTTPTransport(uds=${JSON.stringify(socket)})))`;
  return [
    "Python (pip install openai)",
    ...(socket === undefined ? [] : ["  import httpx2  # before openai 3: httpx"]),
    "  from openai import OpenAI",
    `  client = ${socket === undefined ? "OpenAI()" : viaSocket}`,
    "  answer = client.chat.completions.create(",
    `      model=${JSON.stringify(modelFor(site, "chat"))},`,
    '      messages=[{"role": "user", "content": "Hello"}],',
    "  )",
    "  print(answer.choices[0].message.content)",
  ];
}
