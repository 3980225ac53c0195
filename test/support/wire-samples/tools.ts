// Samples of streams whose tool calls are put together differently.

import { chunk, events, ROLE, STOP, stream, TOOL_STOP, toolChunk } from "./chunks.ts";
import type { Sample } from "./sample.ts";

const PARIS = { name: "weather", arguments: '{"city":"Paris"}' };
const ROME = { name: "weather", arguments: '{"city":"Rome"}' };
const ONE = { text: "", finish: "tool_calls", tools: ['weather({"city":"Paris"})'] };
const TWO = {
  text: "",
  finish: "tool_calls",
  tools: ['weather({"city":"Paris"})', 'weather({"city":"Rome"})'],
};
const piece = (json: string) => ({ index: 0, function: { arguments: json } });

export const TOOL_SAMPLES: readonly Sample[] = [
  {
    quirk: "tool calls as the specification has them",
    bytes: stream(
      chunk({ role: "assistant", content: null }),
      toolChunk({ index: 0, id: "call_a", type: "function", function: { name: "weather", arguments: "" } }),
      toolChunk(piece('{"city":')),
      toolChunk(piece('"Paris"}')),
      toolChunk({ index: 1, id: "call_b", type: "function", function: ROME }),
      TOOL_STOP,
    ),
    expect: TWO,
    wellFormed: true,
  },
  {
    quirk: "tool calls without an index, one a chunk",
    bytes: stream(
      ROLE,
      toolChunk({ id: "call_a", type: "function", function: PARIS }),
      toolChunk({ id: "call_b", type: "function", function: ROME }),
      TOOL_STOP,
    ),
    expect: TWO,
  },
  {
    quirk: "tool calls without an index, all in one chunk",
    bytes: stream(
      ROLE,
      toolChunk(
        { id: "call_a", type: "function", function: PARIS },
        { id: "call_b", type: "function", function: ROME },
      ),
      TOOL_STOP,
    ),
    expect: TWO,
  },
  {
    quirk: "every parallel call has index 0",
    bytes: stream(
      ROLE,
      toolChunk({ index: 0, id: "call_a", type: "function", function: { name: "weather", arguments: "" } }),
      toolChunk(piece('{"city":"Paris"}')),
      toolChunk({ index: 0, id: "call_b", type: "function", function: { name: "weather", arguments: "" } }),
      toolChunk(piece('{"city":"Rome"}')),
      TOOL_STOP,
    ),
    expect: TWO,
  },
  {
    quirk: "`arguments` an object, finish_reason stop",
    bytes: stream(
      ROLE,
      toolChunk({
        index: 0,
        id: "call_a",
        type: "function",
        function: { name: "weather", arguments: { city: "Paris" } },
      }),
      STOP,
    ),
    expect: ONE,
  },
  {
    quirk: "neither id nor type on a tool call",
    bytes: stream(
      ROLE,
      toolChunk({ index: 0, function: { name: "weather", arguments: "" } }),
      toolChunk(piece('{"city":"Paris"}')),
      toolChunk({ index: 1, function: ROME }),
      TOOL_STOP,
    ),
    expect: TWO,
  },
  {
    quirk: "neither id nor index: whole calls",
    bytes: stream(ROLE, toolChunk({ function: PARIS }), toolChunk({ function: ROME }), TOOL_STOP),
    expect: TWO,
  },
  {
    quirk: "no id and index 0 on every whole call",
    bytes: stream(
      ROLE,
      toolChunk({ index: 0, function: PARIS }),
      toolChunk({ index: 0, function: ROME }),
      TOOL_STOP,
    ),
    expect: TWO,
  },
  {
    quirk: "id, type and name repeated on every piece",
    bytes: stream(
      ROLE,
      ...['{"city":', '"Paris"}'].map((json) =>
        toolChunk({
          index: 0,
          id: "call_a",
          type: "function",
          function: { name: "weather", arguments: json },
        }),
      ),
      TOOL_STOP,
    ),
    expect: ONE,
  },
  {
    quirk: "id null and name empty on further pieces",
    bytes: stream(
      ROLE,
      toolChunk({
        index: 0,
        id: "call_a",
        type: "function",
        function: { name: "weather", arguments: '{"city":' },
      }),
      toolChunk({ index: 0, id: null, type: "function", function: { name: "", arguments: '"Paris"}' } }),
      toolChunk({ index: 0, id: "", function: { name: null, arguments: null } }),
      TOOL_STOP,
    ),
    expect: ONE,
  },
  {
    quirk: "a new id on every piece",
    bytes: stream(
      ROLE,
      toolChunk({ index: 0, id: "call_a", type: "function", function: { name: "weather" } }),
      toolChunk({ index: 0, id: "call_x", function: { arguments: '{"city":' } }),
      toolChunk({ index: 0, id: "call_y", function: { arguments: '"Paris"}' } }),
      TOOL_STOP,
    ),
    expect: ONE,
  },
  {
    quirk: "name and arguments without `function` around them",
    bytes: stream(
      ROLE,
      toolChunk({ id: "call_a", name: "weather", arguments: { city: "Paris" } }),
      TOOL_STOP,
    ),
    expect: ONE,
  },
  {
    quirk: "tool calls and no finish_reason",
    bytes: stream(ROLE, toolChunk({ index: 0, id: "call_a", type: "function", function: PARIS })),
    expect: ONE,
  },
  {
    quirk: "a plain JSON answer with tool calls",
    bytes: JSON.stringify({
      id: "chatcmpl-s1",
      object: "chat.completion",
      created: 1_790_000_000,
      model: "small-model",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: null,
            tool_calls: [
              { id: "call_a", type: "function", function: PARIS },
              { id: "call_b", type: "function", function: ROME },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
    }),
    expect: TWO,
  },
  {
    quirk: "a forced call that ends with stop, as OpenAI itself sends it",
    bytes: stream(ROLE, toolChunk({ index: 0, id: "call_a", type: "function", function: PARIS }), STOP),
    expect: { ...ONE, finish: "stop" },
    wellFormed: true,
  },
  {
    quirk: "tool calls in an unterminated last event without end mark",
    bytes: events(
      ROLE,
      toolChunk({ index: 0, id: "call_a", type: "function", function: PARIS }),
      TOOL_STOP,
    ).trimEnd(),
    expect: ONE,
  },
];
