// Writes to a socket that may take less than it is given; the rest follows when there is room.

interface Sink {
  /** Bytes taken; negative when the socket is closed. */
  write(data: Uint8Array): number;
}

export class SocketWriter {
  readonly #sink: Sink;
  #waiting: Uint8Array[] = [];

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  write(data: Uint8Array): void {
    if (this.#waiting.length > 0) {
      this.#waiting.push(data);
      return;
    }
    const taken = Math.max(0, this.#sink.write(data));
    if (taken < data.byteLength) this.#waiting.push(data.subarray(taken));
  }

  /** To be called when the socket has room again. */
  drain(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const data of waiting) this.write(data);
  }
}
