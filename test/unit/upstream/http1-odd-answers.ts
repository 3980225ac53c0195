// Answers as servers send them, and as they should not: what the own client and `fetch` are both given to read.

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

export interface OddAnswer {
  readonly name: string;
  readonly bytes: Buffer;
  /** What the server does behind the bytes. Default: it keeps the connection. */
  readonly ending?: "fin" | "reset";
  readonly method?: "GET" | "POST" | "HEAD";
}

function answer(name: string, bytes: string | Uint8Array, more: Partial<OddAnswer> = {}): OddAnswer {
  return {
    name,
    bytes: typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes),
    ...more,
  };
}

const FIN = { ending: "fin" } as const;
const RESET = { ending: "reset" } as const;
const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

function compressed(encoding: string, body: Uint8Array, more = ""): Buffer {
  const head = `${OK}content-encoding: ${encoding}\r\n${more}content-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function compressedChunks(encoding: string, body: Uint8Array): Buffer {
  const parts: Uint8Array[] = [
    Buffer.from(`${OK}content-encoding: ${encoding}\r\ntransfer-encoding: chunked\r\n\r\n`),
  ];
  for (let at = 0; at < body.length; at += 7) {
    const part = body.subarray(at, at + 7);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

const TEXT = Buffer.from(`{"text":"größe 😀 ${"abc ".repeat(750)}"}`);

/** Both readers make the same of these. */
export const SAME: readonly OddAnswer[] = [
  answer("length", `${OK}content-length: 5\r\n\r\nhello`),
  answer("length of nothing", `${OK}content-length: 0\r\n\r\n`),
  answer("length with zeros before", `${OK}content-length: 0005\r\n\r\nhello`),
  answer("length, then a close", `${OK}content-length: 5\r\n\r\nhello`, FIN),
  answer("length, then a reset", `${OK}connection: close\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("length cut by a close", `${OK}content-length: 50\r\n\r\nhello`, FIN),
  answer("length cut by a reset", `${OK}content-length: 50\r\n\r\nhello`, RESET),
  answer("length twice the same", `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`),
  answer("length that is negative", `${OK}content-length: -5\r\n\r\nhello`, FIN),
  answer("length that is no number", `${OK}content-length: five\r\n\r\nhello`, FIN),
  answer("length in hexadecimal", `${OK}content-length: 0x5\r\n\r\nhello`, FIN),
  answer("length beyond all numbers", `${OK}content-length: 99999999999999999999999\r\n\r\nhello`, FIN),
  answer("chunks", `${CHUNKED}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`),
  answer("chunks of nothing", `${CHUNKED}0\r\n\r\n`),
  answer("chunks in capitals and with zeros", `${CHUNKED}00A\r\n0123456789\r\n0\r\n\r\n`),
  answer("chunks with extensions", `${CHUNKED}5;a=b\r\nhello\r\n0;end\r\n\r\n`),
  answer("chunks with trailers", `${CHUNKED}5\r\nhello\r\n0\r\nx-a: b\r\nx-c: d\r\n\r\n`),
  answer("chunks without their end", `${CHUNKED}5\r\nhello\r\n`, FIN),
  answer("chunks cut in the middle of one", `${CHUNKED}50\r\nhello`, FIN),
  answer("chunks cut by a reset", `${CHUNKED}5\r\nhello\r\n`, RESET),
  answer("chunks with a size that is none", `${CHUNKED}zz\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("chunks with a negative size", `${CHUNKED}-5\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("chunks with a huge size", `${CHUNKED}fffffffffffffffffffff\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("chunks cut in a size", `${CHUNKED}5\r\nhello\r\n1`, FIN),
  answer("chunks in capitals", `${OK}Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
  answer("chunks, then a close", `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("many small chunks", `${CHUNKED}${"1\r\nx\r\n".repeat(3_000)}0\r\n\r\n`),
  answer("until the close", `${OK}\r\nhello`, FIN),
  answer("nothing until the close", `${OK}\r\n`, FIN),
  answer("until the close, said so", `${OK}connection: close\r\n\r\nhello`, FIN),
  answer("HTTP/1.0 until the close", "HTTP/1.0 200 OK\r\n\r\nhello", FIN),
  answer("HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer(
    "HTTP/1.0 that keeps alive",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello",
  ),
  answer(
    "chunks and a length",
    `${OK}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    FIN,
  ),
  answer("a length and identity", `${OK}transfer-encoding: identity\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("204", "HTTP/1.1 204 No Content\r\n\r\n"),
  answer("204 with a length", "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"),
  answer("204 with a length that lies", "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"),
  answer("304 with a length", "HTTP/1.1 304 Not Modified\r\ncontent-length: 50\r\n\r\n"),
  answer("205", "HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n"),
  answer("HEAD with a length", `${OK}content-length: 50\r\n\r\n`, { method: "HEAD" }),
  answer("HEAD with chunks", CHUNKED, { method: "HEAD" }),
  answer("GET with a body", `${OK}content-length: 5\r\n\r\nhello`, { method: "GET" }),
  answer("100 before", `HTTP/1.1 100 Continue\r\n\r\n${OK}content-length: 5\r\n\r\nhello`),
  answer(
    "103 with headers before",
    `HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n${OK}content-length: 5\r\n\r\nhello`,
  ),
  answer(
    "102 twice before",
    `HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n${OK}content-length: 5\r\n\r\nhello`,
  ),
  answer("100 and nothing behind it", "HTTP/1.1 100 Continue\r\n\r\n", FIN),
  answer("a redirect", "HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n"),
  answer("401", "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 2\r\n\r\nno"),
  answer("a status of no kind", "HTTP/1.1 599 Odd\r\ncontent-length: 2\r\n\r\nno"),
  answer("a status without words", "HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello"),
  answer("a status with a space and no words", "HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\nhello"),
  answer("a status with odd words", "HTTP/1.1 200 \xe4\xf6 \x09 x\r\ncontent-length: 5\r\n\r\nhello"),
  answer("a status that is no number", "HTTP/1.1 2xx OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("a status of two digits", "HTTP/1.1 20 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n\r\n", FIN),
  answer("HTTP/2", "HTTP/2 200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("a TLS alert", Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46]), FIN),
  answer("nothing, then a close", "", FIN),
  answer("nothing, then a reset", "", RESET),
  answer("half a status line", "HTTP/1.1 20", FIN),
  answer("half a head", `${OK}content-length: 5\r\nx-a`, FIN),
  answer("half a head, then a reset", `${OK}content-length: 5\r\nx-a`, RESET),
  answer("line feeds only", "HTTP/1.1 200 OK\ncontent-length: 5\nx-a: b\n\nhello"),
  answer("header names in capitals", `${OK}CONTENT-LENGTH: 5\r\nX-A: B\r\n\r\nhello`),
  answer("a header twice", `${OK}x-a: 1\r\nx-b: 2\r\nX-A: 3\r\ncontent-length: 5\r\n\r\nhello`),
  answer("cookies twice", `${OK}set-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 5\r\n\r\nhello`),
  answer("a header without a value", `${OK}x-a:\r\nx-b: \r\ncontent-length: 5\r\n\r\nhello`),
  answer("spaces around a value", `${OK}x-a: \t b c \t \r\ncontent-length: \t5 \r\n\r\nhello`),
  answer("a value with letters beyond ASCII", `${OK}x-a: gr\xf6\xdfe\r\ncontent-length: 5\r\n\r\nhello`),
  answer("a value in UTF-8", Buffer.from(`${OK}x-a: größe\r\ncontent-length: 5\r\n\r\nhello`)),
  answer("a header without a colon", `${OK}x-a\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a header without a name", `${OK}: b\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a space before a colon", `${OK}x-a : b\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a NUL in a value", `${OK}x-a: b\0c\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a NUL in a name", `${OK}x\0a: b\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a long value", `${OK}x-a: ${"b".repeat(8_000)}\r\ncontent-length: 5\r\n\r\nhello`),
  answer(
    "sixty headers",
    `${OK}${Array.from({ length: 60 }, (_, i) => `x-${i}: ${i}\r\n`).join("")}content-length: 5\r\n\r\nhello`,
  ),
  answer("an encoding that is none", `${OK}content-encoding: identity\r\ncontent-length: 5\r\n\r\nhello`),
  answer("an encoding nobody knows", `${OK}content-encoding: rot13\r\ncontent-length: 5\r\n\r\nhello`),
  answer("gzip", compressed("gzip", gzipSync(TEXT))),
  answer("gzip in capitals", compressed("GZIP", gzipSync(TEXT))),
  answer("gzip of nothing", compressed("gzip", gzipSync(""))),
  answer("gzip in chunks", compressedChunks("gzip", gzipSync(TEXT))),
  answer("gzip of two members", compressed("gzip", Buffer.concat([gzipSync("one"), gzipSync("two")]))),
  answer("deflate", compressed("deflate", deflateSync(TEXT))),
  answer("deflate in chunks", compressedChunks("deflate", deflateSync(TEXT))),
  answer("brotli", compressed("br", brotliCompressSync(TEXT))),
  answer("brotli in chunks", compressedChunks("br", brotliCompressSync(TEXT))),
  answer("zstd", compressed("zstd", zstdCompressSync(TEXT))),
  answer("zstd in chunks", compressedChunks("zstd", zstdCompressSync(TEXT))),
  answer("gzip that is none", compressed("gzip", Buffer.from("hello"))),
  answer("gzip that breaks off", compressed("gzip", gzipSync(TEXT).subarray(0, 60))),
  answer("brotli that breaks off", compressed("br", brotliCompressSync(TEXT).subarray(0, 20))),
  answer("an empty body that says gzip", compressed("gzip", Buffer.alloc(0))),
  answer("HEAD that says gzip", `${OK}content-encoding: gzip\r\ncontent-length: 50\r\n\r\n`, {
    method: "HEAD",
  }),
  answer("deflate without its frame", compressed("deflate", deflateRawSync(TEXT))),
  answer("x-gzip", compressed("x-gzip", gzipSync(TEXT))),
  answer("gzip twice said", compressed("gzip, gzip", gzipSync(gzipSync(TEXT)))),
  answer("length in a list", `${OK}content-length: 5, 5\r\n\r\nhello`, FIN),
  answer("length twice, different", `${OK}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`, FIN),
  answer("length with a plus", `${OK}content-length: +5\r\n\r\nhello`, FIN),
  answer("an empty length", `${OK}content-length:\r\n\r\nhello`, FIN),
  answer("a folded header", `${OK}x-a: b\r\n c\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("bytes behind the end", `${OK}content-length: 5\r\n\r\nhelloEXTRA`, FIN),
  answer("chunks and bytes behind", `${CHUNKED}5\r\nhello\r\n0\r\n\r\nEXTRA`, FIN),
  answer("a chunk that is longer than it says", `${CHUNKED}3\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("chunks with line feeds only", `${CHUNKED}5\nhello\n0\n\n`, FIN),
  answer("chunked twice", `${OK}transfer-encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, FIN),
  answer(
    "a transfer coding nobody knows",
    `${OK}transfer-encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    FIN,
  ),
  answer("101, which nobody asked for", "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\nhello", FIN),
  answer("a status of 999", "HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\nno"),
  answer("a status of four digits", "HTTP/1.1 1000 Odd\r\ncontent-length: 2\r\n\r\nno", FIN),
  answer("HTTP/1.2", "HTTP/1.2 200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("HTTP/1.15", "HTTP/1.15 200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("a radio station", "ICY 200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("HTTP in small letters", "http/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("two spaces before the status", "HTTP/1.1  200 OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("an empty line before", `\r\n${OK}content-length: 5\r\n\r\nhello`, FIN),
  answer("a control character in a value", `${OK}x-a: b\x01c\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("DEL in a value", `${OK}x-a: b\x7fc\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("CR in a value", `${OK}x-a: b\rc\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a space in a name", `${OK}x a: b\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a name with a letter beyond ASCII", `${OK}x\xe4: b\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer("a name with a quote", `${OK}x"a: b\r\ncontent-length: 5\r\n\r\nhello`, FIN),
  answer(
    "100 headers",
    `${OK}${Array.from({ length: 100 }, (_, i) => `x-${i}: ${i}\r\n`).join("")}content-length: 5\r\n\r\nhello`,
    FIN,
  ),
  answer(
    "200 headers",
    `${OK}${Array.from({ length: 200 }, (_, i) => `x-${i}: ${i}\r\n`).join("")}content-length: 5\r\n\r\nhello`,
    FIN,
  ),
  answer(
    "300 headers",
    `${OK}${Array.from({ length: 300 }, (_, i) => `x-${i}: ${i}\r\n`).join("")}content-length: 5\r\n\r\nhello`,
    FIN,
  ),
  answer("a value of 20 KB", `${OK}x-a: ${"b".repeat(20_000)}\r\ncontent-length: 5\r\n\r\nhello`),
  answer("a value of 100 KB", `${OK}x-a: ${"b".repeat(100_000)}\r\ncontent-length: 5\r\n\r\nhello`),
  answer("a value of 1 MB", `${OK}x-a: ${"b".repeat(1_000_000)}\r\ncontent-length: 5\r\n\r\nhello`),
  answer("chunks with 100 KB of trailer", `${CHUNKED}5\r\nhello\r\n0\r\n${"x-a: b\r\n".repeat(14_000)}\r\n`),
  answer("a chunk size with a space behind it", `${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`, FIN),
  answer("a chunk size with a space before it", `${CHUNKED} 5\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("a chunk size with 0x", `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`, FIN),
  answer("a trailer without a colon", `${CHUNKED}5\r\nhello\r\n0\r\nnocolon\r\n\r\n`, FIN),
  answer("chunks without the last empty line", `${CHUNKED}5\r\nhello\r\n0\r\n`, FIN),
  answer(
    "HTTP/1.0 with chunks",
    "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    FIN,
  ),
  answer("a status without a space behind it", "HTTP/1.1 200OK\r\ncontent-length: 5\r\n\r\nhello", FIN),
  answer("a chunk with 70 KB of extensions", `${CHUNKED}5;${"a".repeat(70_000)}\r\nhello\r\n0\r\n\r\n`),
];

/** The own client does not take these for whole answers, and `fetch` does; what it makes of each. */
export const STRICTER: readonly (OddAnswer & { readonly ours: string })[] = [
  { ...answer("until a reset", `${OK}\r\nhello`, RESET), ours: "200 ECONNRESET" },
  { ...answer("an answer of HTTP/0.9", "hello\r\n\r\n", FIN), ours: "Malformed_HTTP_Response" },
  {
    ...answer(
      "gzip, then chunks",
      `${OK}transfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      FIN,
    ),
    ours: "UnsupportedTransferEncoding",
  },
  {
    ...answer("status 099", "HTTP/1.1 099 Odd\r\ncontent-length: 2\r\n\r\nno", FIN),
    ours: "Malformed_HTTP_Response",
  },
  {
    ...answer(
      "gzip bytes behind",
      compressed("gzip", Buffer.concat([gzipSync("one"), Buffer.from("garbage")])),
    ),
    ours: "200 undecodable",
  },
];
