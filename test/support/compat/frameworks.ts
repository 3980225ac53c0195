// LangChain and LlamaIndex with their packages for OpenAI.

import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { tool as llamaTool } from "@llamaindex/core/tools";
import { openai as llamaOpenai } from "@llamaindex/openai";
import { need, type OpenConversation, RETRIES, type Reach, TOOL, weatherOf } from "./conversation.ts";

export const langchainChat: OpenConversation = (reach) => langchain(reach, false);
export const langchainResponses: OpenConversation = (reach) => langchain(reach, true);

function langchain({ baseUrl, key, model }: Reach, useResponsesApi: boolean): ReturnType<OpenConversation> {
  const chat = new ChatOpenAI({
    model,
    apiKey: key,
    maxRetries: RETRIES,
    useResponsesApi,
    configuration: { baseURL: baseUrl },
  });
  const tools = [
    {
      type: "function" as const,
      function: { name: TOOL.name, description: TOOL.description, parameters: TOOL.schema },
    },
  ];
  const bound = chat.bindTools(tools);
  const send = async (messages: Parameters<typeof bound.invoke>[0], streamed: boolean) => {
    if (!streamed) return await bound.invoke(messages);
    const chunks = await Array.fromAsync(await bound.stream(messages));
    return need(
      chunks.slice(1).reduce((whole, chunk) => whole.concat(chunk), need(chunks[0], "chunk")),
      "answer",
    );
  };
  return {
    ask: async (prompt) => (await chat.invoke(prompt)).text,
    async *stream(prompt, signal) {
      for await (const { text } of await chat.stream(prompt, { signal })) if (text !== "") yield text;
    },
    async useTool(prompt, streamed) {
      const question = new HumanMessage(prompt);
      const asked = await send([question], streamed);
      const call = need(asked.tool_calls?.[0], "call");
      const result = new ToolMessage({
        content: weatherOf(call.args),
        tool_call_id: need(call.id, "call's id"),
      });
      return (await send([question, asked, result], streamed)).text;
    },
  };
}

/** Its tool loop is the agent's of another package; here the model's own calls are put together by hand. */
export const llamaindex: OpenConversation = ({ baseUrl, key, model }) => {
  const llm = llamaOpenai({ model, apiKey: key, baseURL: baseUrl, maxRetries: RETRIES });
  const tools = [
    llamaTool({
      name: TOOL.name,
      description: TOOL.description,
      parameters: TOOL.schema,
      execute: (input: { city: string }) => weatherOf(input),
    } as never),
  ];
  return {
    async ask(prompt) {
      const { message } = await llm.chat({ messages: [{ role: "user", content: prompt }] });
      return String(message.content);
    },
    async *stream(prompt) {
      // It takes no signal: to stop reading is its way of giving up.
      for await (const { delta } of await llm.chat({
        messages: [{ role: "user", content: prompt }],
        stream: true,
      }))
        if (delta !== "") yield delta;
    },
    async useTool(prompt, streamed) {
      const question = { role: "user" as const, content: prompt };
      const { call, message } = streamed ? await streamedCall(question) : await wholeCall(question);
      const result = { id: call.id, result: weatherOf(call.input), isError: false };
      const reply = { role: "user" as const, content: result.result, options: { toolResult: result } };
      const messages = [question, message, reply] as never;
      if (!streamed) return String((await llm.chat({ messages, tools })).message.content);
      const deltas = await Array.fromAsync(await llm.chat({ messages, tools, stream: true }));
      return deltas.map(({ delta }) => delta).join("");
    },
  };

  async function wholeCall(question: { role: "user"; content: string }) {
    const { message } = await llm.chat({ messages: [question], tools });
    const { toolCall } = (message.options ?? {}) as { toolCall?: readonly { id: string; input: unknown }[] };
    return { call: need(toolCall?.[0], "call"), message };
  }

  async function streamedCall(question: { role: "user"; content: string }) {
    let toolCall: readonly { id: string; input: unknown }[] | undefined;
    for await (const { options } of await llm.chat({ messages: [question], tools, stream: true }))
      toolCall = (options as { toolCall?: typeof toolCall } | undefined)?.toolCall ?? toolCall;
    const message = { role: "assistant" as const, content: "", options: { toolCall } };
    return { call: need(toolCall?.[0], "call"), message };
  }
};
