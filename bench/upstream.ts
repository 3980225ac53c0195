// Child process: the model server behind every contender. Canned answers and paced streams over raw TCP, so that it costs
// far less than what is measured.

import type { Socket } from "bun";
import { endWithParent, send } from "./job.ts";
import { PacedStream, Pacer } from "./pacer.ts";
import { ANSWER } from "./payloads.ts";
import { SocketWriter } from "./socket-writer.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const STREAM = Buffer.from('"stream":true');
const STREAM_USAGE = Buffer.from('"include_usage":true');
/** Requests for streams are small; longer bodies are not searched. */
const LONGEST_STREAM_REQUEST = 4096;
const EMPTY = Buffer.alloc(0);

class Connection {
  readonly writer: SocketWriter;
  stream: PacedStream | undefined;
  /** Bytes of a body of which nothing is wanted but that it arrives. */
  #skip = 0;
  /** A request that has not arrived completely, and is short or still in its head. */
  #kept: Buffer = EMPTY;

  constructor(socket: Socket<Connection | undefined>) {
    this.writer = new SocketWriter(socket);
  }

  push(arrived: Buffer): void {
    if (this.#skip > 0) {
      this.#skip -= arrived.length;
      if (this.#skip === 0) this.writer.write(ANSWER);
      return;
    }
    const bytes = this.#kept.length === 0 ? arrived : Buffer.concat([this.#kept, arrived]);
    this.#kept = EMPTY;
    const head = bytes.indexOf(HEAD_END);
    const length = head < 0 ? 0 : lengthOf(bytes.toString("latin1", 0, head));
    const missing = head < 0 ? 1 : head + HEAD_END.length + length - bytes.length;
    if (missing > 0 && (head < 0 || length <= LONGEST_STREAM_REQUEST)) this.#kept = Buffer.from(bytes);
    else if (missing > 0) this.#skip = missing;
    else this.#answer(bytes.subarray(head), length);
  }

  #answer(body: Buffer, length: number): void {
    if (length <= LONGEST_STREAM_REQUEST && body.includes(STREAM)) this.#begin(body);
    else this.writer.write(ANSWER);
  }

  #begin(body: Buffer): void {
    const text = body.toString("latin1");
    const name = /"user":"([^"]+)"/.exec(text)?.[1] ?? "";
    const chunks = Number(/"max_tokens":(\d+)/.exec(text)?.[1]);
    this.stream = new PacedStream(this.writer, name, chunks, body.includes(STREAM_USAGE));
    pacer.begin(this.stream);
  }
}

function lengthOf(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error("a request without a content-length");
  return Number(length);
}

const pacer = new Pacer();

const server = Bun.listen<Connection | undefined>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = new Connection(socket);
    },
    data(socket, bytes) {
      socket.data?.push(bytes);
    },
    drain(socket) {
      socket.data?.writer.drain();
    },
    close(socket) {
      if (socket.data?.stream !== undefined) pacer.end(socket.data.stream);
    },
  },
});
endWithParent();
send({ kind: "ready", value: server.port });
