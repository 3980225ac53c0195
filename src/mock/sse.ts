// Writes server-sent events.

/** One or several whole events, and how much generated text they carry: what a pace counts. */
export interface Frame {
  readonly data: string;
  readonly textBytes: number;
}

/** An event whose JSON names its type. */
export interface NamedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export const DONE: Frame = { data: "data: [DONE]\n\n", textBytes: 0 };

/** An event without a name, as the OpenAI chat format has it. `json` holds no line break. */
export function dataFrame(json: string, textBytes = 0): Frame {
  return { data: `data: ${json}\n\n`, textBytes };
}

/** An event that carries its name twice, as the Responses and Messages formats have it. */
export function namedFrame(event: NamedEvent, textBytes = 0): Frame {
  return { data: `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, textBytes };
}
