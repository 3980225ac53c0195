// What a caller sees of an upstream that refuses, redirects, cannot be reached or does not speak HTTP.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { OTHER_CERTIFICATE } from "../support/certificates.ts";
import { freePort, type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER, UPSTREAM_KEY } from "../support/keys.ts";
import { replyBytes } from "../support/raw-http.ts";
import { type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let encrypted: FakeUpstream;
let raw: RawUpstream;
let rawAnswer: string | Uint8Array;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  encrypted = fakeUpstream(undefined, OTHER_CERTIFICATE);
  raw = await rawUpstream(({ connection }) => {
    connection.write(rawAnswer);
    connection.end();
  });
  const nobody = await freePort();
  gateway = await startGateway({
    files: { "ca.pem": OTHER_CERTIFICATE.cert },
    yaml: `
providers:
  up: { base_url: "${upstream.url}/v1", api_key: "\${UP_KEY}", endpoints: [chat, models, messages] }
  through: { base_url: "${upstream.url}/v1", auth: passthrough }
  refused: { base_url: "http://127.0.0.1:${nobody}/v1", auth: none }
  unknown: { base_url: "http://no-such-host.invalid/v1", auth: none }
  untrusted: { base_url: "${encrypted.url}/v1", auth: none }
  insecure: { base_url: "${encrypted.url}/v1", auth: none, tls: { insecure: true } }
  trusted: { base_url: "${encrypted.url.replace("127.0.0.1", "localhost")}/v1", auth: none, tls: { ca_file: ca.pem } }
  plain: { base_url: "https://127.0.0.1:${upstream.port}/v1", auth: none }
  raw: { base_url: "${raw.url}/v1", auth: none }
${TESTER}`,
  });
});
beforeEach(() => {
  upstream.reset();
  raw.requests.length = 0;
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([upstream?.stop(), encrypted?.stop(), raw?.stop()]);
});

async function ask(provider: string, stream = false): Promise<Response> {
  return await gateway.post("/v1/chat/completions", {
    model: `${provider}/m`,
    ...(stream ? { stream } : {}),
  });
}

async function expectUnreachable(answer: Response): Promise<void> {
  const text = await answer.text();
  expect([answer.status, answer.headers.get("x-postern-code"), text]).toEqual([
    502,
    "upstream_unreachable",
    expect.any(String),
  ]);
  expect(JSON.parse(text)).toMatchObject({ error: { type: "server_error", code: "upstream_unreachable" } });
}

describe("an upstream's own error", () => {
  for (const status of [400, 402, 404, 405, 409, 413, 415, 422, 429, 500, 501, 503, 529]) {
    test(`${status} in the client's envelope passes byte for byte`, async () => {
      const body = `{ "error" : {"message":"größe 1.0","type":"t","param":null,"code":"c","x":1e3} , "y":[] }\n`;
      upstream.answer(
        () =>
          new Response(body, {
            status,
            headers: { "content-type": "application/json", "retry-after": "3", "x-request-id": "req_1" },
          }),
      );
      for (const stream of [false, true]) {
        const answer = await ask("up", stream);
        expect([answer.status, await answer.text()]).toEqual([status, body]);
        expect(answer.headers.get("retry-after")).toBe("3");
        expect(answer.headers.get("x-request-id")).toBe("req_1");
        expect(answer.headers.get("x-postern-model")).toBe("up/m");
      }
      expect(upstream.requests).toHaveLength(2);
    });
  }

  test("in Anthropic's envelope passes byte for byte to an Anthropic client", async () => {
    const body =
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011"}';
    upstream.answer(
      () => new Response(body, { status: 529, headers: { "content-type": "application/json" } }),
    );
    const answer = await gateway.post("/v1/messages", { model: "up/m" });
    expect([answer.status, await answer.text()]).toEqual([529, body]);
  });
});

describe("a credential that the upstream rejects", () => {
  test.each([401, 403])(
    "%i is a 424 that names provider and variable, and tells nothing else",
    async (status) => {
      const body = {
        error: { message: `Incorrect API key provided: ${UPSTREAM_KEY}`, code: "invalid_api_key" },
      };
      upstream.answer(() => Response.json(body, { status, headers: { "x-request-id": UPSTREAM_KEY } }));
      for (const stream of [false, true]) {
        const answer = await ask("up", stream);
        const text = await answer.text();
        expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([424, "credential_rejected"]);
        const { error } = JSON.parse(text) as { error: { message: string; type: string; code: string } };
        expect(error).toMatchObject({ type: "invalid_request_error", code: "credential_rejected" });
        expect(error.message).toContain("up");
        expect(error.message).toMatch(/UP_KEY|api_key/);
        expect(text + JSON.stringify([...answer.headers])).not.toContain(UPSTREAM_KEY);
      }
    },
  );

  test.each([401, 403])("%i passes as it is where the credential is the client's own", async (status) => {
    const body = '{"error":{"message":"no","type":"authentication_error","param":null,"code":null}}';
    upstream.answer(() => new Response(body, { status, headers: { "content-type": "application/json" } }));
    const answer = await ask("through");
    expect([answer.status, await answer.text()]).toEqual([status, body]);
  });
});

describe("a redirect", () => {
  test.each([301, 302, 303, 307, 308])("%i is a bad answer and is never followed", async (status) => {
    const elsewhere = fakeUpstream();
    upstream.answer(
      () => new Response(null, { status, headers: { location: `${elsewhere.url}/v1/chat/completions` } }),
    );
    for (const stream of [false, true]) {
      const answer = await ask("up", stream);
      expect(answer.headers.get("location")).toBeNull();
      await expectUnreachable(answer);
    }
    expect([upstream.requests.length, elsewhere.requests.length]).toEqual([2, 0]);
    await elsewhere.stop();
  });

  test.each([300, 304, 399])("%i without a place to go is one too", async (status) => {
    rawAnswer = replyBytes(
      `${status} Whatever`,
      ["content-type: application/json"],
      status === 304 ? "" : "{}",
    );
    await expectUnreachable(await ask("raw"));
  });
});

const BROKEN: Readonly<Record<string, string>> = {
  "nothing at all": "",
  "something that is not HTTP": "SSH-2.0-OpenSSH_9.2\r\n",
  "HTML without a head": "<html><body>hello</body></html>\r\n\r\n",
  "a bad status line": "HTTP/1.1 OK\r\n\r\n",
  "a status beyond 599": "HTTP/1.1 600 Odd\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
  "a switch of protocols": "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "half a head": "HTTP/1.1 200 OK\r\ncontent-type: app",
  "a length that is too long":
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{}",
  "a bad chunk":
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
  "a chunk that breaks off":
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{",
};

describe("an upstream that cannot be reached", () => {
  test.each(["refused", "unknown", "untrusted", "plain"])(
    "(%s) is a 502 with a clear text",
    async (provider) => {
      await expectUnreachable(await ask(provider));
      await expectUnreachable(await ask(provider, true));
    },
  );

  test("is reached over TLS when its certificate is trusted, or not looked at", async () => {
    expect((await ask("insecure")).status).toBe(200);
    expect((await ask("trusted")).status).toBe(200);
  });
});

describe("an upstream that answers", () => {
  for (const [name, bytes] of Object.entries(BROKEN)) {
    test(`${name} is a 502 or a visibly broken answer, asked once`, async () => {
      rawAnswer = bytes;
      const answer = await ask("raw").catch(() => undefined);
      if (answer?.status === 200) await expect(answer.text()).rejects.toThrow();
      else if (answer !== undefined) await expectUnreachable(answer);
      expect(raw.requests).toHaveLength(1);
    });
  }
});
