// One TCP connection to an origin: writes requests, hands what arrives to the exchange it carries, one at a time.

import type { Socket, SocketHandler } from "bun";
import type { Carrier, Exchange } from "./exchange.ts";
import { type Opening, openSocket } from "./open-socket.ts";

/** Where a connection belongs while it carries nothing. */
export interface Home {
  readonly hostname: string;
  readonly port: number;
  /** It may carry another exchange. */
  give(connection: Connection): void;
  /** It is closed. */
  remove(connection: Connection): void;
  /** Sends the exchange on a connection of its own. */
  resend(exchange: Exchange): void;
}

/** Head and body leave in one write where both fit in here; what a socket does not take at once is kept elsewhere. */
const SCRATCH = Buffer.allocUnsafeSlow(128 * 1024);

/** After so long of silence the kernel asks whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000;

const HANDLERS: SocketHandler<Connection> = {
  data: (socket, chunk) => socket.data.received(chunk),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.broken(error),
};

export class Connection implements Carrier {
  /** When it was given back, in the wheel's clock. */
  idleSince = 0;
  readonly #home: Home;
  readonly #opening: Opening;
  #socket: Socket<Connection> | undefined;
  #exchange: Exchange | undefined;
  #isDead = false;
  #isPaused = false;
  /** What the socket has not taken yet. */
  #unsent: Uint8Array | undefined;
  #unsentFrom = 0;

  /** Connects, and sends the exchange as soon as it can. */
  constructor(home: Home, exchange: Exchange) {
    this.#home = home;
    this.#exchange = exchange;
    exchange.begin(this, false);
    this.#opening = openSocket<Connection>(
      home,
      HANDLERS,
      this,
      (socket) => this.#opened(socket),
      (error) => this.#refused(error),
    );
  }

  /** Sends another exchange on this connection, which carries none now. */
  carry(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.begin(this, true);
    this.#send(exchange);
  }

  pause(): void {
    if (this.#isDead || this.#isPaused) return;
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (this.#isDead || !this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  terminate(): void {
    if (this.#isDead) return;
    this.#die();
    this.#opening.cancel();
    this.#socket?.terminate();
  }

  finished(isReusable: boolean): void {
    this.#exchange = undefined;
    // A request that the upstream did not read to its end is still in the way.
    if (!isReusable || this.#unsent !== undefined) {
      this.terminate();
      return;
    }
    // A paused socket would let the next exchange wait for ever.
    this.resume();
    this.#home.give(this);
  }

  #opened(socket: Socket<Connection>): void {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (this.#exchange !== undefined) this.#send(this.#exchange);
  }

  received(chunk: Buffer): void {
    if (this.#isDead) return;
    // Nobody asked for anything: what follows would be taken for the next answer.
    if (this.#exchange === undefined) this.terminate();
    else this.#exchange.receive(chunk);
  }

  drained(): void {
    if (!this.#isDead) this.#flush();
  }

  closed(error: unknown): void {
    if (this.#isDead) return;
    const exchange = this.#exchange;
    this.#die();
    if (exchange?.isStale === true) this.#home.resend(exchange);
    else exchange?.closed(error);
  }

  /** No connection came about. */
  #refused(error: unknown): void {
    if (this.#isDead) return;
    const exchange = this.#exchange;
    this.#die();
    exchange?.fail(codeOf(error) ?? "ECONNRESET", error);
  }

  /** A fault of our own in a handler: the exchange must not wait for ever because of it. */
  broken(error: unknown): void {
    const exchange = this.#exchange;
    this.terminate();
    exchange?.fail(codeOf(error) ?? "ECONNRESET", error);
  }

  #die(): void {
    this.#isDead = true;
    this.#exchange = undefined;
    this.#unsent = undefined;
    this.#home.remove(this);
  }

  #send(exchange: Exchange): void {
    const { head, body } = exchange.request;
    const socket = this.#socket;
    if (socket === undefined) return;
    if (head.length > SCRATCH.length) {
      this.#keep(Buffer.concat([Buffer.from(head, "latin1"), body ?? new Uint8Array()]), 0);
      this.#flush();
      return;
    }
    let filled = SCRATCH.write(head, 0, "latin1");
    const inBody = Math.min(body?.length ?? 0, SCRATCH.length - filled);
    if (body !== undefined) SCRATCH.set(inBody === body.length ? body : body.subarray(0, inBody), filled);
    filled += inBody;
    const written = Math.max(0, socket.write(SCRATCH, 0, filled));
    exchange.isWritten ||= written > 0;
    if (written === filled && inBody === (body?.length ?? 0)) return;
    if (written >= head.length && body !== undefined) this.#keep(body, written - head.length);
    else this.#keep(Buffer.concat([SCRATCH.subarray(written, head.length), body ?? new Uint8Array()]), 0);
    // A socket that has taken everything so far may take more; the others say when.
    if (written === filled) this.#flush();
  }

  #keep(bytes: Uint8Array, from: number): void {
    this.#unsent = bytes;
    this.#unsentFrom = from;
  }

  #flush(): void {
    const bytes = this.#unsent;
    if (bytes === undefined || this.#socket === undefined) return;
    const written = Math.max(0, this.#socket.write(bytes, this.#unsentFrom, bytes.length - this.#unsentFrom));
    if (written > 0 && this.#exchange !== undefined) this.#exchange.isWritten = true;
    this.#unsentFrom += written;
    if (this.#unsentFrom === bytes.length) this.#unsent = undefined;
  }
}

/** Node-like code of a system error. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
