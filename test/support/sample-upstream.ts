// An upstream that serves samples as raw bytes, cut at will: the request's model says which sample, and how it is cut.

import { type RawConnection, type RawUpstream, rawUpstream } from "./raw-tcp.ts";

export interface ServedSample {
  readonly bytes: Uint8Array;
  readonly status?: string;
  readonly headers?: readonly string[];
}

export interface SampleUpstream extends RawUpstream {
  /** The model to ask for. `size` = bytes per chunk; 0 = all in one. */
  model(sample: number, size?: number): string;
}

/** Whole, every byte, prime, and the sizes of small and large packets. */
export const WIRE_CHUNKS = [0, 1, 7, 64, 1400] as const;

const EVENT_STREAM = ["content-type: text/event-stream"];

/** Starts one that serves the samples by their numbers. */
export async function sampleUpstream(samples: readonly ServedSample[]): Promise<SampleUpstream> {
  const upstream = await rawUpstream(async ({ connection, request }) => {
    const { model } = JSON.parse(request.text) as { model: string };
    const [number, size] = model.split(":").map(Number);
    const sample = samples[number ?? 0];
    if (sample === undefined) throw new Error(`no sample has the number ${number}`);
    await serve(connection, sample, size || sample.bytes.length);
  });
  return { ...upstream, model: (sample, size = 0) => `${sample}:${size}` };
}

async function serve(connection: RawConnection, sample: ServedSample, size: number): Promise<void> {
  const { bytes, status = "200 OK", headers = EVENT_STREAM } = sample;
  connection.write(`HTTP/1.1 ${[status, ...headers, "transfer-encoding: chunked"].join("\r\n")}\r\n\r\n`);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.from(bytes.subarray(at, at + size));
    connection.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]));
    // Lets each piece leave as a packet of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  connection.write("0\r\n\r\n");
}

const CRLF = Buffer.from("\r\n");
