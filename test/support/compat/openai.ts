// OpenAI's SDK, two major versions, over chat completions and over Responses.

import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import {
  type Conversation,
  need,
  type OpenConversation,
  RETRIES,
  type Reach,
  TOOL,
  weatherOf,
  withEnv,
} from "./conversation.ts";

type Message = OpenAI7.ChatCompletionMessageParam;
type Item = OpenAI7.Responses.ResponseInputItem;
type Call = OpenAI7.Responses.ResponseFunctionToolCall;

const CHAT_TOOLS = [
  {
    type: "function" as const,
    function: { name: TOOL.name, description: TOOL.description, parameters: TOOL.schema },
  },
];
const RESPONSES_TOOLS = [
  {
    type: "function" as const,
    name: TOOL.name,
    description: TOOL.description,
    parameters: TOOL.schema,
    strict: false,
  },
];

type OpenClient = (reach: Reach) => OpenAI7;

const open7: OpenClient = ({ env, baseUrl, key }) =>
  withEnv(
    env,
    () =>
      new OpenAI7({ maxRetries: RETRIES, ...(env === undefined ? { baseURL: baseUrl, apiKey: key } : {}) }),
  );

/** The calls used here are the same in both. */
const open6: OpenClient = ({ env, baseUrl, key }) =>
  withEnv(
    env,
    () =>
      new OpenAI6({
        maxRetries: RETRIES,
        ...(env === undefined ? { baseURL: baseUrl, apiKey: key } : {}),
      }) as unknown as OpenAI7,
  );

export const openai7Chat: OpenConversation = (reach) => chat(open7(reach), reach.model);
export const openai7Responses: OpenConversation = (reach) => responses(open7(reach), reach.model);
export const openai6Chat: OpenConversation = (reach) => chat(open6(reach), reach.model);
export const openai6Responses: OpenConversation = (reach) => responses(open6(reach), reach.model);

function chat(client: OpenAI7, model: string): Conversation {
  const complete = async (messages: Message[], streamed: boolean): Promise<OpenAI7.ChatCompletionMessage> => {
    const request = { model, messages, tools: CHAT_TOOLS };
    const answer = streamed
      ? await client.chat.completions.stream(request).finalChatCompletion()
      : await client.chat.completions.create(request);
    return need(answer.choices[0], "choice").message;
  };
  return {
    async ask(prompt) {
      const answer = await client.chat.completions.create({ model, messages: [user(prompt)] });
      return need(answer.choices[0]?.message.content, "content");
    },
    async *stream(prompt, signal) {
      const request = { model, messages: [user(prompt)], stream: true as const };
      for await (const chunk of await client.chat.completions.create(request, { signal })) {
        const text = chunk.choices[0]?.delta.content;
        if (text) yield text;
      }
    },
    async useTool(prompt, streamed) {
      const asked = await complete([user(prompt)], streamed);
      const call = need(asked.tool_calls?.[0], "tool call");
      if (call.type !== "function") throw new Error("not a function call");
      const content = weatherOf(call.function.arguments);
      const result: Message = { role: "tool", tool_call_id: call.id, content };
      return need((await complete([user(prompt), asked, result], streamed)).content, "content");
    },
  };
}

function responses(client: OpenAI7, model: string): Conversation {
  const respond = async (input: Item[], streamed: boolean): Promise<OpenAI7.Responses.Response> => {
    const request = { model, input, tools: RESPONSES_TOOLS };
    return streamed
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);
  };
  return {
    ask: async (prompt) => (await client.responses.create({ model, input: prompt })).output_text,
    async *stream(prompt, signal) {
      for await (const event of await client.responses.create(
        { model, input: prompt, stream: true },
        { signal },
      )) {
        if (event.type === "response.output_text.delta") yield event.delta;
        if (event.type === "response.failed") throw new Error(event.response.error?.message ?? "failed");
      }
    },
    async useTool(prompt, streamed) {
      const asked = await respond([user(prompt)], streamed);
      const call = need(
        asked.output.find((item): item is Call => item.type === "function_call"),
        "call",
      );
      const output = weatherOf(call.arguments);
      const result: Item = { type: "function_call_output", call_id: call.call_id, output };
      return (await respond([user(prompt), call, result], streamed)).output_text;
    },
  };
}

function user(content: string) {
  return { role: "user" as const, content };
}
