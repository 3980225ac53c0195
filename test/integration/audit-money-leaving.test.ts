// Clients that leave, or stay without reading: their accounts are closed all the same.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { within } from "../support/deadline.ts";
import { freePort } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import { eventually, money, printed, rowOf } from "../support/money-account.ts";
import { CENT, type MoneyScene, moneyScene, upProvider } from "../support/money-scene.ts";
import { readChunk, readHead, requestBytes } from "../support/raw-http.ts";
import { type RawConnection, type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

const HELD_TOKENS = 50;

let raw: RawUpstream;
let turn: (connection: RawConnection) => void;
let scene: MoneyScene;

beforeEach(async () => {
  raw = await rawUpstream(({ connection }) => turn(connection));
  scene = await moneyScene({
    server: { keepalive: "200ms", drain: "30s" },
    providers: { raw: upProvider(raw.url), verbatim: { ...upProvider(raw.url), normalize: "off" } },
    pricing: { models: { "*": { input: 0, output: 10_000 } } },
    spend_policies: { Everything: { limit_usd: 1_000, window: "total" } },
  });
});
afterEach(async () => {
  await scene?.stop();
  await raw?.stop();
});

const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function streamRequest(model: string, id: string): Buffer {
  const body = {
    model,
    messages: [],
    max_tokens: HELD_TOKENS,
    stream: true,
    stream_options: { include_usage: true },
  };
  const headers = [
    "host: localhost",
    "content-type: application/json",
    `authorization: Bearer ${virtualKey("caller")}`,
    `x-postern-request-id: ${id}`,
  ];
  return requestBytes("POST /v1/chat/completions HTTP/1.1", headers, JSON.stringify(body));
}

test("nobody is told that a stream is alive after its client has left, while its usage is waited for", async () => {
  let upstream: RawConnection | undefined;
  turn = (connection) => {
    upstream = connection;
    connection.write(STREAM_HEAD + chunkOf(firstChunk("a") + lastChunk()));
  };
  const client = await rawConnect({ port: scene.gateway.port });
  client.write(streamRequest("verbatim/m", "audit-leaving-1"));
  await readHead(client.stream);
  await readChunk(client.stream);
  client.destroy();
  await within("the upstream's socket to close", upstream?.closed ?? Promise.reject(new Error("not called")));
  await rowOf(scene.gateway, "audit-leaving-1");
  expect(scene.gateway.stderr()).not.toContain("Error");
});

test("a second signal closes the account of a client that does not read", async () => {
  turn = (connection) => {
    connection.write(STREAM_HEAD + chunkOf(firstChunk("a")));
    for (let i = 0; i < 300; i++) connection.write(chunkOf(chatChunk("z".repeat(60_000))));
  };
  const client = await unreadClient("audit-leaving-2");
  await eventually(async () => (await money(scene.gateway, "Everything"))?.held, HELD_TOKENS * CENT);
  process.kill(scene.gateway.pid, "SIGTERM");
  await scene.gateway.logged(({ msg }) => msg === "stopping");
  process.kill(scene.gateway.pid, "SIGTERM");
  expect(await scene.gateway.exited).toBe(0);
  client.destroy();
  // Nobody has started it again: what is in the books was put there by the one that stopped.
  const rows = await printed(scene.yaml.replaceAll(`\${PORT}`, String(await freePort())), "logs", "--json");
  expect(rows).toMatchObject([{ id: "audit-leaving-2", flags: ["estimated"] }]);
});

test("an answer that ends early has a code in its row, though its status is 200", async () => {
  let upstream: RawConnection | undefined;
  turn = (connection) => {
    upstream = connection;
    connection.write(STREAM_HEAD + chunkOf(firstChunk("a")));
  };
  const broken = await rawConnect({ port: scene.gateway.port });
  broken.write(streamRequest("raw/m", "audit-leaving-3"));
  await readHead(broken.stream);
  await readChunk(broken.stream);
  upstream?.end();
  await broken.stream.through("[DONE]");
  broken.destroy();
  const cut = await rowOf(scene.gateway, "audit-leaving-3");
  expect(cut).toMatchObject({ status: 200, code: "upstream_unreachable", ended: "upstream_error" });

  turn = (connection) => connection.write(STREAM_HEAD + chunkOf(firstChunk("a")));
  const leaving = await rawConnect({ port: scene.gateway.port });
  leaving.write(streamRequest("raw/m", "audit-leaving-4"));
  await readHead(leaving.stream);
  await readChunk(leaving.stream);
  leaving.destroy();
  const left = await rowOf(scene.gateway, "audit-leaving-4");
  expect(left).toMatchObject({ status: 200, code: "client_closed", ended: "client_closed" });
});

test("a price that is found by the answer's model is that of the configuration the call began with", async () => {
  const pricing = (output: number) => ({ pricing: { models: { "raw/real": { input: 0, output } } } });
  await scene.reload(pricing(10_000));
  let upstream: RawConnection | undefined;
  turn = (connection) => {
    upstream = connection;
    connection.write(STREAM_HEAD + chunkOf(firstChunk("a", { model: "real" })));
  };
  const client = await rawConnect({ port: scene.gateway.port });
  client.write(streamRequest("raw/alias", "audit-leaving-5"));
  await readHead(client.stream);
  await readChunk(client.stream);
  await scene.reload(pricing(1));
  const usage = { prompt_tokens: 3, completion_tokens: 7, total_tokens: 10 };
  upstream?.write(chunkOf(lastChunk({ model: "real", usage }) + DONE));
  upstream?.write("0\r\n\r\n");
  await client.stream.through("[DONE]");
  client.destroy();
  const row = await rowOf(scene.gateway, "audit-leaving-5");
  expect(row).toMatchObject({ cost_nano_usd: 7 * CENT, flags: [], price: { match: "raw/real" } });
});

/** One whose socket takes nothing. */
async function unreadClient(id: string): Promise<Socket> {
  const socket = connect(scene.gateway.port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.pause();
  socket.write(streamRequest("raw/m", id));
  return socket;
}
