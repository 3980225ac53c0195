// How streams are cut into pieces: asked for, recognised, and kept open.

import { describe, expect, test } from "bun:test";
import { formAsked, formOf, pingFor, type StreamForm } from "../../../src/formats/stream-form.ts";
import { ENDPOINTS, type Endpoint, NATIVE_ENDPOINTS } from "../../../src/formats/table.ts";

const { chat, messages } = ENDPOINTS;
const {
  stream_generate_content: gemini,
  converse_stream: converse,
  stream_raw_predict: raw,
} = NATIVE_ENDPOINTS;

describe("the form", () => {
  test.each<[Endpoint, string, StreamForm]>([
    [chat, "", "events"],
    [messages, "?beta=true", "events"],
    [gemini, "?alt=sse", "events"],
    [gemini, "?%24alt=sse", "events"],
    [gemini, "", "array"],
    [gemini, "?alt=json", "array"],
    [raw, "", "events"],
    [converse, "", "binary"],
  ])("that %p%s asks for is %s", (endpoint, search, form) => {
    expect(formAsked(endpoint, search)).toBe(form);
  });

  test.each<[Endpoint, string, StreamForm | undefined]>([
    [chat, "text/event-stream; charset=utf-8", "events"],
    [chat, "application/json", undefined],
    [chat, "application/vnd.amazon.eventstream", undefined],
    [gemini, "application/json; charset=UTF-8", "array"],
    [gemini, "text/html", undefined],
    [converse, "application/vnd.amazon.eventstream", "binary"],
    [converse, "application/json", undefined],
  ])("of an answer to %p with %s is %p", (endpoint, contentType, form) => {
    expect(formOf(endpoint, contentType)).toBe(form);
  });
});

test("a ping ends with a blank line only where readers split at blank lines", () => {
  expect(Buffer.from(pingFor(gemini)).toString()).toBe(": ping\n\n");
  for (const endpoint of [chat, messages, raw])
    expect(Buffer.from(pingFor(endpoint)).toString()).toBe(": ping\n");
});
