// Which timer ran out is named, before the head as a 504 and after it as an error event; what does not count does not count.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import { type RawConnection, type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { type SilentPort, silentPort } from "../support/silent-port.ts";
import { chatChunk, DONE, firstChunk, lastChunk } from "../support/upstream.ts";

let upstream: RawUpstream;
let unanswered: SilentPort;
let patient: Gateway;
let prompt: Gateway;

const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** What the upstream sends, again and again until it is left. */
function every(connection: RawConnection, ms: number, text: string): void {
  const timer = setInterval(() => connection.write(chunk(text)), ms);
  void connection.closed.then(() => clearInterval(timer));
}

/** What the upstream does, by the model that is asked for. */
const SCENES: Readonly<Record<string, (connection: RawConnection) => void>> = {
  silent: () => {},
  comments(connection) {
    connection.write(STREAM_HEAD);
    every(connection, 40, ": processing\n\n");
  },
  begun: (connection) => connection.write(STREAM_HEAD + chunk(firstChunk("a"))),
  half: (connection) =>
    connection.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"),
  endless(connection) {
    connection.write(STREAM_HEAD + chunk(firstChunk("a")));
    every(connection, 40, chatChunk("b"));
  },
  steady(connection) {
    connection.write(STREAM_HEAD + chunk(firstChunk("a")));
    let left = 12;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) connection.write(chunk(chatChunk("b")));
      else {
        clearInterval(timer);
        connection.write(`${chunk(lastChunk() + DONE)}0\r\n\r\n`);
      }
    }, 100);
  },
};

beforeAll(async () => {
  upstream = await rawUpstream(({ connection, request }) => {
    SCENES[(JSON.parse(request.text) as { model: string }).model]?.(connection);
  });
  unanswered = silentPort();
  await unanswered.fill();
  const provider = (timeouts: string, port = upstream.port) =>
    `{ base_url: "http://127.0.0.1:${port}/v1", auth: none, timeouts: { ${timeouts} } }`;
  const yaml = `
providers:
  connect: ${provider("connect: 400ms", unanswered.port)}
  first_byte: ${provider("first_byte: 400ms")}
  idle: ${provider("idle: 600ms")}
  total: ${provider("total: 600ms")}
  none: ${provider("first_byte: 0, idle: 0, total: 0")}
${TESTER}`;
  patient = await startGateway(yaml);
  prompt = await startGateway(`server:\n  keepalive: 100ms${yaml}`);
});
afterAll(async () => {
  await Promise.all([patient?.stop(), prompt?.stop(), upstream?.stop()]);
  unanswered?.stop();
});

const ASKED = { stream_options: { include_usage: true } };

async function ask(gateway: Gateway, model: string, stream: boolean): Promise<Response> {
  return await gateway.post("/v1/chat/completions", { model, stream, ...(stream ? ASKED : {}) });
}

describe("before the head is out, the timer that ran out is named by a 504:", () => {
  test.concurrent.each([
    ["connect", "silent", false],
    ["connect", "silent", true],
    ["first_byte", "silent", false],
    ["first_byte", "silent", true],
    // Comments are no answer.
    ["first_byte", "comments", true],
    ["idle", "half", false],
    ["total", "silent", false],
    ["total", "silent", true],
    ["total", "half", false],
    ["total", "comments", true],
  ] as const)("%s, where the upstream is %s (stream: %p)", async (timer, scene, stream) => {
    const answer = await ask(patient, `${timer}/${scene}`, stream);
    expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([504, "upstream_timeout"]);
    expect(await answer.json()).toMatchObject({
      error: {
        code: "upstream_timeout",
        type: "server_error",
        message: expect.stringContaining(`timeouts.${timer}`),
      },
    });
  });
});

describe("after the head is out, the timer that ran out is named by an error event:", () => {
  test.concurrent.each([
    // Its time is so short that a ping may or may not come before it is up.
    ["connect", "silent", false],
    ["first_byte", "silent", true],
    ["first_byte", "comments", true],
    ["total", "silent", true],
    ["total", "endless", false],
    ["idle", "begun", false],
  ] as const)("%s, where the upstream is %s", async (timer, scene, pinged) => {
    const answer = await ask(prompt, `${timer}/${scene}`, true);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    if (pinged) expect(text).toStartWith(": ping\n");
    expect(text).toMatch(/data: \{"error":\{[^\n]*"code":"upstream_timeout"[^\n]*\}\n\ndata: \[DONE\]\n\n$/);
    expect(text).toContain(`timeouts.${timer}`);
  });
});

describe("a timer", () => {
  test.concurrent("that measures silence is not run out by an answer that takes longer than it in all", async () => {
    const providers = ["idle", "first_byte", "none"];
    const texts = providers.map(async (provider) => [
      provider,
      await (await ask(patient, `${provider}/steady`, true)).text(),
    ]);
    for (const [provider, text] of await Promise.all(texts)) {
      expect([provider, text]).toEqual([
        provider,
        expect.stringMatching(/"finish_reason":"stop"[^\n]*\n\ndata: \[DONE\]\n\n$/),
      ]);
    }
  });

  test("that ran out is closed in the log under its name, and the upstream's socket is closed", async () => {
    const before = upstream.connections.length;
    await (await ask(patient, "total/endless", true)).text();
    const line = await patient.logged(({ target }) => target === "total/endless");
    expect(line).toMatchObject({ ended: "timeout", status: 200 });
    for (const connection of upstream.connections.slice(before)) await connection.closed;
  });
});
