// Settings of the built-in provider that answers from the file itself.

import { type Static, Type } from "@sinclair/typebox";
import { ENDPOINT_NAMES } from "../../formats/table.ts";
import { count, duration, filledText, list, oneOf, section, text } from "./fields.ts";

const When = section(
  {
    contains: Type.Optional(
      text({
        description: "A text in what is newest: what the user said last, or the tool results after it.",
      }),
    ),
    model: Type.Optional(text({ description: "The model asked for." })),
    endpoint: Type.Optional(
      oneOf(ENDPOINT_NAMES, {
        description: "The endpoint called; absent = every one that answers a prompt.",
      }),
    ),
  },
  { description: "What a request must match, all of it; empty matches every request.", default: {} },
);

const ToolCall = section(
  {
    name: filledText({ description: "The tool's name." }),
    arguments: Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())], {
      wants: "settings, or text that holds JSON",
      kind: "settings or text",
      description: "The call's arguments: a map, or a text that is sent as it is.",
      default: {},
    }),
  },
  { description: "Answer with a tool call." },
);

const Step = section(
  {
    when: When,
    reply: Type.Optional(
      text({ description: "Answer with this text; beside `status` the error's message." }),
    ),
    tool_call: Type.Optional(ToolCall),
    status: Type.Optional(
      count({ minimum: 400, maximum: 599, description: "Answer with an error of this status." }),
    ),
    stall: Type.Optional(
      Type.Union([duration({}), Type.Literal(true)], {
        wants: "a duration such as 30s, or true",
        kind: "duration or `true`",
        description: "Answer nothing for so long, then as the entry says; `true` = for ever.",
      }),
    ),
    times: Type.Optional(
      count({
        minimum: 1,
        description: "How often the entry is used before it is passed over; absent = always.",
      }),
    ),
  },
  { description: "One entry: a condition, and what is answered under it." },
);

export const MockSchema = section(
  {
    reply: text({
      description: "The answer's text; `{{last_user_message}}` and `{{model}}` are filled in.",
      default: "You said: {{last_user_message}}",
    }),
    latency: duration({ description: "Time before the first byte.", default: "0ms" }),
    tokens_per_second: Type.Number({
      minimum: 0,
      wants: "a number, 0 or more",
      description: "Pace of a streamed answer; 0 = all at once.",
      default: 0,
    }),
    usage: Type.Optional(
      section(
        {
          prompt_tokens: count({ description: "Input tokens of every answer." }),
          completion_tokens: count({ description: "Output tokens of every answer." }),
        },
        { description: "Usage to report; absent = a quarter of the bytes, rounded up." },
      ),
    ),
    fail: section(
      {
        status: count({ minimum: 400, maximum: 599, description: "Status of the failure.", default: 503 }),
        every: count({ description: "Every n-th request fails; 0 = none.", default: 0 }),
      },
      { description: "Failures on purpose.", default: {} },
    ),
    script: list(Step, {
      description: "Answers to particular requests; the first entry that matches is used.",
      default: [],
      examples: [
        [{ when: { contains: "weather" }, tool_call: { name: "get_weather", arguments: { city: "Paris" } } }],
      ],
    }),
    models: Type.Optional(
      list(filledText({}), {
        description: "Model ids that its models endpoint lists.",
        examples: [["demo-small"]],
      }),
    ),
  },
  { description: "How a provider of `type: mock` answers." },
);

/** Settings of one mock provider, defaults filled; durations as written. */
export type MockSettings = Static<typeof MockSchema>;
