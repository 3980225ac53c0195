// The Responses API: reads the request, writes the response object.

import { type Answer, decide } from "./answer.ts";
import { type Ask, forcedTool, outputSchema } from "./ask.ts";
import {
  isObject,
  type JsonObject,
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalString,
  requiredList,
} from "./body.ts";
import { badRequest } from "./refusal.ts";
import { jsonResponse, streamResponse } from "./respond.ts";
import { finishItem, startItem } from "./responses-item.ts";
import { type ResponseParts, responseFrames } from "./responses-stream.ts";
import { addText, createTalk, speakerOf, type Talk, textOf } from "./texts.ts";
import { createdAt, enterStep, modelOf, type Turn, usageOf } from "./turn.ts";

/** Fields that every response object has, at the values of a request that sets none of them. */
const UNSET = {
  background: false,
  error: null,
  frequency_penalty: 0,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  presence_penalty: 0,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  temperature: 1,
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  user: null,
} as const;

export async function answerResponses(turn: Turn, body: JsonObject): Promise<Response> {
  const ask = readResponses(turn, body);
  const stream = optionalBoolean(body, "stream");
  const answer = decide(turn.profile, await enterStep(turn, ask), ask);
  const parts = responseParts(turn, body, ask, answer);
  return stream ? streamResponse(turn, responseFrames(parts, answer)) : jsonResponse(parts.finished);
}

function readResponses(turn: Turn, body: JsonObject): Ask {
  const model = modelOf(turn, optionalString(body, "model"));
  const talk = createTalk();
  addText(talk, "other", optionalString(body, "instructions") ?? "");
  readInput(talk, body);
  const textOptions = optionalObject(body, "text") ?? {};
  return {
    endpoint: turn.endpoint,
    model,
    lastUserMessage: talk.lastUserMessage,
    newest: talk.newest,
    promptBytes: talk.bytes,
    maxTokens: optionalCount(body, "max_output_tokens"),
    stop: [],
    forcedTool: forcedTool(body),
    schema: outputSchema(optionalObject(textOptions, "format")),
  };
}

function readInput(talk: Talk, body: JsonObject): void {
  const input = body["input"];
  if (typeof input === "string") {
    addText(talk, "user", input);
    return;
  }
  for (const [index, item] of requiredList(body, "input").entries()) {
    if (!isObject(item)) throw badRequest("Each item of `input` must be an object.", `input[${index}]`);
    if (typeof item["role"] === "string") {
      addText(talk, speakerOf(item["role"]), textOf(item["content"], `input[${index}].content`));
    } else if (item["type"] === "function_call") {
      addText(talk, "assistant", "");
    } else if (item["type"] === "function_call_output") {
      addText(talk, "tool", textOf(item["output"], `input[${index}].output`));
    }
  }
}

/** The response object as it begins and as it ends, and its one output item likewise. */
function responseParts(turn: Turn, body: JsonObject, ask: Ask, answer: Answer): ResponseParts {
  const incomplete = answer.kind === "text" && answer.ending === "length";
  const status = incomplete ? "incomplete" : "completed";
  const created = createdAt(turn);
  const base = {
    id: `resp_${turn.deps.newId()}`,
    object: "response",
    created_at: created,
    ...UNSET,
    instructions: optionalString(body, "instructions") ?? null,
    max_output_tokens: ask.maxTokens ?? null,
    model: ask.model,
    store: body["store"] !== false,
    text: { format: { type: "text" } },
  };
  const startedItem = startItem(answer, turn.deps.newId);
  const item = finishItem(startedItem, answer, status);
  const { inputTokens, outputTokens } = usageOf(turn, ask.promptBytes, answer.bytes);
  return {
    started: {
      ...base,
      status: "in_progress",
      completed_at: null,
      incomplete_details: null,
      output: [],
      usage: null,
    },
    startedItem,
    item,
    finished: {
      ...base,
      status,
      completed_at: incomplete ? null : created,
      incomplete_details: incomplete ? { reason: "max_output_tokens" } : null,
      output: [item],
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: outputTokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens + outputTokens,
      },
    },
  };
}
