// The kept-alive connections of each origin: last in, first out, so that the rest can grow old and be closed.

import type { Due, Wheel } from "../../lib/wheel.ts";
import { Connection, type Home } from "./connection.ts";
import type { Exchange } from "./exchange.ts";

/** So many connections to one origin wait for work; more are closed when their answer is whole. */
const MAX_IDLE = 256;

/** A connection without work is closed after so long; most servers wait for longer. */
const MAX_IDLE_MS = 30_000;

/** The connections to one origin. Any number may be at work. */
export class OriginPool implements Home, Due {
  dueAt = Number.POSITIVE_INFINITY;
  readonly hostname: string;
  readonly port: number;
  readonly #wheel: Wheel;
  /** In the order of their return. */
  readonly #idle: Connection[] = [];

  constructor(hostname: string, port: number, wheel: Wheel) {
    this.hostname = hostname;
    this.port = port;
    this.#wheel = wheel;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Sends the exchange on the connection that was used last, or on a new one. */
  send(exchange: Exchange): void {
    const connection = this.#idle.pop();
    if (connection === undefined) new Connection(this, exchange);
    else connection.carry(exchange);
  }

  resend(exchange: Exchange): void {
    new Connection(this, exchange);
  }

  give(connection: Connection): void {
    if (this.#idle.length >= MAX_IDLE) {
      connection.terminate();
      return;
    }
    connection.idleSince = this.#wheel.now();
    this.#idle.push(connection);
    if (this.dueAt !== Number.POSITIVE_INFINITY) return;
    this.dueAt = connection.idleSince + MAX_IDLE_MS;
    this.#wheel.add(this);
  }

  remove(connection: Connection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** The wheel: the oldest may have waited for long enough. */
  due(nowMs: number): void {
    const old = this.#idle.filter(({ idleSince }) => nowMs - idleSince >= MAX_IDLE_MS);
    for (const connection of old) connection.terminate();
    const oldest = this.#idle[0];
    if (oldest !== undefined) {
      this.dueAt = oldest.idleSince + MAX_IDLE_MS;
      return;
    }
    this.dueAt = Number.POSITIVE_INFINITY;
    this.#wheel.remove(this);
  }
}
