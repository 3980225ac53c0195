// Takes a request's body into memory: bounded in size and time, decoded, and counted against the memory of all bodies.

import { constants } from "node:buffer";
import { GatewayError } from "../errors.ts";
import { loadZlib } from "../lib/late-builtins.ts";
import type { Wheel } from "../lib/wheel.ts";
import { isWholeZstd } from "../lib/zstd-frames.ts";
import type { HoldBytes } from "./hold-memory.ts";

export interface BodyLimits {
  /** Bytes, compressed and decoded alike. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly wheel: Wheel;
  /** Counts what is read; released by whoever opened the request. */
  readonly hold: HoldBytes;
}

type Decoder = (data: Uint8Array, options: { maxOutputLength: number }, done: Done) => void;
type Done = (error: Error | null, result: Buffer) => void;

const gunzip: Decoder = (data, options, done) => loadZlib().gunzip(data, options, done);

const unzstd: Decoder = (data, options, done) => {
  if (isWholeZstd(data)) loadZlib().zstdDecompress(data, options, done);
  else done(new Error("incomplete zstd data"), Buffer.alloc(0));
};

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", (data, options, done) => loadZlib().inflate(data, options, done)],
  ["br", (data, options, done) => loadZlib().brotliDecompress(data, options, done)],
  ["zstd", unzstd],
]);

/** More codings than this in a row are nobody's honest request. */
const MAX_CODINGS = 3;

/**
 * The decoded body.
 *
 * @throws {GatewayError} `body_too_large` (by its announced length, before anything is read), `unsupported_media_type`,
 *   `unsupported_encoding`, `body_timeout`, `overloaded`, `invalid_request` for compressed data that is broken
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > limits.maxBytes) throw tooLarge(limits);
  requireJson(request.headers.get("content-type"));
  const codings = codingsOf(request.headers.get("content-encoding"));
  const raw = await withinTime(request, limits, (isOver) =>
    announced === null ? readChunks(request, limits, isOver) : readWhole(request, Number(announced), limits),
  );
  return codings.length === 0 ? raw : decode(raw, codings, limits);
}

function requireJson(contentType: string | null): void {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json" || /^[\w.-]+\/[\w.-]+\+json$/.test(type)) return;
  throw new GatewayError(
    "unsupported_media_type",
    "this endpoint takes JSON; send `content-type: application/json`",
  );
}

/** The codings in the order in which they must be undone. */
function codingsOf(header: string | null): readonly string[] {
  const names = (header ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > MAX_CODINGS || names.some((name) => !DECODERS.has(name)))
    throw new GatewayError(
      "unsupported_encoding",
      "the request's content-encoding is not supported; use gzip, deflate, br, zstd, or none",
    );
  return names.reverse();
}

async function readWhole(request: Request, length: number, limits: BodyLimits): Promise<Uint8Array> {
  limits.hold(length);
  return await request.bytes();
}

async function readChunks(request: Request, limits: BodyLimits, isOver: () => boolean): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  if (request.body === null) return new Uint8Array(0);
  for await (const part of request.body as ReadableStream<Uint8Array>) {
    // The request was answered: what still comes is nobody's, and must not be counted.
    if (isOver()) break;
    size += part.byteLength;
    if (size > limits.maxBytes) throw tooLarge(limits);
    limits.hold(part.byteLength);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function decode(raw: Uint8Array, codings: readonly string[], limits: BodyLimits): Promise<Uint8Array> {
  let body = raw;
  for (const coding of codings) {
    const decoder = DECODERS.get(coding);
    if (decoder !== undefined) body = await decodeOnce(decoder, body, coding, limits);
  }
  limits.hold(body.byteLength);
  return body;
}

function decodeOnce(decoder: Decoder, data: Uint8Array, coding: string, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decoder(data, { maxOutputLength: longestOutput(limits) }, (error, result) => {
      if (error === null) resolve(result);
      else if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE") reject(tooLarge(limits));
      else reject(new GatewayError("invalid_request", `the body is not valid ${coding} data`));
    });
  });
}

/** The decoders refuse limits that no buffer can have. */
function longestOutput({ maxBytes }: BodyLimits): number {
  return Math.min(Math.max(1, maxBytes), constants.MAX_LENGTH);
}

function tooLarge(limits: BodyLimits): GatewayError {
  return new GatewayError(
    "body_too_large",
    `the body is larger than the ${limits.maxBytes} bytes that \`server.max_body\` allows`,
    { headers: { connection: "close" } },
  );
}

function withinTime<T>(
  request: Request,
  limits: BodyLimits,
  read: (isOver: () => boolean) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = {
      dueAt: limits.timeoutMs > 0 ? limits.wheel.now() + limits.timeoutMs : Number.POSITIVE_INFINITY,
      due(): void {
        settle();
        reject(
          new GatewayError("body_timeout", "the request body did not arrive within `server.body_timeout`", {
            headers: { connection: "close" },
          }),
        );
      },
    };
    const hangUp = (): void => {
      settle();
      reject(new GatewayError("client_closed", "the client hung up while it sent its request"));
    };
    const settle = (): void => {
      over = true;
      limits.wheel.remove(timer);
      request.signal.removeEventListener("abort", hangUp);
    };
    if (request.signal.aborted) return hangUp();
    limits.wheel.add(timer);
    request.signal.addEventListener("abort", hangUp, { once: true });
    read(() => over).then(
      (body) => {
        settle();
        resolve(body);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}
