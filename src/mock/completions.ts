// Completions, the older text endpoint: one choice per prompt and `n`, as JSON or as a stream.

import { decideText, type TextAnswer } from "./answer.ts";
import type { Ask } from "./ask.ts";
import {
  type JsonObject,
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalString,
  optionalTexts,
} from "./body.ts";
import { type InputText, readInputs } from "./inputs.ts";
import { type OpenaiUsage, openaiUsage } from "./openai-usage.ts";
import { badRequest } from "./refusal.ts";
import { jsonResponse, streamResponse } from "./respond.ts";
import { DONE, dataFrame, type Frame } from "./sse.ts";
import { utf8Bytes, words } from "./tokens.ts";
import { createdAt, enterStep, modelOf, type Turn, usageOf } from "./turn.ts";

const MAX_CHOICES = 128;

export async function answerCompletions(turn: Turn, body: JsonObject): Promise<Response> {
  const prompts = readInputs(body, "prompt");
  const n = optionalCount(body, "n", MAX_CHOICES) ?? 1;
  if (prompts.length * n > MAX_CHOICES) {
    throw badRequest(`At most ${MAX_CHOICES} choices can be asked for, prompts times \`n\`.`, "n");
  }
  const ask = readCompletions(turn, body, prompts);
  const stream = optionalBoolean(body, "stream");
  const includeUsage = optionalBoolean(optionalObject(body, "stream_options") ?? {}, "include_usage");
  const step = await enterStep(turn, ask);
  const answers = prompts.flatMap((prompt) => {
    const answer = decideText(turn.profile, step, { ...ask, lastUserMessage: prompt.text });
    return new Array<TextAnswer>(n).fill(answer);
  });
  const replyBytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
  const usage = openaiUsage(usageOf(turn, ask.promptBytes, replyBytes));
  const stamp = {
    id: `cmpl-${turn.deps.newId()}`,
    object: "text_completion",
    created: createdAt(turn),
    model: ask.model,
  };
  if (stream) return streamResponse(turn, completionFrames(stamp, answers, includeUsage ? usage : undefined));

  const choices = answers.map((answer, index) => textChoice(index, answer.text, answer.ending));
  return jsonResponse({ ...stamp, choices, usage });
}

function readCompletions(turn: Turn, body: JsonObject, prompts: readonly InputText[]): Ask {
  const said = prompts.map((prompt) => prompt.text).join("\n");
  return {
    endpoint: turn.endpoint,
    model: modelOf(turn, optionalString(body, "model")),
    lastUserMessage: said,
    newest: said,
    promptBytes: prompts.reduce((sum, prompt) => sum + prompt.bytes, 0),
    maxTokens: optionalCount(body, "max_tokens"),
    stop: optionalTexts(body, "stop"),
    forcedTool: undefined,
    schema: undefined,
  };
}

function* completionFrames(
  stamp: JsonObject,
  answers: readonly TextAnswer[],
  usage: OpenaiUsage | undefined,
): Generator<Frame> {
  for (const [index, answer] of answers.entries()) {
    for (const word of words(answer.text)) {
      yield dataFrame(
        JSON.stringify({ ...stamp, choices: [textChoice(index, word, null)] }),
        utf8Bytes(word),
      );
    }
    yield dataFrame(JSON.stringify({ ...stamp, choices: [textChoice(index, "", answer.ending)] }));
  }
  if (usage) yield dataFrame(JSON.stringify({ ...stamp, choices: [], usage }));
  yield DONE;
}

function textChoice(index: number, text: string, finishReason: string | null): JsonObject {
  return { index, text, logprobs: null, finish_reason: finishReason };
}
