// Anthropic's SDK, two major versions.

import Anthropic1 from "@anthropic-ai/sdk";
import Anthropic0 from "anthropic0";
import {
  type Conversation,
  need,
  type OpenConversation,
  RETRIES,
  TOOL,
  weatherOf,
  withEnv,
} from "./conversation.ts";

const TOOLS = [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.schema }];

export const anthropic1: OpenConversation = ({ env, baseUrl, key, model }) =>
  converse(
    withEnv(
      env,
      () =>
        new Anthropic1({
          maxRetries: RETRIES,
          ...(env === undefined ? { baseURL: baseUrl, apiKey: key } : {}),
        }),
    ),
    model,
  );

/** The calls used here are the same in both. */
export const anthropic0: OpenConversation = ({ env, baseUrl, key, model }) =>
  converse(
    withEnv(
      env,
      () =>
        new Anthropic0({
          maxRetries: RETRIES,
          ...(env === undefined ? { baseURL: baseUrl, apiKey: key } : {}),
        }) as unknown as Anthropic1,
    ),
    model,
  );

function converse(client: Anthropic1, model: string): Conversation {
  const send = async (
    messages: Anthropic1.MessageParam[],
    streamed: boolean,
  ): Promise<Anthropic1.Message> => {
    const request = { model, max_tokens: 200, messages, tools: TOOLS };
    return streamed
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request);
  };
  return {
    async ask(prompt) {
      const messages = [{ role: "user" as const, content: prompt }];
      return textOf(await client.messages.create({ model, max_tokens: 200, messages }));
    },
    async *stream(prompt, signal) {
      const messages = [{ role: "user" as const, content: prompt }];
      const request = { model, max_tokens: 200, messages, stream: true as const };
      for await (const event of await client.messages.create(request, { signal })) {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
      }
    },
    async useTool(prompt, streamed) {
      const question = { role: "user" as const, content: prompt };
      const { content } = await send([question], streamed);
      const call = need(
        content.find((block): block is Anthropic1.ToolUseBlock => block.type === "tool_use"),
        "call",
      );
      const result = { type: "tool_result" as const, tool_use_id: call.id, content: weatherOf(call.input) };
      const messages = [
        question,
        { role: "assistant" as const, content },
        { role: "user" as const, content: [result] },
      ];
      return textOf(await send(messages, streamed));
    },
  };
}

function textOf({ content }: Anthropic1.Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
