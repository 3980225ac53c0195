// What a probe makes of every way that a provider can answer, or not.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { isFine, type Probe, probeProvider } from "../../../src/gateway/probe.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { createWheel } from "../../../src/lib/wheel.ts";
import { createReach, type Network } from "../../../src/upstream/reach.ts";
import { createUpstream } from "../../../src/upstream/send.ts";
import { fakeProvider } from "../../support/fake-parts.ts";
import { type Answer, type FakeUpstream, fakeUpstream, type SeenRequest } from "../../support/upstream.ts";

const LIMIT_MS = 5_000;
const LIST = { object: "list", data: [{ id: "a" }, { id: "b" }] };
const SECRET = "canary-upstream-credential-4f1c9a";

let up: FakeUpstream;
beforeAll(() => {
  up = fakeUpstream();
});
afterAll(() => up.stop());

const NETWORK: Network = { now: () => 0, lookup: async (host) => [host], connect: async () => {} };

interface Given {
  readonly provider?: Partial<Provider>;
  readonly network?: Partial<Network>;
  readonly limitMs?: number;
}

async function probe(path: string, { provider = {}, network = {}, limitMs = LIMIT_MS }: Given = {}) {
  const upstream = createUpstream({
    fetch: (url, init) => fetch(url, init),
    reach: createReach({ ...NETWORK, ...network }),
    wheel: createWheel(() => performance.now()),
  });
  const origin = { host: "127.0.0.1", port: up.port };
  const root = up.url + path;
  const asked = fakeProvider({ root, origin, ...provider });
  const result = await probeProvider(asked, { upstream, instanceId: "me", limitMs });
  expect(JSON.stringify(result)).not.toContain(SECRET);
  return short(result);
}

/** The port is another one in every run. */
function short(result: Probe): Probe {
  return JSON.parse(JSON.stringify(result).replaceAll(up.url, "http://up")) as Probe;
}

/** Answers from the first request on; returns the requests. */
function upstreamAnswers(answer: Answer): readonly SeenRequest[] {
  up.reset();
  up.answer(answer);
  return up.requests;
}

const notFound = () => new Response("no", { status: 404 });

function only(path: string, response: () => Response): Answer {
  return (request) => (request.path === path ? response() : notFound());
}

describe("a provider that lists its models is reachable", () => {
  test.each([
    ["OpenAI's shape", LIST, 2],
    ["a bare list", [{ id: "a" }], 1],
    ["none yet", { object: "list", data: null }, 0],
  ])("in %s", async (_, body, models) => {
    const seen = upstreamAnswers(() => Response.json(body));
    expect(await probe("/v1")).toEqual({ state: "reachable", detail: "", models });
    expect(seen.map(({ method, target }) => [method, target])).toEqual([["GET", "/v1/models"]]);
  });

  test("also when it wants fewer questions", async () => {
    upstreamAnswers(() => new Response("slow down", { status: 429 }));
    expect(await probe("/v1")).toEqual({ state: "reachable", detail: "answers 429 (too many requests)" });
  });
});

describe("it is asked as the gateway would ask", () => {
  test("with its credential, its headers, and a hop of its own", async () => {
    const seen = upstreamAnswers(() => Response.json(LIST));
    await probe("/v1", {
      provider: {
        auth: { kind: "header", header: "authorization", prefix: "Bearer " },
        credential: new Secret(SECRET),
        headers: { "x-team": "ml" },
      },
    });
    expect(seen[0]?.headers).toMatchObject({ authorization: `Bearer ${SECRET}`, "x-team": "ml" });
    expect(Object.values(seen[0]?.headers ?? {})).toContain("me");
  });

  test("with the credential in the query, where that is its place", async () => {
    const seen = upstreamAnswers(() => Response.json(LIST));
    const auth = { kind: "query", parameter: "key" } as const;
    await probe("/v1", { provider: { auth, credential: new Secret(SECRET) } });
    expect(seen[0]?.target).toBe(`/v1/models?key=${SECRET}`);
  });

  test("with a version, where lists in Anthropic's way are offered", async () => {
    const seen = upstreamAnswers(() => Response.json(LIST));
    await probe("/v1", { provider: { endpoints: new Set(["messages", "models"]) } });
    await probe("/v1", { provider: { endpoints: new Set(["chat", "models"]) } });
    expect(seen.map(({ headers }) => headers["anthropic-version"])).toEqual(["2023-06-01", undefined]);
    expect(seen.map(({ query }) => query)).toEqual(["?limit=1000", ""]);
  });

  test("and never at an address that no request may go to", async () => {
    const seen = upstreamAnswers(() => Response.json(LIST));
    const network = { lookup: async () => ["169.254.169.254"] };
    expect(await probe("/v1", { network })).toMatchObject({
      state: "unreachable",
      detail: expect.stringContaining("link-local or metadata address"),
    });
    expect(seen).toEqual([]);
  });
});

describe("a credential that is not accepted", () => {
  const auth = { kind: "header", header: "authorization", prefix: "Bearer " } as const;

  test.each([401, 403])("%d with one", async (status) => {
    upstreamAnswers(() => new Response(SECRET, { status }));
    const provider = { auth, credential: new Secret(SECRET), credentialName: "UP_KEY" };
    expect(await probe("/v1", { provider })).toEqual({
      state: "bad_key",
      detail: `${status}: the credential was not accepted: see UP_KEY`,
    });
  });

  test("401 without one", async () => {
    upstreamAnswers(() => new Response("", { status: 401 }));
    expect(await probe("/v1")).toEqual({
      state: "bad_key",
      detail: "401: it wants a credential, and none is configured: set api_key",
    });
  });

  test("one that is not set is not tried", async () => {
    const seen = upstreamAnswers(() => Response.json(LIST));
    expect(await probe("/v1", { provider: { auth, credentialName: "UP_KEY" } })).toEqual({
      state: "bad_key",
      detail: "it is not set: set UP_KEY",
    });
    expect(seen).toEqual([]);
  });
});

describe("a wrong base URL: the one that works is found", () => {
  test.each([
    ["/api", "/v1/models", "/v1"],
    ["/api", "/api/v1/models", "/api/v1"],
    ["/api/v1", "/api/models", "/api"],
    ["/v1/v1", "/v1/models", "/v1"],
    ["/v1", "/models", "/chat/completions"],
    ["/openai/deployments/x", "/openai/models", "/openai"],
  ])("%s, where %s answers", async (path, where, fix) => {
    upstreamAnswers(only(where, () => Response.json(LIST)));
    expect(await probe(path)).toEqual({
      state: "wrong_base_url",
      detail: `http://up${path}/models answers 404`,
      fix: `http://up${fix}`,
    });
  });

  test.each([
    ["a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["JSON that is no list", () => Response.json({ hello: "world" })],
    ["nothing", () => new Response(null, { status: 204 })],
  ])("where %s answers in its place", async (_, response) => {
    upstreamAnswers((request) => (request.path === "/v1/models" ? Response.json(LIST) : response()));
    expect(await probe("/api")).toEqual({
      state: "wrong_base_url",
      detail: "http://up/api/models answers, but not with a list of models",
      fix: "http://up/v1",
    });
  });

  test("where the wrong place wants a credential that the right one does not", async () => {
    upstreamAnswers((request) =>
      request.path === "/v1/models" ? Response.json(LIST) : new Response("", { status: 403 }),
    );
    expect(await probe("/api")).toMatchObject({ state: "wrong_base_url", fix: "http://up/v1" });
  });

  test("one that wants another credential is named, and not called working", async () => {
    upstreamAnswers(only("/v1/models", () => new Response("", { status: 401 })));
    expect(await probe("/api")).toEqual({
      state: "wrong_base_url",
      detail:
        "http://up/api/models answers 404; http://up/v1 may be meant, but the credential is not accepted there",
    });
  });

  test("where none works, that is said", async () => {
    upstreamAnswers(notFound);
    const { state, detail, fix } = await probe("/v1");
    expect({ state, fix }).toEqual({ state: "wrong_base_url", fix: undefined });
    expect(detail).toStartWith("http://up/v1/models answers 404; nor is there one elsewhere on this server");
  });
});

describe("a redirect is not followed", () => {
  test.each([
    ["https://h.example/v1/models", "; if that is right, set base_url: https://h.example/v1"],
    ["/new/models/", "; if that is right, set base_url: http://up/new"],
    ["https://h.example/login", "; nor is there one elsewhere"],
    ["ftp://h.example/v1/models", "; nor is there one elsewhere"],
    ["http://", "; nor is there one elsewhere"],
  ])("to %s", async (location, remedy) => {
    const seen = upstreamAnswers(() => new Response(null, { status: 308, headers: { location } }));
    const { state, detail } = await probe("/v1");
    expect({ state, detail }).toEqual({
      state: "wrong_base_url",
      detail: expect.stringContaining(`http://up/v1/models redirects (308)${remedy}`),
    });
    expect(seen.map(({ path }) => path).sort()).toEqual(["/models", "/v1/models"]);
  });
});

test("a server that is broken is failing", async () => {
  upstreamAnswers(() => new Response("", { status: 503 }));
  expect(await probe("/v1")).toEqual({ state: "failing", detail: "http://up/v1/models answers 503" });
});

describe("a server that is not reached", () => {
  function failing(code: string) {
    return { connect: () => Promise.reject(Object.assign(new Error(code), { code })) };
  }

  test.each([
    ["ECONNREFUSED", "refused", "nothing listens there (connection refused)"],
    ["ENOTFOUND", "unreachable", "the host name is not known"],
    ["EHOSTUNREACH", "unreachable", "the host is unreachable"],
    ["ECONNRESET", "unreachable", "reset; if the server speaks TLS, begin base_url with https://"],
  ])("%s is %s", async (code, state, words) => {
    const result = await probe("/v1", { network: failing(code) });
    expect(result).toEqual({ state, detail: expect.stringContaining(words) } as Probe);
  });

  test("one that lets nobody connect, within the provider's own limit if that is shorter", async () => {
    const network = { connect: () => new Promise<never>(() => {}) };
    const timeouts = { connectMs: 20, firstByteMs: 0, idleMs: 0, totalMs: 0 };
    expect(await probe("/v1", { network, provider: { timeouts } })).toEqual({
      state: "timeout",
      detail: "no connection within 0.02 s",
    });
  });

  test("one that does not answer", async () => {
    upstreamAnswers(() => new Promise<never>(() => {}));
    expect(await probe("/v1", { limitMs: 20 })).toEqual({
      state: "timeout",
      detail: "no whole answer within 0.02 s",
    });
  });

  test("one that does not finish its answer", async () => {
    const body = () => new ReadableStream({ start: (sink) => sink.enqueue(new TextEncoder().encode("{")) });
    upstreamAnswers(() => new Response(body()));
    expect(await probe("/v1", { limitMs: 100 })).toMatchObject({ state: "timeout" });
  });

  test("one that dribbles a list without end is let go", async () => {
    const chunk = new TextEncoder().encode(`"${"x".repeat(2 ** 20)}",`);
    let sent = 0;
    const body = new ReadableStream({
      pull(sink) {
        sent += chunk.length;
        sink.enqueue(chunk);
      },
    });
    upstreamAnswers((request) => (request.path === "/v1/models" ? new Response(body) : notFound()));
    expect(await probe("/v1")).toMatchObject({
      state: "wrong_base_url",
      detail: expect.stringContaining("not with a list of models"),
    });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });
});

describe("what is not asked", () => {
  test.each([
    ["a provider that answers by itself", { local: async () => new Response() }, "it answers by itself"],
    ["callers' own credentials", { auth: { kind: "passthrough" } as const }, "each caller's own"],
    ["no list of models", { endpoints: new Set(["chat"] as const) }, "no list of models"],
  ])("%s", async (_, provider, detail) => {
    const seen = upstreamAnswers(() => Response.json(LIST));
    const result = await probe("/v1", { provider });
    expect(result).toEqual({ state: "not_probed", detail: expect.stringContaining(detail) } as Probe);
    expect(isFine(result)).toBe(true);
    expect(seen).toEqual([]);
  });
});
