// Free ports, and waiting until something answers on one.

/** A port that was free a moment ago. */
export function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

const TRY_EVERY_MS = 1;

/** Sends the request over and over until it is answered with 200; resolves with the milliseconds that took. */
export async function untilAnswered(port: number, request: Buffer, limitMs: number): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < limitMs) {
    if ((await statusOf(port, request)) === 200) return performance.now() - startedAt;
    await Bun.sleep(TRY_EVERY_MS);
  }
  throw new Error(`nothing answered with 200 on port ${port} within ${limitMs} ms`);
}

/** The status of the answer to one request on a connection of its own; 0 when there is none. */
export async function statusOf(port: number, request: Buffer): Promise<number> {
  return Number((await headOf(port, request)).slice(9, 12));
}

/** The head of the answer, as text; empty when there is none. */
export function headOf(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let head = "";
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => void socket.write(request),
        data(socket, bytes) {
          head += bytes.toString("latin1");
          const end = head.indexOf("\r\n\r\n");
          if (end < 0) return;
          resolve(head.slice(0, end));
          socket.end();
        },
        close: () => resolve(""),
      },
    }).catch(() => resolve(""));
  });
}
