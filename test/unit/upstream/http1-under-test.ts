// What came of an answer, in one line that can be compared: whoever read it.

import type { UpstreamResponse } from "../../../src/upstream/http1/answer.ts";
import { Exchange } from "../../../src/upstream/http1/exchange.ts";
import { createTransport, type Transport } from "../../../src/upstream/http1/transport.ts";
import { within } from "../../support/deadline.ts";
import { FakeWheel } from "../../support/fake-parts.ts";
import type { OddAnswer } from "./http1-odd-answers.ts";

/** Init of a request as `send.ts` makes it. */
export function initOf(more: BunFetchRequestInit = {}): BunFetchRequestInit {
  return { method: "POST", redirect: "manual", proxy: false, ...more };
}

/** The own client, without anything to fall back to. */
export function ownTransport(wheel = new FakeWheel()): Transport {
  const fetch = (): never => {
    throw new Error("this was not for `fetch`");
  };
  return createTransport({ fetch, wheel });
}

/** Errors of decompression have other names in every part of the runtime. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  const isDecoding = code === "ZlibError" || code === "BrotliDecompressionError";
  if (isDecoding || (code === undefined && error instanceof TypeError)) return "undecodable";
  return typeof code === "string" ? code : `no code: ${String(error)}`;
}

export async function described(promise: Promise<UpstreamResponse>): Promise<string> {
  let response: UpstreamResponse;
  try {
    response = await promise;
  } catch (error) {
    return codeOf(error);
  }
  const fields: string[] = [];
  response.headers.forEach((value, name) => {
    fields.push(`${name}: ${value}`);
  });
  try {
    const body = Buffer.from(await response.bytes()).toString("latin1");
    return JSON.stringify([response.status, response.ok, fields.toSorted(), body]);
  } catch (error) {
    return `${response.status} ${codeOf(error)}`;
  }
}

/** Feeds an answer to an exchange, without a network; the outcome, and what became of the connection. */
export async function fed(
  { method = "POST", ending }: OddAnswer,
  pieces: readonly Uint8Array[],
): Promise<{ readonly outcome: string; readonly fate: string }> {
  let fate = "open";
  const carrier = {
    pause() {},
    resume() {},
    terminate() {
      fate = "terminated";
    },
    finished(isReusable: boolean) {
      fate = isReusable ? "kept" : "closed";
    },
  };
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
  const exchange = new Exchange({ method, head: "", body: undefined, signal: undefined }, resolve, reject);
  exchange.isWritten = true;
  exchange.begin(carrier, false);
  const outcome = described(promise);
  for (const piece of pieces) if (fate === "open") exchange.receive(Buffer.from(piece));
  // What has not ended by itself ends with the connection.
  if (fate === "open") exchange.closed(ending === "reset" ? new Error("reset") : undefined);
  return { outcome: await within("the outcome", outcome), fate };
}
