// No credential leaves by a way it should not: answers, headers, log lines, the process's own messages, upstreams.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { hashOf, TEST_KEY, UPSTREAM_KEY, virtualKey } from "../support/keys.ts";
import { requestBytes } from "../support/raw-http.ts";
import { rawExchange } from "../support/raw-tcp.ts";
import {
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
} from "../support/upstream.ts";

const SECOND = "canary-second-credential-77b2";
const CONFIGURED = virtualKey("secret-in-the-file");
const HEADER_VALUE = "canary-in-a-header-5d1e";
const UNKNOWN = virtualKey("not in the file");
const CONTENT = "canary-content-of-a-conversation";
const SECRETS = [UPSTREAM_KEY, SECOND, CONFIGURED, TEST_KEY, UNKNOWN];

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway({
    env: { SECOND, CONFIGURED },
    files: {
      "second-key": `${SECOND}\n`,
      ".env": "UP_KEY=from-dotenv\nFROM_DOTENV=leaked\n",
      ".env.production": "FROM_DOTENV=leaked\n",
      "bunfig.toml": 'preload = ["./preload.ts"]\n',
      "preload.ts": "process.exit(9);\n",
      "tsconfig.json": "not json",
      "package.json": "not json",
    },
    yaml: `
log: { level: debug }
providers:
  up: { base_url: "${upstream.url}/v1", api_key: "\${UP_KEY}", endpoints: [chat, completions, embeddings, responses, messages, models] }
  second: { base_url: "${upstream.url}/v1", auth: { header: X-Provider-Key, prefix: "" }, api_key: "\${file:second-key}" }
  query: { base_url: "${upstream.url}/v1", auth: { query: api_token }, api_key: "\${SECOND}" }
  azure: { base_url: "${upstream.url}/v1", auth: api-key, api_key: "\${SECOND}" }
  through: { base_url: "${upstream.url}/v1", auth: passthrough }
  dotenv: { base_url: "${upstream.url}/v1", auth: none, headers: { X-App: "\${FROM_DOTENV:-not read}", X-Extra: ${HEADER_VALUE} } }
  down: { base_url: "http://127.0.0.1:9/v1", auth: { query: api_token }, api_key: "\${SECOND}" }
keys:
  tester: { hash: "${hashOf(TEST_KEY)}" }
  configured: { secret: "\${CONFIGURED}" }
`,
  });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

function leaks(text: string): string[] {
  return SECRETS.filter((secret) => text.includes(secret));
}

async function everything(answer: Response): Promise<string> {
  return `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
}

const PROVIDERS = ["up", "second", "query", "azure", "through", "dotenv", "down"];

describe("an answer", () => {
  test("of any route, well or not, holds no secret", async () => {
    const requests = PROVIDERS.flatMap((provider) => [
      gateway.post("/v1/chat/completions", {
        model: `${provider}/m`,
        messages: [{ role: "user", content: CONTENT }],
      }),
      gateway.post(
        `/providers/${provider}/v1/embeddings`,
        { model: "m", input: CONTENT },
        { "x-api-key": TEST_KEY },
      ),
      gateway.post(`/providers/${provider}/v1/nope?key=${TEST_KEY}`, {}),
      gateway.post(
        `/v1/chat/completions?key=${UNKNOWN}`,
        { model: `${provider}/m` },
        { "x-api-key": UNKNOWN },
      ),
      gateway.post(`/v1/${TEST_KEY}`, { model: TEST_KEY }),
      gateway.post("/v1/chat/completions", { model: `${provider}x/${TEST_KEY}` }),
      gateway.post("/v1/messages", { model: CONFIGURED }),
    ]);
    const paths = ["/v1/models", "/v1/key", "/healthz", "/readyz", "/v1/models/x", "/"];
    const gets = paths.map((path) =>
      gateway.fetch(path, { headers: { authorization: `Bearer ${CONFIGURED}` } }),
    );
    for (const answer of await Promise.all([...requests, ...gets])) {
      const text = (await everything(answer)).replaceAll("\\/", "/");
      // A caller's own words may come back in a refusal, the gateway's secrets never.
      expect([UPSTREAM_KEY, SECOND].filter((secret) => text.includes(secret))).toEqual([]);
    }
  });

  test("says [secret] where an upstream's error repeats a credential, of whatever provider or key", async () => {
    const message = `key ${UPSTREAM_KEY} and ${SECOND} and ${CONFIGURED} are wrong`;
    const body = JSON.stringify({ error: { message, type: "t", param: null, code: null } });
    upstream.answer(
      () =>
        new Response(body, {
          status: 400,
          headers: { "content-type": "application/json", "x-request-id": `req-${UPSTREAM_KEY}` },
        }),
    );
    const answer = await gateway.post("/v1/chat/completions", { model: "up/m" });
    expect(answer.headers.get("x-request-id")).toBe("req-[secret]");
    expect([answer.status, await answer.text()]).toEqual([
      400,
      body.replace(UPSTREAM_KEY, "[secret]").replace(SECOND, "[secret]").replace(CONFIGURED, "[secret]"),
    ]);
  });

  test("hides a credential in an error that comes in pieces", async () => {
    const text = `{"error":{"message":"bad key ${UPSTREAM_KEY}!","type":"t","param":null,"code":null}}`;
    upstream.answer(
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              for (const byte of Buffer.from(text)) {
                controller.enqueue(Uint8Array.of(byte));
                await Bun.sleep(0);
              }
              controller.close();
            },
          }),
          { status: 500, headers: { "content-type": "application/json" } },
        ),
    );
    const answer = await gateway.post("/v1/chat/completions", { model: "up/m" });
    expect(await answer.text()).toBe(text.replace(UPSTREAM_KEY, "[secret]"));
  });

  test("in which a model merely says such words passes as it is", async () => {
    const events = firstChunk("the word secret") + lastChunk() + DONE;
    upstream.answer(() => eventStream(events));
    const body = { model: "up/m", stream: true, stream_options: { include_usage: true } };
    expect(await (await gateway.post("/v1/chat/completions", body)).text()).toBe(events);
  });
});

/** All of a request that reached the upstream. */
function sent(): string {
  const [request] = upstream.requests;
  return JSON.stringify([request?.target, request?.headers, request?.text]);
}

const EVERY_CARRIER = [
  `authorization: Bearer ${TEST_KEY}`,
  `x-api-key: ${TEST_KEY}`,
  `api-key: ${TEST_KEY}`,
  `x-goog-api-key: ${TEST_KEY}`,
];

describe("an upstream", () => {
  test.each([
    ["up", "authorization", `Bearer ${UPSTREAM_KEY}`],
    ["second", "x-provider-key", SECOND],
    ["azure", "api-key", SECOND],
  ])("%s gets its own credential where it belongs, and no other", async (provider, header, value) => {
    const bytes = requestBytes(
      `POST /providers/${provider}/v1/chat/completions?a=1&key=${TEST_KEY} HTTP/1.1`,
      ["host: localhost", "content-type: application/json", ...EVERY_CARRIER, `${header}: forged`],
      '{"model":"m"}',
    );
    // For `api-key` and `authorization` the forged value is a second carrier, which x-api-key outranks.
    expect((await rawExchange(gateway.port, bytes)).status).toBe(200);
    const [request] = upstream.requests;
    expect(request?.headers[header]).toBe(value);
    expect(leaks(sent().replace(value, ""))).toEqual([]);
    expect(sent()).not.toContain("forged");
  });

  test("that wants it in the query gets it there, once", async () => {
    const path = `/providers/query/v1/chat/completions?a=1&api_token=forged&key=${TEST_KEY}`;
    expect((await gateway.post(path, { model: "m" })).status).toBe(200);
    const query = new URLSearchParams(upstream.requests[0]?.query);
    expect(query.getAll("api_token")).toEqual([SECOND]);
    expect([query.get("a"), query.has("key")]).toEqual(["1", false]);
    expect(upstream.requests[0]?.headers["authorization"]).toBeUndefined();
  });

  test("with passthrough gets the caller's own Authorization and nothing of Postern's", async () => {
    const own = "Bearer the-callers-own-token";
    const path = "/providers/through/v1/chat/completions";
    const answer = await gateway.post(path, { model: "m" }, { authorization: own, "x-api-key": TEST_KEY });
    expect(answer.status).toBe(200);
    expect(upstream.requests[0]?.headers["authorization"]).toBe(own);
    expect(leaks(sent())).toEqual([]);
  });

  test.each([
    [
      "/providers/through/v1/chat/completions",
      { "x-api-key": TEST_KEY, authorization: `Bearer ${TEST_KEY}` },
      200,
    ],
    [
      "/providers/through/v1/chat/completions",
      { "x-api-key": TEST_KEY, authorization: `bearer  ${CONFIGURED}` },
      200,
    ],
    ["/providers/through/v1/chat/completions", { authorization: `Bearer ${TEST_KEY}` }, 401],
    ["/v1/chat/completions", { authorization: `Bearer ${TEST_KEY}` }, 200],
  ])("with passthrough never gets a virtual key (%s, %#)", async (path, headers, status) => {
    const model = path.startsWith("/v1") ? "through/m" : "m";
    expect((await gateway.post(path, { model }, headers)).status).toBe(status);
    expect(leaks(sent())).toEqual([]);
  });

  test("learns nothing from what lies in the working directory: .env, bunfig.toml, package.json", async () => {
    expect((await gateway.post("/v1/chat/completions", { model: "dotenv/m" })).status).toBe(200);
    expect(upstream.requests[0]?.headers["x-app"]).toBe("not read");
  });
});

describe("what is written down", () => {
  test("by the end of all that: no secret, no query string, no content", async () => {
    await gateway.post("/v1/chat/completions?visible=query-canary", { model: "up/m", messages: [CONTENT] });
    await gateway.logged((line) => JSON.stringify(line).includes("up/m"));
    await gateway.stop();
    const written = `${gateway.stdout().join("\n")}\n${gateway.stderr()}`;
    expect(gateway.log().length).toBeGreaterThan(20);
    for (const canary of [...SECRETS, HEADER_VALUE, CONTENT, "query-canary", "the-callers-own-token"]) {
      expect([canary, written.includes(canary)]).toEqual([canary, false]);
    }
  });

  test("is one line a request, with its id, key, target and status", async () => {
    const lines = gateway.log().filter((line) => JSON.stringify(line).includes('"dotenv/m"'));
    expect(JSON.stringify(lines)).toContain('"tester"');
    expect(lines).toHaveLength(3);
  });
});
