// Throughput of the stream code on well-formed streams (MB per CPU second), and whether memory stays flat:
// `bun bench/scanner.ts [--json]`.

import { EventScanner } from "../src/lib/sse.ts";
import { createStreamTransform } from "../src/streaming/create-transform.ts";
import { MAX_EVENT_BYTES, type StreamTransform } from "../src/streaming/transform.ts";

const MB = 1_000_000;
const CHUNK_SIZES = [65_536, 16_384, 1_400] as const;

/** About 230 bytes an event, as OpenAI-compatible servers send them. */
function contentEvent(text: string): string {
  const choice = { index: 0, delta: { content: text }, logprobs: null, finish_reason: null };
  const chunk = {
    id: "chatcmpl-b0a7d1c2e3f4",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "meta-llama/Llama-3.1-8B-Instruct",
    choices: [choice],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

const FIRST = contentEvent("").replace('"content"', '"role":"assistant","content"');
const BLOCK = Buffer.from(
  Array.from({ length: 4000 }, (_, i) => contentEvent(i % 7 === 0 ? " Grüße 你好" : " token")).join(""),
);

/** One endless stream, cut into chunks of one size, events split wherever a chunk ends. */
class Feed {
  #at = 0;
  readonly #chunkSize: number;
  readonly #push: (chunk: Uint8Array) => void;

  constructor(chunkSize: number, push: (chunk: Uint8Array) => void) {
    this.#chunkSize = chunkSize;
    this.#push = push;
    push(Buffer.from(FIRST));
  }

  send(bytes: number): void {
    for (let sent = 0; sent < bytes; ) {
      const chunk = BLOCK.subarray(this.#at, this.#at + this.#chunkSize);
      this.#push(chunk);
      this.#at = (this.#at + chunk.length) % BLOCK.length;
      sent += chunk.length;
    }
  }
}

interface Subject {
  readonly name: string;
  readonly create: () => (chunk: Uint8Array) => void;
}

function scanner(): (chunk: Uint8Array) => void {
  const scan = new EventScanner({ maxBytes: MAX_EVENT_BYTES, keepRaw: false });
  return (chunk) => {
    scan.push(chunk);
    while (scan.next());
  };
}

function transform(repair: boolean, hideUsage: boolean): () => (chunk: Uint8Array) => void {
  return () => {
    const options = { endpoint: "chat", requestId: "bench", model: undefined, repair, hideUsage } as const;
    const stream: StreamTransform = createStreamTransform(options);
    return (chunk) => {
      stream.push(chunk);
      if (stream.broken || stream.failure !== undefined) throw new Error("the stream should be well formed");
    };
  };
}

const SUBJECTS: readonly Subject[] = [
  { name: "scanner", create: scanner },
  { name: "verbatim", create: transform(false, false) },
  { name: "verbatim, usage hidden", create: transform(false, true) },
  { name: "repair, nothing to do", create: transform(true, true) },
];

/** Per second of CPU time, so that a busy machine does not change the figure. */
function megabytesPerSecond(subject: Subject, chunkSize: number): number {
  const feed = new Feed(chunkSize, subject.create());
  feed.send(20 * MB);
  const before = process.cpuUsage();
  feed.send(200 * MB);
  const { user, system } = process.cpuUsage(before);
  return 200 / ((user + system) / 1_000_000);
}

function residentMegabytes(): number {
  Bun.gc(true);
  return Math.round(process.memoryUsage.rss() / MB);
}

const throughput = SUBJECTS.map((subject) => ({
  subject: subject.name,
  ...Object.fromEntries(
    CHUNK_SIZES.map((size) => [`${size} B chunks, MB/s`, Math.round(megabytesPerSecond(subject, size))]),
  ),
}));

const memory = SUBJECTS.map((subject) => {
  const feed = new Feed(16_384, subject.create());
  feed.send(100 * MB);
  const early = residentMegabytes();
  feed.send(900 * MB);
  return { subject: subject.name, "RSS after 100 MB, MB": early, "after 1 GB, MB": residentMegabytes() };
});

const text = process.argv.includes("--json")
  ? JSON.stringify({ throughput, memory })
  : `${Bun.inspect.table(throughput)}\n${Bun.inspect.table(memory)}`;
process.stdout.write(`${text}\n`);
