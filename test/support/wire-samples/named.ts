// Samples of streams whose events are named by their type: Messages and Responses.

const named = (payload: Record<string, unknown>): string =>
  `event: ${payload["type"]}\ndata: ${JSON.stringify(payload)}\n\n`;

export const MESSAGE_EVENTS: readonly Record<string, unknown>[] = [
  {
    type: "message_start",
    message: {
      id: "msg_s1",
      type: "message",
      role: "assistant",
      model: "small-model",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 20,
        cache_read_input_tokens: 6,
        cache_creation_input_tokens: 4,
        output_tokens: 1,
      },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Good " } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "morning" } },
  { type: "content_block_stop", index: 0 },
  {
    type: "content_block_start",
    index: 1,
    content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} },
  },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"city":' } },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '"Paris"}' } },
  { type: "content_block_stop", index: 1 },
  {
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null },
    usage: { output_tokens: 9, input_tokens: null },
  },
  { type: "message_stop" },
];

/** The answer that these events tell. */
export const MESSAGE = {
  id: "msg_s1",
  type: "message",
  role: "assistant",
  model: "small-model",
  content: [
    { type: "text", text: "Good morning" },
    { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Paris" } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 20, cache_read_input_tokens: 6, cache_creation_input_tokens: 4, output_tokens: 9 },
};

const OUTPUT = [
  {
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: "Good morning", annotations: [] }],
  },
  {
    type: "function_call",
    id: "fc_1",
    call_id: "call_1",
    name: "weather",
    status: "completed",
    arguments: '{"city":"Paris"}',
  },
];

export const RESPONSE = {
  id: "resp_s1",
  object: "response",
  created_at: 1_790_000_000,
  status: "completed",
  error: null,
  model: "small-model",
  output: OUTPUT,
  usage: {
    input_tokens: 20,
    input_tokens_details: { cached_tokens: 6 },
    output_tokens: 9,
    output_tokens_details: { reasoning_tokens: 3 },
    total_tokens: 29,
  },
};

export const RESPONSE_EVENTS: readonly Record<string, unknown>[] = [
  {
    type: "response.created",
    response: { ...RESPONSE, status: "in_progress", output: [], usage: null },
    sequence_number: 0,
  },
  {
    type: "response.output_text.delta",
    item_id: "msg_1",
    output_index: 0,
    content_index: 0,
    delta: "Good morning",
    sequence_number: 1,
  },
  { type: "response.completed", response: RESPONSE, sequence_number: 2 },
];

export const namedStream = (payloads: readonly Record<string, unknown>[]): string =>
  payloads.map(named).join("");

/** The same without `event` lines. */
export const unnamed = (stream: string): string => stream.replaceAll(/^event: .*\n/gm, "");
