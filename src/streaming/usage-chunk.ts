// Usage in chat and completions streams: read wherever it stands, sent once, last, and only to clients that asked.

import { readChunkUsage, usageObject } from "../formats/openai-chunk.ts";
import type { Usage } from "../formats/usage.ts";
import type { ByteOutput } from "../lib/byte-output.ts";
import type { JsonRecord } from "../lib/json-value.ts";
import type { ChunkIdentity } from "./chunk-identity.ts";
import { writeData, writeLine } from "./event-writer.ts";
import type { JsonFrame } from "./frame.ts";

export class UsageChunk {
  usage: Usage | undefined;
  readonly #hidden: boolean;
  /** The object that `usage` was read from. */
  #source: JsonRecord | undefined;
  /** The upstream's own chunk, as it would leave. */
  #held: { readonly source: unknown; readonly frame: JsonFrame; readonly changed: boolean } | undefined;

  constructor(hidden: boolean) {
    this.#hidden = hidden;
  }

  /** Takes note of a chunk's usage; the last one counts, because cumulative counts come on every chunk. */
  see(chunk: JsonRecord): void {
    const usage = readChunkUsage(chunk);
    if (usage === undefined) return;
    this.usage = usage;
    this.#source = usageObject(chunk);
  }

  /** Keeps a chunk without choices back until the end: a later one would take its place. */
  hold(frame: JsonFrame, chunk: JsonRecord, changed: boolean): void {
    if (!this.#hidden) this.#held = { source: chunk["usage"], frame, changed };
  }

  /** The one usage chunk, if the client asked and the upstream said anything. */
  write(output: ByteOutput, identity: ChunkIdentity): void {
    const source = this.#source;
    if (this.#hidden || source === undefined) return;
    const held = this.#held;
    if (held?.source !== source) {
      writeData(output, JSON.stringify(identity.chunk({ choices: [], usage: withTotal(source) })));
      return;
    }
    const { frame, changed } = held;
    if (frame.line !== undefined && !changed) writeLine(output, frame.line);
    else writeData(output, changed ? JSON.stringify(frame.value) : frame.text);
  }
}

function withTotal(usage: JsonRecord): JsonRecord {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  if (typeof total === "number" || typeof input !== "number" || typeof output !== "number") return usage;
  return { ...usage, total_tokens: input + output };
}
