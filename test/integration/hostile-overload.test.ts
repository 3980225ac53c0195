// More connections or more bytes than configured: the one that does not fit is told to come back, the others go on.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { oneProvider, TEST_KEY } from "../support/keys.ts";
import { readReply, requestBytes } from "../support/raw-http.ts";
import { type RawConnection, rawConnect } from "../support/raw-tcp.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let release: () => void;

beforeAll(() => {
  upstream = fakeUpstream();
});
afterAll(async () => {
  await upstream?.stop();
});

/** From now on the upstream answers only after `release()`. */
function holdAnswers(): void {
  upstream.reset();
  const { promise, resolve } = Promise.withResolvers<void>();
  release = resolve;
  upstream.answer(async () => {
    await promise;
    return Response.json(CHAT_REPLY);
  });
}

async function ask(gateway: Gateway, size: number): Promise<RawConnection> {
  const client = await rawConnect({ port: gateway.port });
  const headers = [
    "host: localhost",
    "content-type: application/json",
    `authorization: Bearer ${TEST_KEY}`,
    "connection: close",
  ];
  client.write(
    requestBytes("POST /v1/chat/completions HTTP/1.1", headers, '{"model":"up/m"}'.padEnd(size, " ")),
  );
  return client;
}

async function expectOverloaded(gateway: Gateway, client: RawConnection): Promise<void> {
  const answer = await readReply(client.stream);
  expect([answer.status, answer.header("x-postern-code"), answer.header("retry-after")]).toEqual([
    503,
    "overloaded",
    "1",
  ]);
  expect(answer.json()).toMatchObject({ error: { type: "server_error", code: "overloaded" } });
  client.destroy();
  expect(gateway.stderr()).not.toContain("Error:");
}

async function expectAnswered(client: RawConnection): Promise<void> {
  expect((await readReply(client.stream)).json()).toEqual(CHAT_REPLY);
  client.destroy();
}

describe.each([
  ["max_connections", "  max_connections: 4", 4, 100],
  ["max_buffered", "  max_buffered: 1MiB\n  max_body: 1MiB", 1, 600_000],
])("%s", (_name, setting, fitting, size) => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway(`server:\n${setting}\n${oneProvider(upstream.url)}`);
  });
  afterAll(async () => {
    await gateway?.stop();
  });

  test("lets as many in as fit, refuses the next, and all is well again when they are done", async () => {
    for (let round = 0; round < 2; round++) {
      holdAnswers();
      const inside: RawConnection[] = [];
      for (let i = 0; i < fitting; i++) {
        inside.push(await ask(gateway, size));
        await upstream.request(i);
      }
      await expectOverloaded(gateway, await ask(gateway, size));
      release();
      for (const client of inside) await expectAnswered(client);
      await until("room again", async () => ((await retry(gateway)) ? true : undefined));
    }
  });

  test("counts callers who left no longer", async () => {
    holdAnswers();
    const inside: RawConnection[] = [];
    for (let i = 0; i < fitting; i++) {
      inside.push(await ask(gateway, size));
      await upstream.request(i);
    }
    for (const client of inside) client.destroy();
    upstream.answer(() => Response.json(CHAT_REPLY));
    await until("room again", async () => ((await retry(gateway)) ? true : undefined));
    release();
  });
});

/** Whether one small request is answered now. */
async function retry(gateway: Gateway): Promise<boolean> {
  const client = await ask(gateway, 100);
  const answer = await readReply(client.stream);
  client.destroy();
  return answer.status === 200;
}
