// Reads the head of an answer: status, fields, and how its body is delimited (RFC 9112 sections 4 to 6).

import { BadAnswer } from "./failure.ts";

/** How the end of a body is told. */
export type Framing = "none" | "length" | "chunks" | "close";

export interface AnswerHead {
  readonly status: number;
  /** Names in lower case and values, in turn. */
  readonly fields: readonly string[];
  readonly framing: Framing;
  /** Bytes of the body, where the framing is "length". */
  readonly length: number;
  /** Whether another request may follow on this connection. */
  readonly keepsAlive: boolean;
  /** Bytes of the head itself. */
  readonly size: number;
}

/** As `fetch` has it. */
const MAX_FIELDS = 256;

const MALFORMED = "Malformed_HTTP_Response";
const STATUS_LINE = /^HTTP\/1\.(\d) +([1-9]\d\d)(?: .*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Bytes that stand in no head: controls but for the tab, and a carriage return that ends no line. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;
/** Asked first: most names have none, and making them small costs as much as all the rest of a line. */
const CAPITALS = /[A-Z]/;
const LENGTH = /^\d{1,15}$/;

/**
 * @param text the bytes up to the empty line at least, as Latin-1; what stands behind the empty line is not looked at
 * @param method of the request: an answer to HEAD has no body
 * @throws {BadAnswer} with the code that `fetch` gives
 */
export function parseAnswerHead(text: string, method: string): AnswerHead {
  const statusEnd = text.indexOf("\n");
  const status = STATUS_LINE.exec(text.slice(0, lineEnd(text, 0, statusEnd)));
  if (status === null) throw new BadAnswer(MALFORMED);
  const fields: string[] = [];
  const framing = new FramingFields();
  let at = statusEnd + 1;
  for (;;) {
    const newline = text.indexOf("\n", at);
    const end = lineEnd(text, at, newline);
    if (end === at) {
      at = newline + 1;
      break;
    }
    const colon = text.indexOf(":", at);
    if (colon < 0 || colon > end) throw new BadAnswer(MALFORMED);
    const name = text.slice(at, colon);
    // A folded line begins with a space, so it has no name either.
    if (!NAME.test(name) || fields.length >= 2 * MAX_FIELDS) throw new BadAnswer(MALFORMED);
    const lower = CAPITALS.test(name) ? name.toLowerCase() : name;
    const value = trimmed(text, colon + 1, end);
    fields.push(lower, value);
    framing.see(lower, value);
    at = newline + 1;
  }
  if (FORBIDDEN.test(text.length === at ? text : text.slice(0, at))) throw new BadAnswer(MALFORMED);
  return { fields, size: at, ...framing.decide(Number(status[2]), status[1] !== "0", method) };
}

/** Where the line's text ends: before `\r\n`, or before a `\n` of its own, which old servers write. */
function lineEnd(text: string, from: number, newline: number): number {
  return newline > from && text.charCodeAt(newline - 1) === 13 ? newline - 1 : newline;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** The fields that say where the body ends. */
class FramingFields {
  #length: string | undefined;
  #encoding: string | undefined;
  #connection = "";

  see(name: string, value: string): void {
    if (name === "content-length") {
      // The same length twice is one length; two lengths are an attack, or a server gone astray.
      if (!LENGTH.test(value) || (this.#length !== undefined && Number(this.#length) !== Number(value)))
        throw new BadAnswer("InvalidContentLength");
      this.#length = value;
    } else if (name === "transfer-encoding") {
      if (this.#encoding !== undefined) throw new BadAnswer("UnsupportedTransferEncoding");
      this.#encoding = value.toLowerCase();
    } else if (name === "connection") {
      const options = value.toLowerCase();
      this.#connection = this.#connection === "" ? options : `${this.#connection},${options}`;
    }
  }

  decide(
    status: number,
    isCurrent: boolean,
    method: string,
  ): Pick<AnswerHead, "status" | "framing" | "length" | "keepsAlive"> {
    const isChunked = this.#isChunked();
    // A chunked body with a length is read as chunks, and nothing more comes over this connection (section 6.3).
    const keepsAlive =
      this.#keepsAlive(isCurrent) && !(isChunked && (!isCurrent || this.#length !== undefined));
    if (method === "HEAD" || status < 200 || status === 204 || status === 304)
      return { status, framing: "none", length: 0, keepsAlive };
    if (isChunked) return { status, framing: "chunks", length: 0, keepsAlive };
    if (this.#length === undefined) return { status, framing: "close", length: 0, keepsAlive: false };
    const length = Number(this.#length);
    return { status, framing: length === 0 ? "none" : "length", length, keepsAlive };
  }

  #isChunked(): boolean {
    if (this.#encoding === undefined || this.#encoding === "identity") return false;
    if (this.#encoding !== "chunked") throw new BadAnswer("UnsupportedTransferEncoding");
    return true;
  }

  #keepsAlive(isCurrent: boolean): boolean {
    if (this.#connection === "") return isCurrent;
    // What nearly all of them say.
    if (this.#connection === "keep-alive") return true;
    const options = this.#connection.split(",").map((option) => option.trim());
    return !options.includes("close") && (isCurrent || options.includes("keep-alive"));
  }
}
