// Google's Gen AI SDK, for the Gemini API and for Vertex AI.

import {
  type Content,
  type GenerateContentResponse,
  GoogleGenAI,
  type GoogleGenAIOptions,
} from "@google/genai";
import { type Conversation, need, type OpenConversation, TOOL, weatherOf, withEnv } from "./conversation.ts";

const TOOLS = [
  {
    functionDeclarations: [
      { name: TOOL.name, description: TOOL.description, parametersJsonSchema: TOOL.schema },
    ],
  },
];

/** It reads the base URL from its variable and is given the key, as its set-up says. */
export const genaiGemini: OpenConversation = (reach) => open(reach, {});

/** The version before the SDK's own default. */
export const genaiGeminiBeta: OpenConversation = (reach) => open(reach, { apiVersion: "v1beta" });

export const genaiVertex: OpenConversation = (reach) => open(reach, { vertexai: true });

function open(
  { env, baseUrl, key, model }: Parameters<OpenConversation>[0],
  more: GoogleGenAIOptions,
): Conversation {
  const options = env === undefined ? { httpOptions: { baseUrl } } : {};
  return converse(
    withEnv(env, () => new GoogleGenAI({ apiKey: key, ...options, ...more })),
    model,
  );
}

function converse(client: GoogleGenAI, model: string): Conversation {
  const send = async (contents: Content[], streamed: boolean): Promise<GenerateContentResponse[]> => {
    const request = { model, contents, config: { tools: TOOLS } };
    if (!streamed) return [await client.models.generateContent(request)];
    return await Array.fromAsync(await client.models.generateContentStream(request));
  };
  return {
    ask: async (prompt) =>
      need((await client.models.generateContent({ model, contents: prompt })).text, "text"),
    async *stream(prompt, signal) {
      const request = { model, contents: prompt, config: { abortSignal: signal } };
      for await (const { text } of await client.models.generateContentStream(request)) if (text) yield text;
    },
    async useTool(prompt, streamed) {
      const question = { role: "user", parts: [{ text: prompt }] };
      const asked = await send([question], streamed);
      const call = need(asked.flatMap(({ functionCalls }) => functionCalls ?? [])[0], "call");
      const response = { output: weatherOf(call.args) };
      const result = {
        functionResponse: { name: TOOL.name, response, ...(call.id === undefined ? {} : { id: call.id }) },
      };
      const turns = [
        question,
        { role: "model", parts: [{ functionCall: call }] },
        { role: "user", parts: [result] },
      ];
      return (await send(turns, streamed)).map(({ text }) => text ?? "").join("");
    },
  };
}
