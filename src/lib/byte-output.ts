// Collects output that is mostly made of untouched stretches of the input, without copying those.

/** Neighbouring stretches of one source become one; a single stretch is returned as a view of its source. */
export class ByteOutput {
  #pieces: Uint8Array[] = [];
  #source: Uint8Array | undefined;
  #start = 0;
  #end = 0;

  /** Adds the bytes [start, end) of `source`, which must not be written to afterwards. */
  keep(source: Uint8Array, start: number, end: number): void {
    if (start >= end) return;
    if (source === this.#source && start === this.#end) {
      this.#end = end;
      return;
    }
    this.#flush();
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }

  write(text: string): void {
    if (text === "") return;
    this.#flush();
    this.#pieces.push(Buffer.from(text, "utf8"));
  }

  /** Everything since the last `take`; undefined when there is nothing. */
  take(): Uint8Array | undefined {
    this.#flush();
    const pieces = this.#pieces;
    if (pieces.length === 0) return undefined;
    this.#pieces = [];
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  #flush(): void {
    const source = this.#source;
    if (source === undefined) return;
    const whole = this.#start === 0 && this.#end === source.length;
    this.#pieces.push(whole ? source : source.subarray(this.#start, this.#end));
    this.#source = undefined;
  }
}
