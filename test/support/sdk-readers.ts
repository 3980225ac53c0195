// Official SDKs that read the answer to a chat stream request: from a gateway, or given bytes without a network.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import type { Reading } from "./wire-samples/sample.ts";

/** Asks for a stream and reads it; an error that the SDK raises is the reading's `error`. */
export type SdkReader = (fetch: typeof globalThis.fetch) => Promise<Reading>;

const REQUEST = {
  model: "m",
  messages: [{ role: "user" as const, content: "hi" }],
  stream_options: { include_usage: true },
};

/** Answers any call with these bytes, cut as a network would cut them. */
export function answering(bytes: Uint8Array, chunkBytes = 7): typeof fetch {
  const answer = async () => {
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at + chunkBytes));
        at += chunkBytes;
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  return Object.assign(answer, { preconnect: () => {} }) as typeof fetch;
}

function gather(): { parts: Parts; reading: (error?: unknown) => Reading } {
  const parts: Parts = { text: "", reasoning: "", finish: undefined, usage: undefined, tools: [] };
  const reading = (error?: unknown) => ({
    text: parts.text,
    ...(parts.finish === undefined ? {} : { finish: parts.finish }),
    ...(parts.reasoning === "" ? {} : { reasoning: parts.reasoning }),
    ...(parts.usage === undefined ? {} : { usage: parts.usage }),
    ...(parts.tools.length === 0 ? {} : { tools: parts.tools.map(({ name, json }) => `${name}(${json})`) }),
    ...(error === undefined ? {} : { error: messageOf(error) }),
  });
  return { parts, reading };
}

interface Parts {
  text: string;
  reasoning: string;
  finish: string | undefined;
  usage: readonly [number, number] | undefined;
  readonly tools: { name: string; json: string }[];
}

/** Servers' own members: one of them is enough. */
function thoughtOf(delta: object): string {
  const { reasoning, reasoning_content } = delta as { reasoning?: string; reasoning_content?: string };
  return reasoning_content ?? reasoning ?? "";
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string"
    ? error
    : String((error as { message?: unknown }).message ?? JSON.stringify(error));
}

function iterating(create: (fetch: typeof globalThis.fetch) => OpenAI7): SdkReader {
  return async (fetch) => {
    const { parts, reading } = gather();
    try {
      const stream = await create(fetch).chat.completions.create({ ...REQUEST, stream: true });
      for await (const chunk of stream) {
        if (chunk.usage) parts.usage = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
        for (const { delta, finish_reason } of chunk.choices) {
          parts.text += delta.content ?? "";
          parts.reasoning += thoughtOf(delta);
          parts.finish = finish_reason ?? parts.finish;
          for (const call of delta.tool_calls ?? []) {
            parts.tools[call.index] ??= { name: call.function?.name ?? "", json: "" };
            (parts.tools[call.index] as { json: string }).json += call.function?.arguments ?? "";
          }
        }
      }
      return reading();
    } catch (error) {
      return reading(error);
    }
  };
}

const accumulating: SdkReader = async (fetch) => {
  const { parts, reading } = gather();
  const stream = client7(fetch).chat.completions.stream(REQUEST);
  stream.on("content", (delta) => {
    parts.text += delta;
  });
  // Members it does not know are not put together by the helper.
  stream.on("chunk", (chunk) => {
    for (const { delta } of chunk.choices) parts.reasoning += thoughtOf(delta);
  });
  try {
    const completion = await stream.finalChatCompletion();
    const [choice] = completion.choices;
    parts.finish = choice?.finish_reason;
    if (completion.usage) parts.usage = [completion.usage.prompt_tokens, completion.usage.completion_tokens];
    for (const call of choice?.message.tool_calls ?? [])
      if (call.type === "function")
        parts.tools.push({ name: call.function.name, json: call.function.arguments });
    return reading();
  } catch (error) {
    return reading(error);
  }
};

const aiSdk: SdkReader = async (fetch) => {
  const { parts, reading } = gather();
  const provider = createOpenAICompatible({
    name: "p",
    baseURL: "http://x.test/v1",
    includeUsage: true,
    fetch,
  });
  const result = streamText({ model: provider("m"), prompt: "hi", maxRetries: 0, onError: () => {} });
  let failure: unknown;
  for await (const part of result.fullStream) {
    if (part.type === "text-delta") parts.text += part.text;
    else if (part.type === "reasoning-delta") parts.reasoning += part.text;
    else if (part.type === "tool-call")
      parts.tools.push({ name: part.toolName, json: JSON.stringify(part.input) });
    else if (part.type === "error") failure = part.error;
    else if (part.type === "finish-step") {
      parts.finish = part.rawFinishReason;
      const { inputTokens, outputTokens } = part.usage;
      if (inputTokens !== undefined && outputTokens !== undefined) parts.usage = [inputTokens, outputTokens];
    }
  }
  return reading(failure);
};

const client7 = (fetch: typeof globalThis.fetch) =>
  new OpenAI7({ apiKey: "k", baseURL: "http://x.test/v1", maxRetries: 0, logLevel: "off", fetch });

export const SDK_READERS: Readonly<Record<string, SdkReader>> = {
  "openai 7": iterating(client7),
  "openai 7 .stream()": accumulating,
  "openai 6": iterating(
    (fetch) =>
      new OpenAI6({
        apiKey: "k",
        baseURL: "http://x.test/v1",
        maxRetries: 0,
        logLevel: "off",
        fetch,
      }) as unknown as OpenAI7,
  ),
  "AI SDK openai-compatible": aiSdk,
};
