// Both ends as bare TCP: an upstream that may stall, lie or reset, and a client that sends hand-made bytes.

import { connect, createServer, type Socket } from "node:net";
import { ByteStream } from "./byte-stream.ts";
import { within } from "./deadline.ts";
import { type RawMessage, type RawReply, readReply, readRequest } from "./raw-http.ts";

export interface RawConnection {
  readonly stream: ByteStream;
  /** Resolves when the peer, or we, closed it. */
  readonly closed: Promise<void>;
  write(bytes: string | Uint8Array): void;
  /** Half-closes after what was written. */
  end(): void;
  /** Closes with a TCP reset. */
  reset(): void;
  destroy(): void;
}

export interface RawUpstream {
  readonly url: string;
  readonly port: number;
  /** Every whole request, over all connections, in order. */
  readonly requests: RawMessage[];
  readonly connections: RawConnection[];
  /** The connection with this number, as soon as it is open. */
  connection(index: number): Promise<RawConnection>;
  stop(): Promise<void>;
}

export interface RawTurn {
  readonly connection: RawConnection;
  readonly request: RawMessage;
  /** Number of this connection, and of this request on it; both from 0. */
  readonly connectionIndex: number;
  readonly requestIndex: number;
}

function connectionOf(socket: Socket): RawConnection {
  const stream = new ByteStream(socket);
  return {
    stream,
    closed: stream.closed,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    destroy: () => void socket.destroy(),
  };
}

/** Starts a TCP server that hands each whole HTTP request to `turn`, which writes what it likes. */
export async function rawUpstream(turn: (turn: RawTurn) => void | Promise<void>): Promise<RawUpstream> {
  const requests: RawMessage[] = [];
  const connections: RawConnection[] = [];
  const waiting: (() => void)[] = [];
  const serve = async (connection: RawConnection, connectionIndex: number) => {
    for (let requestIndex = 0; ; requestIndex++) {
      // A peer that leaves, also in the middle of a request, ends the conversation; the test looks at `requests`.
      const request = await readRequest(connection.stream).catch(() => undefined);
      if (request === undefined) return;
      requests.push(request);
      await turn({ connection, request, connectionIndex, requestIndex });
    }
  };
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    const connection = connectionOf(socket);
    const index = connections.push(connection) - 1;
    for (const wake of waiting.splice(0)) wake();
    void serve(connection, index);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const arrival = async (index: number): Promise<RawConnection> => {
    for (;;) {
      const connection = connections[index];
      if (connection !== undefined) return connection;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    connections,
    connection: (index) => within(`upstream connection ${index}`, arrival(index)),
    stop: async () => {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Opens a connection to send bytes of any kind. */
export async function rawConnect(
  to: { readonly port: number } | { readonly path: string },
): Promise<RawConnection> {
  const socket = "path" in to ? connect(to.path) : connect(to.port, "127.0.0.1");
  const connection = connectionOf(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.setNoDelay(true);
  return connection;
}

/** Sends the bytes on a connection of its own, reads one answer, closes. */
export async function rawExchange(port: number, bytes: string | Uint8Array): Promise<RawReply> {
  const connection = await rawConnect({ port });
  try {
    connection.write(bytes);
    return await readReply(connection.stream);
  } finally {
    connection.destroy();
  }
}
