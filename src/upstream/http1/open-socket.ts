// Opens a TCP connection that can be given up while it is being opened.

import { connect } from "node:net";
import type { Socket, SocketHandler } from "bun";

/** A connection that is being opened. */
export interface Opening {
  /** Gives it up at once: no SYN is repeated, and neither of the two callbacks is called any more. */
  cancel(): void;
}

/** What node's sockets of this runtime are made of. */
interface WithHandle {
  _handle: Socket<unknown> | null;
}

/**
 * `Bun.connect` cannot be stopped before the other side has answered, which takes minutes where nobody does; node's
 * sockets can, but cost more for every byte. So node's socket opens the connection, and what lies below it goes on
 * alone. The runtime is a part of the executable, so what is true of it when it is tested stays true.
 *
 * @param opened is told the socket, whose events go to `handlers` from then on
 * @param failed is told the error of the system
 */
export function openSocket<Data>(
  at: { readonly hostname: string; readonly port: number },
  handlers: SocketHandler<Data>,
  data: Data,
  opened: (socket: Socket<Data>) => void,
  failed: (error: unknown) => void,
): Opening {
  const outer = connect({ host: at.hostname, port: at.port });
  let isOver = false;
  const takeOver = (): void => {
    if (isOver) return;
    isOver = true;
    const below = outer as unknown as WithHandle;
    const socket = below._handle as Socket<Data> | null;
    if (socket === null) {
      failed(new Error("the connection was closed while it was opened"));
      return;
    }
    below._handle = null;
    socket.reload({ socket: handlers });
    socket.data = data;
    opened(socket);
  };
  outer.once("error", (error) => {
    if (isOver) return;
    isOver = true;
    failed(error);
  });
  // Not before its own handler has returned: that one still writes to the socket's data.
  outer.once("connect", () => queueMicrotask(takeOver));
  return {
    cancel() {
      if (isOver) return;
      isOver = true;
      outer.destroy();
    },
  };
}
