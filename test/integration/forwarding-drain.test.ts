// Stopping: readiness goes at once, running answers end whole, a second signal ends everything.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { until, within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider } from "../support/keys.ts";
import {
  CHAT_REPLY,
  chatChunk,
  DONE,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
  type PacedStream,
  pacedStream,
} from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;
let paced: PacedStream;

beforeEach(() => {
  paced = pacedStream();
  upstream = fakeUpstream((request) =>
    request.text.includes('"stream":true') ? paced.response : Response.json(CHAT_REPLY),
  );
});
afterEach(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function start(settings: string): Promise<void> {
  gateway = await startGateway(`server:\n${settings}\n${oneProvider(upstream.url)}`);
}

/** Opens a stream and reads its first event, so that it is surely running. */
async function openStream(): Promise<{ rest: () => Promise<string> }> {
  paced.send(firstChunk("first"));
  const body = { model: "up/m", stream: true, stream_options: { include_usage: true } };
  const answer = await gateway.post("/v1/chat/completions", body);
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  const decoder = new TextDecoder();
  let text = decoder.decode((await within("the first event", reader.read())).value);
  return {
    rest: async () => {
      for (;;) {
        const { done, value } = await within("the rest of the stream", reader.read());
        if (done) return text;
        text += decoder.decode(value, { stream: true });
      }
    },
  };
}

/** Status of a request on a connection of its own; undefined when nobody listens. */
async function status(path: string): Promise<number | undefined> {
  return await gateway.fetch(path, { headers: { connection: "close" } }).then(
    (answer) => answer.status,
    () => undefined,
  );
}

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test("lets a running stream end whole, then exits 0", async () => {
    await start("  drain: 20s");
    const stream = await openStream();
    gateway.signal(signal);
    await until("the listener to close", async () =>
      (await status("/healthz")) === undefined ? true : undefined,
    );
    paced.send(chatChunk("last") + lastChunk() + DONE);
    paced.end();
    expect(await stream.rest()).toBe(firstChunk("first") + chatChunk("last") + lastChunk() + DONE);
    expect(await within("the exit", gateway.exited)).toBe(0);
  });

  test("with nothing running exits 0 at once", async () => {
    await start("  drain: 20s");
    gateway.signal(signal);
    expect(await within("the exit", gateway.exited)).toBe(0);
  });
});

describe("while stopping", () => {
  test("readiness is 503 at once, and new calls are served for drain_delay more", async () => {
    await start("  drain: 20s\n  drain_delay: 1500ms");
    const stream = await openStream();
    gateway.signal("SIGTERM");
    await until("readyz to say no", async () => ((await status("/readyz")) === 503 ? true : undefined));
    expect(await status("/healthz")).toBe(200);
    const late = await gateway.post("/v1/chat/completions", { model: "up/m" });
    expect(await late.json()).toEqual(CHAT_REPLY);
    paced.send(lastChunk() + DONE);
    paced.end();
    expect(await stream.rest()).toEndWith(DONE);
    expect(await within("the exit", gateway.exited)).toBe(0);
  });

  test("a stream that outlasts drain ends in an error, and the exit is still 0", async () => {
    await start("  drain: 300ms");
    const stream = await openStream();
    gateway.signal("SIGTERM");
    expect(await stream.rest()).toMatch(/data: \{"error":\{[^\n]*\}\n\ndata: \[DONE\]\n\n$/);
    expect(await within("the exit", gateway.exited)).toBe(0);
    await within("the upstream to be let go", paced.cancelled);
  });

  test("a second signal exits at once", async () => {
    await start("  drain: 60s");
    const stream = await openStream();
    gateway.signal("SIGTERM");
    await until("the listener to close", async () =>
      (await status("/healthz")) === undefined ? true : undefined,
    );
    gateway.signal("SIGTERM");
    await within("the exit", gateway.exited, 5_000);
    await stream.rest().catch(() => "broken");
  });
});
