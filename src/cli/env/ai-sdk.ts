// Set-up of the AI SDK: four provider packages, each with its own rule for the base URL.

import { DIALECTS } from "../../catalog/providers.ts";
import { layOut, nodeAuthority } from "./layout.ts";
import { messagesPath, modelFor, nativePath } from "./paths.ts";
import { KEY_VARIABLE, type Site } from "./site.ts";

/** The packages append the endpoint only: the version belongs to the base URL. */
export function aiSdkSetUp(site: Site): string {
  const messages = messagesPath(site);
  const gemini = nativePath(site, DIALECTS.gemini);
  const text = (value: string): string => JSON.stringify(value);
  return layOut(site, {
    exports: [[KEY_VARIABLE, site.key]],
    notes: [
      `const apiKey = process.env.${KEY_VARIABLE};`,
      "",
      "Any model that offers chat (npm install ai @ai-sdk/openai-compatible)",
      `  const postern = createOpenAICompatible({ name: "postern", baseURL: ${text(site.v1)}, apiKey, includeUsage: true });`,
      `  const { text } = await generateText({ model: postern(${text(modelFor(site, "chat"))}), prompt: "Hello" });`,
      "",
      "Responses, or chat with `openai.chat(…)` (npm install @ai-sdk/openai)",
      `  const openai = createOpenAI({ baseURL: ${text(site.v1)}, apiKey });`,
      `  model: openai(${text(modelFor(site, "responses"))})`,
      "",
      "Messages (npm install @ai-sdk/anthropic)",
      ...messages.missing.map((sentence) => `  ! ${sentence}`),
      `  const anthropic = createAnthropic({ baseURL: ${text(`${messages.base}/v1`)}, apiKey });`,
      `  model: anthropic(${text(messages.model)})`,
      "",
      "Gemini (npm install @ai-sdk/google)",
      ...gemini.missing.map((sentence) => `  ! ${sentence}`),
      `  const google = createGoogleGenerativeAI({ baseURL: ${text(`${gemini.base}/v1beta`)}, apiKey });`,
      `  model: google(${text(gemini.model)})`,
    ],
    lists: "chat",
    authority: nodeAuthority,
    limits: [
      "`openai(…)` calls Responses; a provider that only offers chat needs `openai.chat(…)` or the openai-compatible package.",
      "Without `includeUsage: true` the openai-compatible package shows no usage on streams; the gateway counts it all the same.",
      "ANTHROPIC_BASE_URL means another thing here than to Anthropic's SDK, which appends /v1: give `baseURL` in the code.",
      "`x-should-retry` is not read: 408, 409, 429 and 5xx, 501 included, are tried twice more (`maxRetries`).",
    ],
  });
}
