// Vercel's AI SDK with four of its provider packages.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, type LanguageModel, stepCountIs, streamText, tool } from "ai";
import { type Conversation, type OpenConversation, RETRIES, TOOL, weatherOf } from "./conversation.ts";

const TOOLS = {
  [TOOL.name]: tool({
    description: TOOL.description,
    inputSchema: jsonSchema<{ city: string }>(TOOL.schema),
    execute: async (input) => weatherOf(input),
  }),
};

/** It calls the tool itself and goes on. */
const LOOP = { tools: TOOLS, stopWhen: stepCountIs(3) };

export const aiOpenaiResponses: OpenConversation = ({ baseUrl, key, model }) =>
  converse(createOpenAI({ baseURL: baseUrl, apiKey: key })(model));

export const aiOpenaiChat: OpenConversation = ({ baseUrl, key, model }) =>
  converse(createOpenAI({ baseURL: baseUrl, apiKey: key }).chat(model));

export const aiCompatible: OpenConversation = ({ baseUrl, key, model }) =>
  converse(
    createOpenAICompatible({ name: "postern", baseURL: baseUrl, apiKey: key, includeUsage: true })(model),
  );

export const aiAnthropic: OpenConversation = ({ baseUrl, key, model }) =>
  converse(createAnthropic({ baseURL: baseUrl, apiKey: key })(model));

export const aiGoogle: OpenConversation = ({ baseUrl, key, model }) =>
  converse(createGoogleGenerativeAI({ baseURL: baseUrl, apiKey: key })(model));

function converse(model: LanguageModel): Conversation {
  const streaming = (prompt: string, more: { abortSignal?: AbortSignal } & Partial<typeof LOOP>) => {
    const errors: unknown[] = [];
    const onError = ({ error }: { error: unknown }) => void errors.push(error);
    return { result: streamText({ model, prompt, maxRetries: RETRIES, ...more, onError }), errors };
  };
  return {
    ask: async (prompt) => (await generateText({ model, prompt, maxRetries: RETRIES })).text,
    async *stream(prompt, signal) {
      const { result, errors } = streaming(prompt, { abortSignal: signal });
      yield* result.textStream;
      if (errors.length > 0) throw errors[0];
    },
    async useTool(prompt, streamed) {
      if (!streamed) return (await generateText({ model, prompt, maxRetries: RETRIES, ...LOOP })).text;
      const { result, errors } = streaming(prompt, LOOP);
      const text = await result.text;
      if (errors.length > 0) throw errors[0];
      return text;
    },
  };
}
