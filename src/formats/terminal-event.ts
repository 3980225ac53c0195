// The events that end a stream with an error, in the form each family's SDKs raise.

import { ERRORS, type ErrorCode } from "../errors.ts";
import type { JsonRecord } from "../lib/json-value.ts";
import { type AnthropicErrorBody, anthropicErrorType } from "./anthropic-error.ts";
import { type OpenAiError, openAiErrorType } from "./openai-error.ts";

export const DONE_EVENT = "data: [DONE]\n\n";

/** One of our own errors, after the head of the answer has gone out. */
export interface StreamError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Chat and completions: the error, then the end that clients wait for. */
export function openAiTerminal(error: StreamError): string {
  const { status } = ERRORS[error.code];
  return openAiErrorEvent({
    message: error.message,
    type: openAiErrorType(status),
    param: null,
    code: error.code,
  });
}

export function openAiErrorEvent(error: OpenAiError): string {
  return `data: ${JSON.stringify({ error })}\n\n${DONE_EVENT}`;
}

/** Messages: an `error` event; nothing may follow it. */
export function anthropicTerminal(error: StreamError, requestId: string): string {
  const type = anthropicErrorType(ERRORS[error.code].status);
  return anthropicErrorEvent({
    type: "error",
    error: { type, message: error.message, details: { error_code: error.code } },
    request_id: requestId,
  });
}

export function anthropicErrorEvent(body: AnthropicErrorBody): string {
  return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
}

/** What is known of a Responses stream when it has to be ended. */
export interface ResponsesProgress {
  /** The `response` object of the latest event that had one. */
  readonly response: JsonRecord | undefined;
  /** Number of the last event; undefined when none had any. */
  readonly sequenceNumber: number | undefined;
  readonly model: string | undefined;
  readonly requestId: string;
}

/** Responses: `response.failed` with a whole response object, which Codex insists on. */
export function responsesTerminal(
  error: { readonly code: string; readonly message: string },
  progress: ResponsesProgress,
): string {
  const event = {
    type: "response.failed",
    sequence_number: progress.sequenceNumber === undefined ? 0 : progress.sequenceNumber + 1,
    response: {
      id: `resp_${progress.requestId}`,
      object: "response",
      created_at: 0,
      incomplete_details: null,
      instructions: null,
      metadata: {},
      model: progress.model ?? "",
      output: [],
      parallel_tool_calls: true,
      temperature: null,
      tool_choice: "auto",
      tools: [],
      top_p: null,
      usage: null,
      ...progress.response,
      status: "failed",
      error: { code: error.code, message: error.message },
    },
  };
  return `event: response.failed\ndata: ${JSON.stringify(event)}\n\n`;
}
