// Takes HTTP/1.1 answers off a keep-alive connection, byte by byte as strict as a measurement needs: only known framings.

/** What a connection reports. Bytes handed to `body` are only valid during the call. */
export interface AnswerEvents {
  head(status: number, head: string): void;
  body(bytes: Buffer): void;
  end(): void;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const EMPTY = Buffer.alloc(0);

type Part = "head" | "counted" | "chunk size" | "chunk" | "chunk end" | "last line";

/** Feed it what arrives; throws an Error when the bytes are no HTTP answer that it knows. */
export class AnswerReader {
  readonly #events: AnswerEvents;
  #part: Part = "head";
  #left = 0;
  /** The beginning of a line or head whose end has not arrived. */
  #kept: Buffer = EMPTY;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** Between two answers. */
  get idle(): boolean {
    return this.#part === "head" && this.#kept.length === 0;
  }

  push(arrived: Buffer): void {
    let bytes = this.#kept.length === 0 ? arrived : Buffer.concat([this.#kept, arrived]);
    this.#kept = EMPTY;
    while (bytes.length > 0) {
      const used = this.#step(bytes);
      if (used === 0) {
        this.#kept = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** Consumes something from the front; 0 when more must arrive first. */
  #step(bytes: Buffer): number {
    switch (this.#part) {
      case "head":
        return this.#head(bytes);
      case "counted":
      case "chunk":
        return this.#content(bytes);
      default:
        return this.#line(bytes);
    }
  }

  #head(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return 0;
    const head = bytes.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 ")) throw new Error(`not an answer: ${head.slice(0, 40)}`);
    this.#events.head(Number(head.slice(9, 12)), head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) this.#counted(Number(length));
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#part = "chunk size";
    else throw new Error("the answer has neither a length nor chunks");
    return end + HEAD_END.length;
  }

  #counted(length: number): void {
    this.#left = length;
    this.#part = "counted";
    if (length === 0) this.#finish();
  }

  #content(bytes: Buffer): number {
    const used = Math.min(bytes.length, this.#left);
    this.#left -= used;
    this.#events.body(used === bytes.length ? bytes : bytes.subarray(0, used));
    if (this.#left === 0) {
      if (this.#part === "chunk") this.#part = "chunk end";
      else this.#finish();
    }
    return used;
  }

  #line(bytes: Buffer): number {
    const end = bytes.indexOf(LINE_END);
    if (end < 0) return 0;
    const line = bytes.toString("latin1", 0, end);
    if (this.#part === "chunk size") {
      if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`not a chunk's size: ${line.slice(0, 40)}`);
      this.#left = Number.parseInt(line, 16);
      this.#part = this.#left === 0 ? "last line" : "chunk";
    } else {
      if (line !== "") throw new Error(`unexpected line: ${line.slice(0, 40)}`);
      if (this.#part === "last line") this.#finish();
      else this.#part = "chunk size";
    }
    return end + LINE_END.length;
  }

  #finish(): void {
    this.#part = "head";
    this.#events.end();
  }
}
