// Reads a socket as bytes on request: up to a marker, an exact count, or the end. For hand-made HTTP.

import type { Socket } from "node:net";
import { within } from "./deadline.ts";

/** The peer closed before what was waited for had come. */
export class ClosedEarly extends Error {
  readonly received: Buffer;

  constructor(received: Buffer) {
    super(`the peer closed after ${received.length} unread bytes`);
    this.name = "ClosedEarly";
    this.received = received;
  }
}

export class ByteStream {
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    const finish = () => {
      this.#ended = true;
      this.#awaken();
    };
    socket.on("data", (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#awaken();
    });
    socket.on("end", finish);
    socket.on("error", finish);
    socket.on("close", () => {
      finish();
      resolve();
    });
  }

  /** Bytes that have come and were not read yet. */
  get pending(): Buffer {
    return this.#buffer;
  }

  /** Everything up to and including the marker. */
  async through(marker: string): Promise<Buffer> {
    return await this.#take(`«${JSON.stringify(marker)}»`, () => {
      const at = this.#buffer.indexOf(marker);
      return at < 0 ? undefined : at + marker.length;
    });
  }

  async exactly(count: number): Promise<Buffer> {
    return await this.#take(`${count} bytes`, () => (this.#buffer.length >= count ? count : undefined));
  }

  async toEnd(): Promise<Buffer> {
    return await this.#take("the end", () => (this.#ended ? this.#buffer.length : undefined));
  }

  #awaken(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  async #take(what: string, length: () => number | undefined): Promise<Buffer> {
    for (;;) {
      const count = length();
      if (count !== undefined) {
        const taken = this.#buffer.subarray(0, count);
        this.#buffer = this.#buffer.subarray(count);
        return taken;
      }
      if (this.#ended) throw new ClosedEarly(this.#buffer);
      await within(what, new Promise<void>((resolve) => this.#wake.push(resolve)));
    }
  }
}
