// The body of one answer between the socket that brings it and whoever reads it.

import type { ByteRead, ByteReader, ByteSource } from "../../lib/byte-reader.ts";

/** Whoever fills the body: told to stop and to go on. */
interface Source {
  pause(): void;
  resume(): void;
}

interface Waiter {
  readonly resolve: (read: ByteRead) => void;
  readonly reject: (reason: unknown) => void;
}

/** So much waits for a reader before the socket is no longer read from. */
const HIGH_WATER_BYTES = 64 * 1024;

const END: ByteRead = { done: true };

/**
 * A queue of bytes with an end. Every byte that has arrived is handed over before an error is; an abort
 * ({@link AnswerBody.abort}) throws away what nobody has read.
 */
export class AnswerBody implements ByteReader, ByteSource {
  readonly #source: Source;
  #parts: Uint8Array[] = [];
  #size = 0;
  #waiters: Waiter[] = [];
  #end: "open" | "whole" | "failed" = "open";
  #reason: unknown;
  #isPaused = false;
  /** Someone wants all of it: nothing is gained by holding the rest back. */
  #isCollected = false;

  constructor(source: Source) {
    this.#source = source;
  }

  getReader(): ByteReader {
    return this;
  }

  /** More has arrived; not empty, and nobody else's to write to. The last part holds nothing up. */
  push(part: Uint8Array, isLast: boolean): void {
    const waiter = this.#isCollected ? undefined : this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: part });
      return;
    }
    this.#parts.push(part);
    this.#size += part.length;
    if (isLast || this.#size < HIGH_WATER_BYTES || this.#isPaused || this.#isCollected) return;
    this.#isPaused = true;
    this.#source.pause();
  }

  /** It is whole. */
  close(): void {
    this.#end = "whole";
    // Its source may be somebody else's from here on.
    this.#isPaused = false;
    for (const waiter of this.#takeWaiters()) waiter.resolve(END);
  }

  /** It broke off behind what has arrived. */
  fail(reason: unknown): void {
    this.#end = "failed";
    this.#reason = reason;
    this.#isPaused = false;
    for (const waiter of this.#takeWaiters()) waiter.reject(reason);
  }

  /** Nobody wants it any more. */
  abort(reason: unknown): void {
    this.#parts = [];
    this.#size = 0;
    this.fail(reason);
  }

  /** The next piece; several may be asked for at once. Rejects where the body broke off. */
  read(): Promise<ByteRead> {
    const part = this.#parts.shift();
    if (part !== undefined) {
      this.#size -= part.length;
      if (this.#isPaused && this.#size === 0) this.#goOn();
      return Promise.resolve({ done: false, value: part });
    }
    if (this.#end === "whole") return Promise.resolve(END);
    if (this.#end === "failed") return Promise.reject(this.#reason);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** All of it that was not read yet. Rejects where the body broke off. */
  bytes(): Promise<Uint8Array> {
    if (this.#end === "whole") return Promise.resolve(this.#all());
    if (this.#end === "failed") return Promise.reject(this.#reason);
    this.#isCollected = true;
    if (this.#isPaused) this.#goOn();
    return new Promise((resolve, reject) =>
      this.#waiters.push({ resolve: () => resolve(this.#all()), reject }),
    );
  }

  #all(): Uint8Array {
    const parts = this.#parts;
    this.#parts = [];
    this.#size = 0;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  #goOn(): void {
    this.#isPaused = false;
    this.#source.resume();
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }
}
