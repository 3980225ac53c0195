// The soak test's upstream: does what each request's plan says, faults included, and counts what is open.

import { createServer, type Socket } from "node:net";
import { ByteStream } from "./byte-stream.ts";
import { readRequest, replyBytes } from "./raw-http.ts";
import { planIn, type Step, scriptOf } from "./soak-plan.ts";

export interface SoakUpstream {
  readonly url: string;
  /** Requests that came whole. */
  served(): number;
  /** Sockets on which a request is under way. */
  busy(): number;
  /** Sockets, idle ones included. */
  open(): number;
  stop(): Promise<void>;
}

const MODELS = replyBytes(
  "200 OK",
  ["content-type: application/json"],
  JSON.stringify({ object: "list", data: [{ id: "m", object: "model" }] }),
);

/** Does the steps until the socket is gone; resolves whether another request may follow on it. */
async function perform(socket: Socket, stream: ByteStream, steps: readonly Step[]): Promise<boolean> {
  let gone = false;
  const leaving = stream.closed.then(() => {
    gone = true;
  });
  for (const step of steps) {
    if (step === "stall") {
      await leaving;
      return false;
    }
    if (step === "reset") {
      socket.resetAndDestroy();
      return false;
    }
    if ("waitMs" in step) await Promise.race([Bun.sleep(step.waitMs), leaving]);
    else socket.write(step.bytes);
    if (gone || socket.destroyed) return false;
  }
  return true;
}

/** Resolves when there is something to read, or nothing will come any more. */
async function firstBytes(socket: Socket, stream: ByteStream): Promise<void> {
  if (stream.pending.length > 0 || socket.destroyed) return;
  const some = new Promise<void>((resolve) => void socket.once("data", () => resolve()));
  await Promise.race([some, stream.closed]);
}

export async function startSoakUpstream(): Promise<SoakUpstream> {
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  let served = 0;

  const serve = async (socket: Socket): Promise<void> => {
    const stream = new ByteStream(socket);
    for (;;) {
      // A pooled socket may rest for minutes; only a request that has begun is waited for with a limit.
      await firstBytes(socket, stream);
      const request = await readRequest(stream).catch(() => undefined);
      if (request === undefined) return;
      served += 1;
      busy.add(socket);
      const plan = planIn(request.text);
      const steps = plan === undefined ? [{ bytes: MODELS }] : scriptOf(plan).steps;
      const goesOn = await perform(socket, stream, steps);
      busy.delete(socket);
      if (!goesOn) return;
    }
  };

  const server = createServer((socket) => {
    socket.setNoDelay(true);
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      busy.delete(socket);
    });
    void serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    served: () => served,
    busy: () => busy.size,
    open: () => open.size,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
