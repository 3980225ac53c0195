// Chat completions as a stream: role, words or pieces of a tool call, finish reason, usage if asked for, [DONE].

import type { Answer } from "./answer.ts";
import type { OpenaiUsage } from "./openai-usage.ts";
import { DONE, dataFrame, type Frame } from "./sse.ts";
import { slices, utf8Bytes, words } from "./tokens.ts";

/** What all chunks of one answer have in common. */
export interface ChatStamp {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly newId: () => string;
}

/** UTF-16 units of a tool call's arguments per chunk. */
export const ARGUMENTS_SLICE = 12;

/** The frames of `n` equal choices, side by side. `usage` undefined = not asked for. */
export function* chatFrames(
  stamp: ChatStamp,
  answer: Answer,
  n: number,
  usage: OpenaiUsage | undefined,
): Generator<Frame> {
  const head = JSON.stringify({
    id: stamp.id,
    object: "chat.completion.chunk",
    created: stamp.created,
    model: stamp.model,
  }).slice(0, -1);
  const chunk = (index: number, delta: string, finish: string | null, textBytes = 0): Frame => {
    const choice = `{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${JSON.stringify(finish)}}`;
    return dataFrame(`${head},"choices":[${choice}]}`, textBytes);
  };

  for (let index = 0; index < n; index++) yield chunk(index, firstDelta(stamp, answer), null);
  for (const piece of piecesOf(answer)) {
    const delta = nextDelta(answer, piece);
    // The choices are made at the same time: only one of them takes any.
    for (let index = 0; index < n; index++) {
      yield chunk(index, delta, null, index === n - 1 ? utf8Bytes(piece) : 0);
    }
  }
  const finish = answer.kind === "text" ? answer.ending : "tool_calls";
  for (let index = 0; index < n; index++) yield chunk(index, "{}", finish);
  if (usage) yield dataFrame(`${head},"choices":[],"usage":${JSON.stringify(usage)}}`);
  yield DONE;
}

function piecesOf(answer: Answer): readonly string[] {
  return answer.kind === "text" ? words(answer.text) : slices(answer.argumentsJson, ARGUMENTS_SLICE);
}

function firstDelta(stamp: ChatStamp, answer: Answer): string {
  if (answer.kind === "text") return '{"role":"assistant","content":""}';
  const call = {
    index: 0,
    id: `call_${stamp.newId()}`,
    type: "function",
    function: { name: answer.name, arguments: "" },
  };
  return JSON.stringify({ role: "assistant", content: null, tool_calls: [call] });
}

function nextDelta(answer: Answer, piece: string): string {
  if (answer.kind === "text") return `{"content":${JSON.stringify(piece)}}`;
  return JSON.stringify({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
}
