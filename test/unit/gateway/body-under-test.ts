// Reads bodies as the gateway does, under limits that a test can look at and change.

import { GatewayError } from "../../../src/errors.ts";
import { readBody } from "../../../src/gateway/read-body.ts";
import { FakeWheel } from "../../support/fake-parts.ts";

export const CAP = 1_000;

type Chunk = string | Uint8Array;

export interface Sent {
  readonly body: Chunk | ReadableStream<Uint8Array> | readonly Chunk[] | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function streamOf(chunks: readonly Chunk[]): ReadableStream<Uint8Array> {
  const left = chunks.map((chunk) => Buffer.from(chunk));
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}

/** A body of one piece comes with its length, a list of pieces without, as chunked bodies do. */
function requestOf({ body, headers = {}, signal }: Sent): Request {
  const whole = typeof body === "string" || body instanceof Uint8Array;
  const length: Record<string, string> = whole ? { "content-length": String(Buffer.byteLength(body)) } : {};
  const streamed = Array.isArray(body)
    ? streamOf(body)
    : (body as Chunk | ReadableStream<Uint8Array> | undefined);
  return new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": "application/json", ...length, ...headers },
    ...(streamed === undefined ? {} : { body: streamed }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The reader under test and the limits it is held to. */
export class BodyUnderTest {
  readonly wheel = new FakeWheel();
  /** Bytes that were counted, in the order of counting. */
  readonly held: number[] = [];
  /** Bytes that there is room for. */
  room = Number.POSITIVE_INFINITY;
  timeoutMs = 5_000;

  async read(sent: Sent): Promise<string> {
    const { timeoutMs, wheel } = this;
    const hold = (bytes: number): void => this.#hold(bytes);
    return Buffer.from(await readBody(requestOf(sent), { maxBytes: CAP, timeoutMs, wheel, hold })).toString();
  }

  async refusal(sent: Sent): Promise<GatewayError> {
    const thrown = await this.read(sent).then(
      () => new Error("was not refused"),
      (error: unknown) => error,
    );
    if (thrown instanceof GatewayError) return thrown;
    throw thrown;
  }

  #hold(bytes: number): void {
    this.room -= bytes;
    if (this.room < 0) throw new GatewayError("overloaded", "no room", { retryAfterSeconds: 1 });
    this.held.push(bytes);
  }
}
