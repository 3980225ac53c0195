// The real network behind the gateway's reaching out: name look-ups and plain connections.

import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type { Network } from "../upstream/reach.ts";

export function createNetwork(now: () => number): Network {
  return {
    now,
    async lookup(host) {
      const found = await lookup(host, { all: true });
      return found.map(({ address }) => address);
    },
    connect(address, port, signal) {
      return new Promise((resolve, reject) => {
        const socket = connect({ host: address, port });
        const abort = (): void => {
          socket.destroy();
          reject(new Error("aborted"));
        };
        signal.addEventListener("abort", abort, { once: true });
        const done = (): void => signal.removeEventListener("abort", abort);
        socket.once("connect", () => {
          done();
          socket.destroy();
          resolve();
        });
        socket.once("error", (error) => {
          done();
          reject(error);
        });
      });
    },
  };
}

/** The runtime's `fetch` and nothing else of it, which can be handed on. */
export function plainFetch(url: string, init: BunFetchRequestInit): Promise<Response> {
  return fetch(url, init);
}
