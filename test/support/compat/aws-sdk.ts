// The AWS SDK's client for Bedrock's runtime: Converse, whole and as a binary event stream.

import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  type Message,
  type ToolUseBlock,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { need, type OpenConversation, RETRIES, TOOL, weatherOf, withEnv } from "./conversation.ts";

const TOOLS: ConverseCommandInput["toolConfig"] = {
  tools: [
    { toolSpec: { name: TOOL.name, description: TOOL.description, inputSchema: { json: TOOL.schema } } },
  ],
};

export const awsSdk: OpenConversation = ({ env, baseUrl, key, model: modelId }) => {
  const options =
    env === undefined
      ? {
          endpoint: baseUrl,
          region: "us-east-1",
          token: { token: key },
          authSchemePreference: ["httpBearerAuth"],
        }
      : {};
  // Its counting begins with the first attempt.
  const open = () =>
    new BedrockRuntimeClient({ requestHandler: new NodeHttpHandler(), maxAttempts: RETRIES + 1, ...options });
  const client = withEnv(env, open);
  const question = (text: string): Message => ({ role: "user", content: [{ text }] });
  const send = async (messages: Message[], streamed: boolean): Promise<Message> => {
    const request = { modelId, messages, toolConfig: TOOLS };
    if (!streamed) return need((await client.send(new ConverseCommand(request))).output?.message, "message");
    return await together(need((await client.send(new ConverseStreamCommand(request))).stream, "stream"));
  };
  return {
    ask: async (prompt) =>
      textOf(
        (await client.send(new ConverseCommand({ modelId, messages: [question(prompt)] }))).output?.message,
      ),
    async *stream(prompt, signal) {
      const command = new ConverseStreamCommand({ modelId, messages: [question(prompt)] });
      const { stream } = await client.send(command, { abortSignal: signal });
      for await (const event of need(stream, "stream")) {
        const text = event.contentBlockDelta?.delta?.text;
        if (text) yield text;
      }
    },
    async useTool(prompt, streamed) {
      const asked = await send([question(prompt)], streamed);
      const call = need(asked.content?.find(({ toolUse }) => toolUse !== undefined)?.toolUse, "call");
      const content = [{ text: weatherOf(call.input) }];
      const result: Message = {
        role: "user",
        content: [{ toolResult: { toolUseId: call.toolUseId, content } }],
      };
      return textOf(await send([question(prompt), asked, result], streamed));
    },
  };
};

function textOf(message: Message | undefined): string {
  return (message?.content ?? []).map(({ text }) => text ?? "").join("");
}

async function together(stream: AsyncIterable<ConverseStreamOutput>): Promise<Message> {
  let text = "";
  let call: { start: Partial<ToolUseBlock>; json: string } | undefined;
  for await (const { contentBlockStart, contentBlockDelta } of stream) {
    const start = contentBlockStart?.start?.toolUse;
    if (start !== undefined) call = { start, json: "" };
    text += contentBlockDelta?.delta?.text ?? "";
    if (call !== undefined) call.json += contentBlockDelta?.delta?.toolUse?.input ?? "";
  }
  if (call === undefined) return { role: "assistant", content: [{ text }] };
  const { toolUseId, name } = call.start;
  return { role: "assistant", content: [{ toolUse: { toolUseId, name, input: JSON.parse(call.json) } }] };
}
