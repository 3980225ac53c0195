// Samples of streams whose chunks are shaped differently: roles, reasons, scalars, reasoning, usage.

import {
  ANSWER,
  chunk,
  events,
  GOOD,
  MORNING,
  ROLE,
  STOP,
  stream,
  textChunk,
  USAGE,
  usageChunk,
} from "./chunks.ts";
import type { Sample } from "./sample.ts";

const GREETING = { text: "Good morning", finish: "stop" };
const METERED = { ...GREETING, usage: [12, 5] as const };
const part = (completion_tokens: number) => ({
  prompt_tokens: 12,
  completion_tokens,
  total_tokens: 12 + completion_tokens,
});

const USAGES: readonly Sample[] = [
  {
    quirk: "usage in a chunk of its own",
    bytes: stream(...ANSWER, usageChunk()),
    expect: METERED,
    wellFormed: true,
  },
  {
    quirk: "`usage: null` on every other chunk",
    bytes: stream(...ANSWER.map((json) => json.replace(/}$/, ',"usage":null}')), usageChunk()),
    expect: METERED,
    wellFormed: true,
  },
  {
    quirk: "usage on the last chunk with a choice",
    bytes: stream(ROLE, GOOD, MORNING, chunk({}, { finish_reason: "stop" }, { usage: USAGE })),
    expect: METERED,
  },
  {
    quirk: "cumulative usage on every chunk",
    bytes: stream(
      ...[0, 2, 4, 5].map(
        (count, place) => ANSWER[place]?.replace(/}$/, `,"usage":${JSON.stringify(part(count))}}`) ?? "",
      ),
    ),
    expect: METERED,
  },
  {
    quirk: "usage, then a chunk with `usage: null`",
    bytes: stream(...ANSWER, usageChunk(), usageChunk(null)),
    expect: METERED,
  },
  {
    quirk: "usage twice",
    bytes: stream(...ANSWER, usageChunk(part(3)), usageChunk()),
    expect: METERED,
  },
  {
    quirk: "usage before the answer",
    bytes: stream(ROLE, usageChunk(), GOOD, MORNING, STOP),
    expect: METERED,
  },
  {
    quirk: "`x_groq.usage`",
    bytes: stream(
      ROLE,
      GOOD,
      MORNING,
      chunk({}, { finish_reason: "stop" }, { x_groq: { id: "r", usage: USAGE } }),
    ),
    expect: METERED,
  },
  {
    quirk: "usage with timings",
    bytes: stream(...ANSWER, usageChunk(USAGE, { timings: { predicted_ms: 12.5 } })),
    expect: METERED,
    wellFormed: true,
  },
];

const REASONS: readonly Sample[] = [
  {
    quirk: "no finish_reason anywhere, but `[DONE]`",
    bytes: stream(...[ROLE, GOOD, MORNING].map((json) => json.replace(',"finish_reason":null', ""))),
    expect: GREETING,
  },
  {
    quirk: '`finish_reason: ""` before the last chunk',
    bytes: stream(...ANSWER).replaceAll('"finish_reason":null', '"finish_reason":""'),
    expect: GREETING,
  },
  {
    quirk: "finish_reason together with content",
    bytes: stream(ROLE, GOOD, chunk({ content: "morning" }, { finish_reason: "stop" })),
    expect: GREETING,
    wellFormed: true,
  },
  {
    quirk: "a finish_reason of the server's own",
    bytes: stream(ROLE, GOOD, MORNING, chunk({}, { finish_reason: "eos_token" })),
    expect: { text: "Good morning", finish: "eos_token" },
    wellFormed: true,
  },
];

const roled = (role: unknown) =>
  stream(
    ...ANSWER.map((json) => {
      const value = JSON.parse(json);
      value.choices[0].delta = { ...value.choices[0].delta, role };
      return JSON.stringify(value);
    }),
  );

const ROLES: readonly Sample[] = [
  { quirk: "a role on every chunk", bytes: roled("assistant"), expect: GREETING },
  { quirk: "`role: null`", bytes: roled(null), expect: GREETING },
  { quirk: '`role: ""`', bytes: roled(""), expect: GREETING },
  {
    quirk: "no role, `content: null`",
    bytes: stream(chunk({ content: null }), GOOD, MORNING, STOP),
    expect: GREETING,
  },
];

const AZURE_FIRST = JSON.stringify({
  id: "",
  object: "",
  created: 0,
  model: "",
  choices: [],
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }],
});

const SHAPES: readonly Sample[] = [
  {
    quirk: "Azure's first chunk: no choices, empty members",
    bytes: stream(AZURE_FIRST, ...ANSWER),
    expect: GREETING,
    wellFormed: true,
  },
  {
    quirk: "`choices: null`",
    bytes: stream(ROLE, GOOD, chunk({}, {}, { choices: null }), MORNING, STOP),
    expect: GREETING,
  },
  {
    quirk: "odd scalars: id null, index a string, created a string, a wrong object, an extra message",
    bytes: stream(
      '{"id":null,"object":"chat.completions.chunk","created":"1790000000.25","model":null,"choices":[{"index":"0","delta":{"role":"assistant","content":"Good "},"finish_reason":null,"message":{"role":"assistant","content":""}}]}',
      '{"created":1790000000.5,"choices":[{"delta":{"content":"morning"}}]}',
      '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
    ),
    expect: GREETING,
  },
  {
    quirk: "a plain JSON answer",
    bytes: JSON.stringify({
      id: "chatcmpl-s1",
      object: "chat.completion",
      created: 1_790_000_000,
      model: "small-model",
      choices: [{ index: 0, message: { role: "assistant", content: "Good morning" }, finish_reason: "stop" }],
      usage: USAGE,
    }),
    expect: METERED,
  },
  {
    quirk: "a plain JSON answer over many lines",
    bytes: JSON.stringify(
      {
        id: "chatcmpl-s1",
        object: "chat.completion",
        created: 1_790_000_000,
        model: "small-model",
        choices: [
          { index: 0, message: { role: "assistant", content: "Good morning" }, finish_reason: "stop" },
        ],
      },
      null,
      2,
    ),
    expect: GREETING,
  },
];

const thinking = (key: string) =>
  stream(
    chunk({ role: "assistant", [key]: "let me " }),
    chunk({ [key]: "see" }),
    chunk({ content: "Good morning" }),
    STOP,
  );

const REASONING: readonly Sample[] = [
  {
    quirk: "`reasoning_content`",
    bytes: thinking("reasoning_content"),
    expect: { ...GREETING, reasoning: "let me see" },
    wellFormed: true,
  },
  {
    quirk: "`reasoning`",
    bytes: thinking("reasoning"),
    expect: { ...GREETING, reasoning: "let me see" },
    wellFormed: true,
  },
  {
    quirk: "both with the same text",
    bytes: stream(
      chunk({ role: "assistant", reasoning: "let me see", reasoning_content: "let me see" }),
      chunk({ content: "Good morning" }),
      STOP,
    ),
    expect: { ...GREETING, reasoning: "let me see" },
    wellFormed: true,
  },
  {
    quirk: "`<think>` in the text",
    bytes: stream(ROLE, chunk({ content: "<think>let me see</think>" }), GOOD, MORNING, STOP),
    expect: { text: "<think>let me see</think>Good morning", finish: "stop" },
    wellFormed: true,
  },
];

const COMPLETIONS: readonly Sample[] = [
  {
    quirk: "completions as the specification has them",
    endpoint: "completions",
    bytes: stream(
      textChunk("Good "),
      textChunk("morning", "stop"),
      textChunk("", null, { choices: [], usage: USAGE }),
    ),
    expect: METERED,
    wellFormed: true,
  },
  {
    quirk: "completions: text null, no reason, usage on a chunk with a choice",
    endpoint: "completions",
    bytes: `${events(
      textChunk("Good "),
      textChunk("morning").replace(',"finish_reason":null', ""),
      JSON.stringify({ choices: [{ text: null }], usage: USAGE }),
    )}data: [done]\n\n`,
    expect: METERED,
  },
];

export const CONTENT_SAMPLES: readonly Sample[] = [
  ...USAGES,
  ...REASONS,
  ...ROLES,
  ...SHAPES,
  ...REASONING,
  ...COMPLETIONS,
];
