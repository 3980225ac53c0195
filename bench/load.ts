// Child process: a closed loop of requests over keep-alive connections. Every answer is checked, byte for byte.

import type { Socket } from "bun";
import { type AnswerEvents, AnswerReader } from "./framing.ts";
import { serveJobs } from "./job.ts";
import { ANSWER_BODY, chatRequest } from "./payloads.ts";
import { SocketWriter } from "./socket-writer.ts";
import { Samples } from "./statistics.ts";
import { openWindow, type Watched } from "./window.ts";

export interface LoadJob extends Watched {
  readonly port: number;
  readonly key: string;
  readonly connections: number;
  readonly bodyBytes: number;
  /** Time under load before the measurement begins. */
  readonly warmMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  /** Answered during the measurement. */
  readonly requests: number;
  /** Answered at all. */
  readonly total: number;
  readonly elapsedMs: number;
  /** CPU time of the process and its children, per request; null when there is no such process. */
  readonly cpuMicros: number | null;
  /** Share of the process's core that went to others. */
  readonly others: number | null;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** How long a connection, or the last answers, may be waited for. */
const PATIENCE_MS = 5_000;

const samples = new Samples();

/** What all connections of a job share. */
class Tally {
  total = 0;
  stopping = false;
  readonly failed: Promise<never>;
  fail: (error: Error) => void = () => {};

  constructor() {
    this.failed = new Promise((_resolve, reject) => {
      this.fail = reject;
    });
    // Whoever waits for it comes later, or not at all.
    this.failed.catch(() => {});
  }

  answered(micros: number): void {
    this.total += 1;
    samples.add(micros);
  }
}

class Client implements AnswerEvents {
  readonly tally: Tally;
  readonly closed: Promise<void>;
  readonly #request: Buffer;
  readonly #reader = new AnswerReader(this);
  #socket: Socket<Client> | undefined;
  #writer: SocketWriter | undefined;
  #sentAt = 0;
  #at = 0;
  #hasClosed: () => void = () => {};

  constructor(tally: Tally, request: Buffer) {
    this.tally = tally;
    this.#request = request;
    this.closed = new Promise((resolve) => {
      this.#hasClosed = resolve;
    });
  }

  opened(socket: Socket<Client>): void {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    this.#send();
  }

  arrived(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.tally.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  drained(): void {
    this.#writer?.drain();
  }

  ended(): void {
    if (!this.tally.stopping) this.tally.fail(new Error("a connection was closed in the middle of the load"));
    this.#hasClosed();
  }

  head(status: number, head: string): void {
    if (status !== 200) throw new Error(`answered ${head.split("\r\n", 1)[0]}`);
    this.#at = 0;
  }

  body(bytes: Buffer): void {
    const end = this.#at + bytes.length;
    if (bytes.compare(ANSWER_BODY, this.#at, Math.min(end, ANSWER_BODY.length)) !== 0)
      throw new Error("an answer's body is not what the upstream sent");
    this.#at = end;
  }

  end(): void {
    if (this.#at !== ANSWER_BODY.length) throw new Error(`an answer of ${this.#at} bytes`);
    this.tally.answered((performance.now() - this.#sentAt) * 1000);
    if (this.tally.stopping) this.#socket?.end();
    else this.#send();
  }

  #send(): void {
    this.#sentAt = performance.now();
    this.#writer?.write(this.#request);
  }
}

async function connect(port: number, client: Client): Promise<void> {
  await Bun.connect<Client>({
    hostname: "127.0.0.1",
    port,
    data: client,
    socket: {
      open: (socket) => client.opened(socket),
      data: (socket, bytes) => socket.data.arrived(bytes),
      drain: (socket) => socket.data.drained(),
      close: (socket) => socket.data.ended(),
    },
  });
}

async function run(job: LoadJob): Promise<LoadResult> {
  const request = chatRequest(job.key, job.bodyBytes);
  const tally = new Tally();
  const clients = Array.from({ length: job.connections }, () => new Client(tally, request));
  await withinPatience(Promise.all(clients.map((client) => connect(job.port, client))), tally);
  await Promise.race([Bun.sleep(job.warmMs), tally.failed]);
  samples.clear();
  const totalBefore = tally.total;
  const close = openWindow(job);
  await Promise.race([Bun.sleep(job.measureMs), tally.failed]);
  const { cpuMicros, elapsedMs, others } = close();
  const requests = tally.total - totalBefore;
  const result = {
    requests,
    elapsedMs,
    cpuMicros: cpuMicros === null || requests === 0 ? null : cpuMicros / requests,
    others,
    p50Micros: samples.percentile(0.5),
    p99Micros: samples.percentile(0.99),
  };
  tally.stopping = true;
  await withinPatience(Promise.all(clients.map((client) => client.closed)), tally);
  return { ...result, total: tally.total };
}

async function withinPatience<T>(work: Promise<T>, tally: Tally): Promise<T> {
  const tooLate = Bun.sleep(PATIENCE_MS).then((): never => {
    throw new Error(`no answer within ${PATIENCE_MS} ms`);
  });
  return await Promise.race([work, tally.failed, tooLate]);
}

serveJobs(run);
