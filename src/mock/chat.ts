// Chat completions: reads the request, writes the JSON answer.

import { type Answer, decide } from "./answer.ts";
import { type Ask, forcedTool, outputSchema } from "./ask.ts";
import {
  isObject,
  type JsonObject,
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalString,
  optionalTexts,
  requiredList,
} from "./body.ts";
import { type ChatStamp, chatFrames } from "./chat-stream.ts";
import { openaiUsage } from "./openai-usage.ts";
import { badRequest } from "./refusal.ts";
import { jsonResponse, streamResponse } from "./respond.ts";
import { addText, createTalk, speakerOf, type Talk, textOf } from "./texts.ts";
import { createdAt, enterStep, modelOf, type Turn, usageOf } from "./turn.ts";

const MAX_CHOICES = 8;

export async function answerChat(turn: Turn, body: JsonObject): Promise<Response> {
  const ask = readChat(turn, body);
  const stream = optionalBoolean(body, "stream");
  const includeUsage = optionalBoolean(optionalObject(body, "stream_options") ?? {}, "include_usage");
  const n = optionalCount(body, "n", MAX_CHOICES) ?? 1;
  const answer = decide(turn.profile, await enterStep(turn, ask), ask);
  const usage = openaiUsage(usageOf(turn, ask.promptBytes, n * answer.bytes));
  const stamp: ChatStamp = {
    id: `chatcmpl-${turn.deps.newId()}`,
    created: createdAt(turn),
    model: ask.model,
    newId: turn.deps.newId,
  };
  if (stream) return streamResponse(turn, chatFrames(stamp, answer, n, includeUsage ? usage : undefined));

  const choices = Array.from({ length: n }, (_, index) => chatChoice(stamp, answer, index));
  const { id, created, model } = stamp;
  return jsonResponse({ id, object: "chat.completion", created, model, choices, usage });
}

function readChat(turn: Turn, body: JsonObject): Ask {
  const model = modelOf(turn, optionalString(body, "model"));
  const talk = readMessages(requiredList(body, "messages"));
  const most = optionalCount(body, "max_completion_tokens");
  return {
    endpoint: turn.endpoint,
    model,
    lastUserMessage: talk.lastUserMessage,
    newest: talk.newest,
    promptBytes: talk.bytes,
    maxTokens: optionalCount(body, "max_tokens") ?? most,
    stop: optionalTexts(body, "stop"),
    forcedTool: forcedTool(body),
    schema: outputSchema(optionalObject(body, "response_format")),
  };
}

function readMessages(messages: readonly unknown[]): Talk {
  const talk = createTalk();
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index];
    const role = isObject(message) ? message["role"] : undefined;
    if (!isObject(message) || typeof role !== "string") {
      throw badRequest("Each message must be an object with a `role`.", `messages[${index}]`);
    }
    const content = message["content"];
    const text = typeof content === "string" ? content : textOf(content, `messages[${index}].content`);
    addText(talk, speakerOf(role), text);
  }
  return talk;
}

function chatChoice(stamp: ChatStamp, answer: Answer, index: number): JsonObject {
  if (answer.kind === "text") {
    const message = { role: "assistant", content: answer.text, refusal: null };
    return { index, message, logprobs: null, finish_reason: answer.ending };
  }
  const call = {
    id: `call_${stamp.newId()}`,
    type: "function",
    function: { name: answer.name, arguments: answer.argumentsJson },
  };
  const message = { role: "assistant", content: null, refusal: null, tool_calls: [call] };
  return { index, message, logprobs: null, finish_reason: "tool_calls" };
}
