// A small HTTP proxy: passes on requests with absolute addresses, opens tunnels, and remembers what was asked of it.

import { connect, createServer, type Socket } from "node:net";

export interface HttpProxy {
  readonly port: number;
  /** Request lines, with the `proxy-authorization` behind them where there is one. */
  readonly asked: string[];
  /** Answers everything from now on with these bytes, or with nothing at all; undefined = works again. */
  refuse(answer: string | undefined): void;
  /** Connections to it that are open. */
  open(): number;
  stop(): Promise<void>;
}

function headOf(bytes: Buffer): { text: string; rest: Buffer } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0
    ? undefined
    : { text: bytes.subarray(0, end).toString("latin1"), rest: bytes.subarray(end + 4) };
}

/** Joins both ends: what one says or the end of one reaches the other. */
function join(client: Socket, server: Socket): void {
  client.pipe(server);
  server.pipe(client);
  client.on("close", () => server.destroy());
  server.on("close", () => client.destroy());
  server.on("error", () => client.destroy());
}

function tunnel(client: Socket, address: string, rest: Buffer): void {
  const colon = address.lastIndexOf(":");
  const server = connect(Number(address.slice(colon + 1)), address.slice(0, colon), () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    server.write(rest);
    join(client, server);
  });
  server.on("error", () => client.destroy());
}

/** One request per connection: the answer's end closes it. */
function passOn(
  client: Socket,
  method: string,
  address: string,
  lines: readonly string[],
  rest: Buffer,
): void {
  const url = new URL(address);
  const kept = lines.filter((line) => !/^(proxy-[a-z-]+|connection):/i.test(line));
  const head = [`${method} ${url.pathname}${url.search} HTTP/1.1`, ...kept, "connection: close"].join("\r\n");
  const server = connect(Number(url.port), url.hostname, () => {
    server.write(`${head}\r\n\r\n`);
    server.write(rest);
    join(client, server);
  });
  server.on("error", () => client.destroy());
}

export async function httpProxy(): Promise<HttpProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  let refusal: string | undefined;

  const begin = (client: Socket, { text, rest }: { text: string; rest: Buffer }): void => {
    const [line = "", ...lines] = text.split("\r\n");
    const authorization = lines.find((header) => /^proxy-authorization:/i.test(header));
    asked.push(authorization === undefined ? line : `${line} ${authorization}`);
    const [method = "", address = ""] = line.split(" ");
    if (refusal !== undefined) client.write(refusal);
    else if (method === "CONNECT") tunnel(client, address, rest);
    else passOn(client, method, address, lines, rest);
  };

  const server = createServer((client) => {
    open.add(client);
    client.on("close", () => open.delete(client));
    client.on("error", () => {});
    let bytes = Buffer.alloc(0);
    const read = (part: Buffer): void => {
      bytes = Buffer.concat([bytes, part]);
      const head = headOf(bytes);
      if (head === undefined) return;
      client.off("data", read);
      begin(client, head);
    };
    client.on("data", read);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    asked,
    refuse(answer) {
      refusal = answer;
    },
    open: () => open.size,
    async stop() {
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
