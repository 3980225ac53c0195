// Connections to an upstream, seen from there: used again, never with a stranger's bytes on them, gone with their client.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { replyBytes, requestBytes } from "../support/raw-http.ts";
import { type RawTurn, type RawUpstream, rawConnect, rawUpstream } from "../support/raw-tcp.ts";

let upstream: RawUpstream;
let gateway: Gateway;
let turn: (turn: RawTurn) => void | Promise<void>;

beforeAll(async () => {
  upstream = await rawUpstream((each) => turn(each));
  gateway = await startGateway(oneProvider(upstream.url));
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

function reply(text: string, headers: readonly string[] = []): Buffer {
  return replyBytes("200 OK", ["content-type: application/json", ...headers], JSON.stringify({ text }));
}

async function call(id: string): Promise<string> {
  const answer = await gateway.post("/v1/chat/completions", { model: "up/m", id });
  return `${answer.status} ${await answer.text()}`;
}

/** The number a request carries in its body. */
function idOf({ request }: RawTurn): string {
  return String((JSON.parse(request.text) as { id: unknown }).id);
}

describe("calls one after another", () => {
  test("share a connection", async () => {
    const used = new Set<number>();
    turn = (each) => {
      used.add(each.connectionIndex);
      each.connection.write(reply(idOf(each)));
    };
    for (let i = 0; i < 30; i++) expect(await call(String(i))).toBe(`200 {"text":"${i}"}`);
    expect(used.size).toBe(1);
  });
});

describe("calls at the same time", () => {
  test("each get the answer to their own question, in whatever order and pieces it comes", async () => {
    turn = async (each) => {
      const bytes = reply(idOf(each));
      const cut = 1 + (Number(idOf(each)) % (bytes.length - 1));
      if (Number(idOf(each)) % 3 === 0) await Bun.sleep(5);
      each.connection.write(bytes.subarray(0, cut));
      await Bun.sleep(1);
      each.connection.write(bytes.subarray(cut));
    };
    for (let round = 0; round < 5; round++) {
      const ids = Array.from({ length: 60 }, (_, i) => String(round * 100 + i));
      expect(await Promise.all(ids.map(call))).toEqual(ids.map((id) => `200 {"text":"${id}"}`));
    }
  });
});

describe("bytes behind an answer", () => {
  test.each(["at once", "a moment later"])("that come %s are nobody's answer", async (when) => {
    turn = async (each) => {
      const poison = reply("poison");
      if (when === "at once") each.connection.write(Buffer.concat([reply(idOf(each)), poison]));
      else {
        each.connection.write(reply(idOf(each)));
        await Bun.sleep(5);
        each.connection.write(poison);
      }
    };
    for (let i = 0; i < 10; i++) {
      expect(await call(String(i))).toBe(`200 {"text":"${i}"}`);
      if (when !== "at once") await Bun.sleep(10);
    }
  });

  test("that tell another length are nobody's answer either", async () => {
    turn = (each) => {
      const text = JSON.stringify({ text: idOf(each) });
      const lengths = `content-length: ${text.length}\r\ncontent-length: ${text.length + 5}`;
      each.connection.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${lengths}\r\n\r\n${text}12345`,
      );
    };
    expect(await call("1")).toStartWith("502 ");
    turn = (each) => each.connection.write(reply(idOf(each)));
    expect(await call("2")).toBe('200 {"text":"2"}');
  });
});

describe("two hundred clients that hang up at once", () => {
  test.each([
    ["before an answer", ""],
    ["within a stream", 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {"choices":[]}\n\n'],
    [
      "within a plain answer",
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{",
    ],
  ])(
    "%s leave no connection behind",
    async (_, bytes) => {
      const { promise: allAsked, resolve } = Promise.withResolvers<void>();
      const asked: RawTurn[] = [];
      turn = (each) => {
        if (bytes !== "") each.connection.write(bytes);
        if (asked.push(each) === 200) resolve();
      };
      const body = JSON.stringify({ model: "up/m", stream: bytes.includes("event-stream") });
      const headers = [
        "host: localhost",
        "content-type: application/json",
        `authorization: Bearer ${TEST_KEY}`,
      ];
      const clients = await Promise.all(
        Array.from({ length: 200 }, () => rawConnect({ port: gateway.port })),
      );
      for (const client of clients)
        client.write(requestBytes("POST /v1/chat/completions HTTP/1.1", headers, body));
      await within("all of them to be asked", allAsked, 20_000);
      for (const client of clients) client.destroy();
      for (const { connection } of asked) await within("a connection to close", connection.closed, 20_000);
      turn = (each) => each.connection.write(reply("fine"));
      expect(await call("x")).toBe('200 {"text":"fine"}');
    },
    60_000,
  );
});
