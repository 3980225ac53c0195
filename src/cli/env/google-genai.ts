// Set-up of the Google Gen AI SDKs for Node and Python.

import { DIALECTS } from "../../catalog/providers.ts";
import { layOut, nodeAuthority } from "./layout.ts";
import { nativePath } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

/** The SDKs append version and model to the base URL: `/v1/models/…` or `/v1beta/models/…`. */
export function googleGenaiSetUp(site: Site): string {
  const { base, model, missing } = nativePath(site, DIALECTS.gemini);
  const vertex = nativePath(site, DIALECTS.vertex);
  const viaVertex = [
    "",
    "Vertex AI: `new GoogleGenAI({ vertexai: true, apiKey })` or `genai.Client(vertexai=True, …)` with",
    `  export GOOGLE_VERTEX_BASE_URL=${shellWord(vertex.base)}`,
  ];
  return layOut(site, {
    exports: [
      ["GOOGLE_GEMINI_BASE_URL", shellWord(base)],
      ["GEMINI_API_KEY", site.key],
    ],
    unset: ["GOOGLE_API_KEY"],
    missing,
    notes: [
      "Node (npm install @google/genai)",
      '  import { GoogleGenAI } from "@google/genai";',
      "  const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });",
      `  const answer = await client.models.generateContent({ model: ${JSON.stringify(model)}, contents: "Hello" });`,
      "  console.log(answer.text);",
      "",
      "Python (pip install google-genai)",
      "  from google import genai",
      `  answer = genai.Client().models.generate_content(model=${JSON.stringify(model)}, contents="Hello")`,
      "  print(answer.text)",
      ...(vertex.missing.length === 0 ? viaVertex : []),
    ],
    authority: (certificate) => `${nodeAuthority(certificate)}   # Python: SSL_CERT_FILE`,
    limits: [
      "Served, under v1 and v1beta: generateContent, streamGenerateContent, countTokens, embedContent, batchEmbedContents, models. Files, caches, live sessions and interactions answer 501.",
      "`model` is the provider's own id. The native path is the only one: /v1 of the gateway speaks other formats.",
      "Calls are not tried again unless `httpOptions.retryOptions` says so.",
    ],
  });
}
