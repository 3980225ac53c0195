// Stopping, seen from connections that are open: kept alive, waiting, queued, or on a unix socket.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until, within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { readReply, requestBytes } from "../support/raw-http.ts";
import { type RawConnection, rawConnect } from "../support/raw-tcp.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream, firstChunk, pacedStream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;
let release: () => void;

beforeEach(() => {
  const { promise, resolve } = Promise.withResolvers<void>();
  release = resolve;
  upstream = fakeUpstream(async ({ text }) => {
    if (text.includes("slow")) await promise;
    return Response.json(CHAT_REPLY);
  });
});
afterEach(async () => {
  release();
  await gateway?.stop();
  await upstream?.stop();
});

async function start(settings: string, more: readonly string[] = []): Promise<void> {
  gateway = await startGateway(`server:\n${settings}\n${oneProvider(upstream.url, more)}`);
}

function ask(client: RawConnection, model: string): void {
  const headers = ["host: localhost", "content-type: application/json", `authorization: Bearer ${TEST_KEY}`];
  client.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers, JSON.stringify({ model })));
}

async function readyz(): Promise<number | undefined> {
  return await gateway.fetch("/readyz", { headers: { connection: "close" } }).then(
    ({ status }) => status,
    () => undefined,
  );
}

describe("a connection that is kept alive", () => {
  test("is served during drain_delay, and is refused clearly or closed after it", async () => {
    await start("  drain: 20s\n  drain_delay: 1200ms");
    const idle = await rawConnect({ port: gateway.port });
    ask(idle, "up/m");
    expect((await readReply(idle.stream)).status).toBe(200);
    const busy = await rawConnect({ port: gateway.port });
    ask(busy, "up/slow");
    await upstream.request(1);
    gateway.signal("SIGTERM");
    await until("readyz to say no", async () => ((await readyz()) === 503 ? true : undefined));
    ask(idle, "up/m");
    expect((await readReply(idle.stream)).json()).toEqual(CHAT_REPLY);
    await until("the listener to close", async () => ((await readyz()) === undefined ? true : undefined));
    const before = upstream.requests.length;
    ask(idle, "up/m");
    const late = await readReply(idle.stream).catch(() => undefined);
    if (late !== undefined) {
      expect([late.status, late.header("connection"), late.header("retry-after")]).toEqual([
        503,
        "close",
        "1",
      ]);
      expect(late.json()).toMatchObject({ error: { code: "no_healthy_target" } });
    }
    expect(upstream.requests).toHaveLength(before);
    release();
    expect((await readReply(busy.stream)).json()).toEqual(CHAT_REPLY);
    expect(await within("the exit", gateway.exited)).toBe(0);
    await Promise.all([idle.closed, busy.closed]);
  });

  test("and idle does not hold up the exit", async () => {
    await start("  drain: 20s");
    const idle = await rawConnect({ port: gateway.port });
    ask(idle, "up/m");
    await readReply(idle.stream);
    const silent = await rawConnect({ port: gateway.port });
    const half = await rawConnect({ port: gateway.port });
    half.write("POST /v1/chat/completions HTTP/1.1\r\nhost: loc");
    gateway.signal("SIGTERM");
    expect(await within("the exit", gateway.exited, 5_000)).toBe(0);
    await Promise.all([idle.closed, half.closed]);
    // The kernel hands a connection on only when it says something: nobody was there to close this one.
    silent.destroy();
  });
});

describe("a call that outlasts drain", () => {
  test("is told so where its answer has not begun, and the upstream is let go", async () => {
    await start("  drain: 200ms");
    const client = await rawConnect({ port: gateway.port });
    ask(client, "up/slow");
    const { gone } = await upstream.request(0);
    gateway.signal("SIGTERM");
    const answer = await readReply(client.stream);
    expect([answer.status, answer.header("retry-after"), answer.json()]).toMatchObject([
      503,
      "1",
      { error: { code: "no_healthy_target" } },
    ]);
    await within("the upstream to be let go", gone);
    expect(await within("the exit", gateway.exited)).toBe(0);
  });

  test("is told so in the queue of a provider, too, and never goes upstream", async () => {
    await start("  drain: 200ms", ["max_concurrent: 1"]);
    const inside = await rawConnect({ port: gateway.port });
    ask(inside, "up/slow");
    await upstream.request(0);
    const queued = await rawConnect({ port: gateway.port });
    ask(queued, "up/queued");
    await until("both to be in", async () =>
      (await gateway.fetch("/healthz")).status === 200 ? true : undefined,
    );
    gateway.signal("SIGTERM");
    for (const { stream } of [inside, queued]) expect((await readReply(stream)).status).toBe(503);
    expect(await within("the exit", gateway.exited)).toBe(0);
    expect(upstream.requests).toHaveLength(1);
  });

  test("while its body is still being sent ends, and the exit is 0", async () => {
    await start("  drain: 200ms");
    const client = await rawConnect({ port: gateway.port });
    const headers = [
      "host: localhost",
      "content-type: application/json",
      `authorization: Bearer ${TEST_KEY}`,
    ];
    client.write(
      requestBytes("POST /v1/chat/completions HTTP/1.1", [...headers, "content-length: 100"], "{"),
    );
    await gateway.fetch("/healthz");
    gateway.signal("SIGTERM");
    expect(await within("the exit", gateway.exited, 5_000)).toBe(0);
    await client.closed;
  });
});

test("on a unix socket a stream cut at the end of drain gets its error event, and the socket can be taken again", async () => {
  const stream = pacedStream();
  upstream.answer(() => stream.response);
  const options = {
    yaml: `server:\n  listen: unix:gate.sock\n  drain: 300ms\n${oneProvider(upstream.url)}`,
    reach: { unix: "gate.sock" },
  };
  gateway = await startGateway(options);
  stream.send(firstChunk("a"));
  const answer = await gateway.post("/v1/chat/completions", { model: "up/m", stream: true });
  const text = answer.text();
  const socket = join(gateway.dir, "gate.sock");
  expect(existsSync(socket)).toBe(true);
  gateway.signal("SIGTERM");
  expect(await text).toMatch(/data: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/);
  await within("the upstream to be let go", stream.cancelled);
  expect(await within("the exit", gateway.exited)).toBe(0);
});
