// An answer whose head is there: what the gateway reads of it.

import type { ByteReader, ByteSource } from "../../lib/byte-reader.ts";
import type { AnswerBody } from "./answer-body.ts";
import { codingOf, decodedBody, readWhole } from "./decoded-body.ts";
import { type HeaderFields, ParsedFields } from "./header-fields.ts";

/** As much of a `Response` as the gateway uses; a `Response` is one. */
export interface UpstreamResponse {
  readonly status: number;
  /** The status is one of success. */
  readonly ok: boolean;
  readonly headers: HeaderFields;
  /** Null where the answer has none. */
  readonly body: ReadableStream | ByteSource | null;
  /** The whole body; rejects where it broke off. */
  bytes(): Promise<Uint8Array>;
}

export class Answer implements UpstreamResponse {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly #body: AnswerBody;
  /** Of a body that has to be decoded. */
  readonly #decoded: ByteReader | undefined;

  constructor(status: number, fields: readonly string[], body: AnswerBody) {
    this.status = status;
    this.headers = new ParsedFields(fields);
    this.#body = body;
    const coding = codingOf(this.headers.get("content-encoding"));
    this.#decoded = coding === undefined ? undefined : decodedBody(coding, body);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get body(): ByteSource {
    const decoded = this.#decoded;
    return decoded === undefined ? this.#body : { getReader: () => decoded };
  }

  bytes(): Promise<Uint8Array> {
    return this.#decoded === undefined ? this.#body.bytes() : readWhole(this.#decoded);
  }
}
