// JSON that is spread over several lines of a stream.

import { ByteAccumulator } from "../lib/byte-accumulator.ts";
import { parseJson } from "../lib/json-value.ts";
import type { Frame } from "./frame.ts";

const LINE_FEED = Uint8Array.of(0x0a);

/** Collects the lines until the value ends; what they make is decided then, once. */
export class JsonLines {
  readonly #bytes = new ByteAccumulator();

  get length(): number {
    return this.#bytes.length;
  }

  append(line: Uint8Array): void {
    if (this.#bytes.length > 0) this.#bytes.append(LINE_FEED);
    this.#bytes.append(line);
  }

  /**
   * One value over all lines, or else what each line is by itself, up to the first that is no JSON: that one is broken,
   * unless the stream was cut within it (`terminated` false).
   */
  take(terminated: boolean, name: string | undefined): Frame[] {
    if (this.#bytes.length === 0) return [];
    const text = Buffer.from(this.#bytes.take()).toString("utf8");
    const whole = parseJson(text);
    // Line ends within JSON can only stand between tokens.
    if (whole !== undefined) return [frame(whole, text.replaceAll("\n", ""), name)];
    const frames: Frame[] = [];
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf("\n", start) < 0 ? text.length : text.indexOf("\n", start);
      const line = text.slice(start, end);
      const value = parseJson(line);
      if (value !== undefined) frames.push(frame(value, line, name));
      else return terminated ? [...frames, { kind: "broken" }] : frames;
      start = end + 1;
    }
    return frames;
  }
}

function frame(value: unknown, text: string, name: string | undefined): Frame {
  return { kind: "json", value, text, line: undefined, name, nameLine: undefined };
}
