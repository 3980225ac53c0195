// Anthropic's Messages API and its token count: reads the request, writes the message.

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
import { type Message, messageFrames } from "./messages-stream.ts";
import { badRequest } from "./refusal.ts";
import { jsonResponse, streamResponse } from "./respond.ts";
import { addText, createTalk, type Talk, textOf } from "./texts.ts";
import { enterStep, modelOf, type Turn, usageOf } from "./turn.ts";

export async function answerMessages(turn: Turn, body: JsonObject): Promise<Response> {
  const ask = readMessagesAsk(turn, body);
  if (ask.maxTokens === undefined) throw badRequest("max_tokens: Field required", "max_tokens");
  const stream = optionalBoolean(body, "stream");
  const answer = decide(turn.profile, await enterStep(turn, ask), ask);
  const message = finishedMessage(turn, ask, answer);
  return stream ? streamResponse(turn, messageFrames(message, answer)) : jsonResponse(message);
}

export async function answerCountTokens(turn: Turn, body: JsonObject): Promise<Response> {
  const ask = readMessagesAsk(turn, body);
  await enterStep(turn, ask);
  return jsonResponse({ input_tokens: usageOf(turn, ask.promptBytes, 0).inputTokens });
}

function readMessagesAsk(turn: Turn, body: JsonObject): Ask {
  const model = modelOf(turn, optionalString(body, "model"));
  const talk = createTalk();
  addText(talk, "other", textOf(body["system"], "system"));
  for (const [index, message] of requiredList(body, "messages").entries()) {
    readMessage(talk, message, `messages.${index}`);
  }
  const format = optionalObject(optionalObject(body, "output_config") ?? {}, "format");
  return {
    endpoint: turn.endpoint,
    model,
    lastUserMessage: talk.lastUserMessage,
    newest: talk.newest,
    promptBytes: talk.bytes,
    maxTokens: optionalCount(body, "max_tokens"),
    stop: optionalTexts(body, "stop_sequences"),
    forcedTool: forcedTool(body),
    schema: outputSchema(format ?? optionalObject(body, "output_format")),
  };
}

function readMessage(talk: Talk, message: unknown, param: string): void {
  const role = isObject(message) ? message["role"] : undefined;
  if (!isObject(message) || (role !== "user" && role !== "assistant")) {
    throw badRequest(`${param}: must be an object whose role is user or assistant`, param);
  }
  const content = message["content"];
  if (content === undefined || content === null) throw badRequest(`${param}.content: Field required`, param);
  const results = role === "user" && Array.isArray(content) ? content.filter(isToolResult) : [];
  for (const result of results) addText(talk, "tool", textOf(result["content"], `${param}.content`));
  const text = textOf(content, `${param}.content`);
  // A message that only brings tool results is not what the user said.
  if (results.length === 0 || text !== "") addText(talk, role, text);
}

function isToolResult(part: unknown): part is JsonObject {
  return isObject(part) && part["type"] === "tool_result";
}

function finishedMessage(turn: Turn, ask: Ask, answer: Answer): Message {
  const { inputTokens, outputTokens } = usageOf(turn, ask.promptBytes, answer.bytes);
  return {
    id: `msg_${turn.deps.newId()}`,
    type: "message",
    role: "assistant",
    model: ask.model,
    content: [contentBlock(answer, turn.deps.newId)],
    stop_reason: stopReason(answer),
    stop_sequence: answer.kind === "text" ? (answer.stopText ?? null) : null,
    usage: {
      input_tokens: inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens,
    },
  };
}

function contentBlock(answer: Answer, newId: () => string): JsonObject {
  if (answer.kind === "text") return { type: "text", text: answer.text };
  return {
    type: "tool_use",
    id: `toolu_${newId()}`,
    name: answer.name,
    input: toolInput(answer.argumentsJson),
  };
}

/** The format has no place for arguments that are not an object. */
function toolInput(argumentsJson: string): unknown {
  try {
    const value: unknown = JSON.parse(argumentsJson);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function stopReason(answer: Answer): string {
  if (answer.kind === "tool") return "tool_use";
  if (answer.ending === "length") return "max_tokens";
  return answer.stopText === undefined ? "end_turn" : "stop_sequence";
}
