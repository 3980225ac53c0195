// Joins byte pieces in amortised linear time, however small they are.

const EMPTY = new Uint8Array(0);

/** A growing buffer that is handed over whole: what `take` returned is never written to again. */
export class ByteAccumulator {
  #bytes: Uint8Array = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The last byte; undefined when there is none. */
  get last(): number | undefined {
    return this.#bytes[this.#length - 1];
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** Everything appended since the last `take`. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = EMPTY;
    this.#length = 0;
    return taken;
  }
}
