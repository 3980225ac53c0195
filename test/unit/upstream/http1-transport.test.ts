// Which requests the own client carries, which go to `fetch`, and what is written.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createTransport, type Transport } from "../../../src/upstream/http1/transport.ts";
import { within } from "../../support/deadline.ts";
import { FakeWheel } from "../../support/fake-parts.ts";
import { type RawMessage, replyBytes } from "../../support/raw-http.ts";
import { type RawUpstream, rawUpstream } from "../../support/raw-tcp.ts";
import { described, initOf } from "./http1-under-test.ts";

let upstream: RawUpstream;
let fallbacks: number;
let transport: Transport;

beforeAll(async () => {
  upstream = await rawUpstream(({ connection }) => connection.write(replyBytes("200 OK", [], "fine")));
});
afterAll(() => upstream.stop());
beforeEach(() => {
  fallbacks = 0;
  upstream.requests.length = 0;
  const fetch = async (): Promise<Response> => {
    fallbacks += 1;
    return new Response("from fetch");
  };
  transport = createTransport({ fetch, wheel: new FakeWheel() });
});

async function written(path: string, more: BunFetchRequestInit, ask = transport): Promise<RawMessage> {
  upstream.requests.length = 0;
  await within("an outcome", described(ask(upstream.url + path, initOf(more))));
  const [request] = upstream.requests;
  if (request === undefined) throw new Error("nothing was written");
  return request;
}

function comparable({ startLine, headers, text }: RawMessage): unknown {
  return [startLine, headers.map(([name, value]) => [name.toLowerCase(), value]).toSorted(), text];
}

describe("a request", () => {
  const HEADERS = { "accept-encoding": "identity", "user-agent": "postern", "x-postern-hop": "a" };

  test.each<[string, string, BunFetchRequestInit]>([
    ["with a body", "/v1/chat/completions", { body: Buffer.from('{"model":"m"}') }],
    ["with an empty body", "/v1/x", { body: Buffer.alloc(0) }],
    ["without a body", "/v1/x", {}],
    ["to read", "/v1/models", { method: "GET" }],
    ["with a query", "/v1/models?limit=1000&after=a%20b&x=../y", { method: "GET" }],
    ["with bytes that are no text", "/v1/x", { body: Buffer.from([0, 255, 13, 10, 13, 10, 0]) }],
    ["with marks in its path", "/v1/models/a:b@c!d~e*f(g)h", { method: "GET" }],
    ["with encoded marks in its path", "/v1/models/a%2Fb%20c", { method: "GET" }],
    ["with two slashes", "/v1//models/", { method: "GET" }],
  ])("%s is written as `fetch` writes it", async (_, path, more) => {
    const ours = await written(path, { ...more, headers: HEADERS });
    const theirs = await written(path, { ...more, headers: HEADERS }, (url, init) => fetch(url, init));
    expect(comparable(ours)).toEqual(comparable(theirs));
    expect(fallbacks).toBe(0);
  });

  test.each([
    ["spelled as they were", { "X-Team": "ml", ACCEPT: "text/event-stream" }],
    ["with letters beyond ASCII", { "x-name": "größe" }],
    ["that are empty", { "x-empty": "" }],
    ["that name another host", { host: "other.test" }],
  ])("has headers %s, as with `fetch`", async (_, headers) => {
    const more = { headers: { ...HEADERS, ...headers }, body: Buffer.from("{}") };
    const ours = await written("/v1/x", more);
    const theirs = await written("/v1/x", more, (url, init) => fetch(url, init));
    expect(comparable(ours)).toEqual(comparable(theirs));
    expect(fallbacks).toBe(0);
  });

  test.each([
    ["a line break in a value", { "x-a": "b\r\nx-evil: 1" }],
    ["a line feed in a value", { "x-a": "b\nx-evil: 1" }],
    ["a NUL in a value", { "x-a": "b\0c" }],
    ["a letter that no header has", { "x-a": "€" }],
    ["a space in a name", { "x a": "b" }],
    ["a line break in a name", { "x-a: b\r\nx-evil": "1" }],
  ])("with %s is not written at all", async (_, headers) => {
    const outcome = await described(transport(`${upstream.url}/v1`, initOf({ headers })));
    expect([outcome, fallbacks, upstream.requests.length]).toEqual(["ERR_INVALID_HEADER", 0, 0]);
  });

  test("to whatever path is one request, with that path, or left to `fetch`", async () => {
    const odd = fc.constantFrom(...`/.%2eE?#&='@ \t\r\n\\:;{}|^"<>äa€\0`, "`");
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { maxLength: 12 }), async (characters) => {
        upstream.requests.length = 0;
        fallbacks = 0;
        const url = `${upstream.url}/${characters.join("")}`;
        await within("an outcome", described(transport(url, initOf({ method: "GET" }))));
        const { pathname, search } = new URL(url);
        const expected = fallbacks === 1 ? [] : [`GET ${pathname}${search} HTTP/1.1`];
        expect(upstream.requests.map(({ startLine }) => startLine)).toEqual(expected);
      }),
      { numRuns: 400, seed: 3 },
    );
  });
});

describe("left to `fetch` is", () => {
  test.each<[string, string, BunFetchRequestInit]>([
    ["https", "https://127.0.0.1:1/v1", {}],
    ["a proxy", "http://127.0.0.1:1/v1", { proxy: "http://127.0.0.1:2" }],
    ["what the environment says of proxies", "http://127.0.0.1:1/v1", { proxy: undefined as never }],
    ["a step upwards", "http://127.0.0.1:1/v1/../x", {}],
    ["an encoded step upwards", "http://127.0.0.1:1/v1/%2e%2E/x", {}],
    ["a fragment", "http://127.0.0.1:1/v1#x", {}],
    ["a path to be encoded", "http://127.0.0.1:1/v1/ä b", {}],
    ["no path", "http://127.0.0.1:1", {}],
    ["a host in capitals", "http://LOCALHOST:1/v1", {}],
    ["a host with a space", "http://127.0.0.1 :1/v1", {}],
    ["a port that says nothing", "http://127.0.0.1:80/v1", {}],
    ["a user in the address", "http://a:b@127.0.0.1:1/v1", {}],
    ["a connection that is asked to close", "http://127.0.0.1:1/v1", { headers: { Connection: "close" } }],
    ["a length that is given", "http://127.0.0.1:1/v1", { headers: { "content-length": "3" } }],
    ["a coding that is given", "http://127.0.0.1:1/v1", { headers: { "Transfer-Encoding": "chunked" } }],
    ["a body that is no array of bytes", "http://127.0.0.1:1/v1", { body: "text" }],
    ["a redirect to be followed", "http://127.0.0.1:1/v1", { redirect: "follow" }],
  ])("%s", async (_, url, more) => {
    expect(await described(transport(url, initOf(more)))).toContain("from fetch");
    expect(fallbacks).toBe(1);
  });
});

describe("a host", () => {
  test.each(["localhost", "[::1]", "127.0.0.1"])("written as %s is found", async (host) => {
    const server = Bun.serve({ hostname: host === "[::1]" ? "::1" : "127.0.0.1", port: 0, fetch: echoHost });
    const asked = transport(`http://${host}:${server.port}/`, initOf({ method: "GET" }));
    expect(await within("an answer", described(asked))).toContain(`"${host}:${server.port}"`);
    await server.stop(true);
  });
});

function echoHost(request: Request): Response {
  return new Response(request.headers.get("host"));
}
