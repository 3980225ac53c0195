// `check --probe` of the compiled binary: what it says of every kind of upstream, over real sockets.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates.ts";
import { freePort, runPostern, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER, UPSTREAM_KEY } from "../support/keys.ts";
import { type RawUpstream, rawUpstream } from "../support/raw-tcp.ts";
import { type FakeUpstream, fakeUpstream, type SeenRequest } from "../support/upstream.ts";

const LIST = { object: "list", data: [{ id: "a" }, { id: "b" }, { id: "c" }] };

/** Lists models below `/v1` for whoever has the key; anything else is not found. */
function openAiLike({ path, headers }: SeenRequest): Response {
  if (path !== "/v1/models") return new Response("not found", { status: 404 });
  const known = headers["authorization"] === `Bearer ${UPSTREAM_KEY}`;
  return known ? Response.json(LIST) : new Response("no", { status: 401 });
}

let up: FakeUpstream;
let tls: FakeUpstream;
let deaf: RawUpstream;

beforeAll(async () => {
  up = fakeUpstream(openAiLike);
  tls = fakeUpstream(openAiLike, CERTIFICATE);
  deaf = await rawUpstream(({ connection }) => connection.reset());
});
afterAll(() => Promise.all([up.stop(), tls.stop(), deaf.stop()]));

interface Probed {
  readonly name: string;
  readonly url: string | null;
  readonly state: string;
  readonly detail: string;
  readonly models?: number;
  readonly fix?: string;
}

/** The binary's verdict about one provider, given as YAML settings. */
async function probe(settings: string): Promise<Probed & { readonly code: number }> {
  const { code, stdout, stderr } = await runPostern(["check", "--probe", "--json"], {
    yaml: `providers:\n  x: { ${settings} }\n`,
    files: { "ca.pem": CERTIFICATE.cert, "other.pem": OTHER_CERTIFICATE.cert },
    // The file says how providers are reached, and nothing else.
    env: { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" },
  });
  expect(stdout + stderr).not.toContain(UPSTREAM_KEY);
  const { ok, providers } = JSON.parse(stdout) as { ok: boolean; providers: [Probed] };
  expect(ok).toBe(code === 0);
  return { code, ...providers[0] };
}

const KEY = `api_key: "\${UP_KEY}"`;

describe("reachable", () => {
  test.each(["", "/", "/v1", "/v1/", "/v1/chat/completions"])("with the base URL …%s", async (path) => {
    expect(await probe(`base_url: ${up.url}${path}, ${KEY}`)).toMatchObject({
      code: 0,
      url: `${up.url}/v1/chat/completions`,
      state: "reachable",
      models: 3,
    });
  });

  test.each(["tls: { ca_file: ca.pem }", "tls: { insecure: true }"])("over TLS with %s", async (setting) => {
    expect(await probe(`base_url: ${tls.url}, ${KEY}, ${setting}`)).toMatchObject({
      code: 0,
      state: "reachable",
    });
  });

  test("through the provider's proxy", async () => {
    const seen: string[] = [];
    const proxy = await rawUpstream(({ connection, request }) => {
      seen.push(request.startLine);
      const body = JSON.stringify(LIST);
      connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    const settings = `base_url: http://h.example:8000, http_proxy: "${proxy.url}"`;
    expect(await probe(settings)).toMatchObject({ code: 0, state: "reachable", models: 3 });
    expect(seen).toEqual(["GET http://h.example:8000/v1/models HTTP/1.1"]);
    await proxy.stop();
  });

  test("when the provider is a gateway itself", async () => {
    const gateway = await startGateway(`providers:\n  demo: { type: mock, models: [a, b] }\n${TESTER}`);
    expect(await probe(`base_url: ${gateway.url}, api_key: ${TEST_KEY}`)).toMatchObject({
      code: 0,
      state: "reachable",
      models: 2,
    });
    await gateway.stop();
  });
});

describe("wrong", () => {
  test("a base URL that leads nowhere: the one that works is printed, and works", async () => {
    for (const path of ["/api", "/v1/v1", "/api/v1"]) {
      const { code, state, fix } = await probe(`base_url: ${up.url}${path}, ${KEY}`);
      expect({ code, state, fix }).toEqual({ code: 1, state: "wrong_base_url", fix: `${up.url}/v1` });
    }
    expect((await probe(`base_url: ${up.url}/v1, ${KEY}`)).code).toBe(0);
  });

  test("a server whose endpoints stand at the origin", async () => {
    up.answer(({ path }) => (path === "/models" ? Response.json(LIST) : new Response("", { status: 404 })));
    const { fix } = await probe(`base_url: ${up.url}`);
    expect(fix).toBe(`${up.url}/chat/completions`);
    expect(await probe(`base_url: ${fix}`)).toMatchObject({ code: 0, state: "reachable" });
    up.reset();
  });

  test("a key", async () => {
    expect(await probe(`base_url: ${up.url}, api_key: nonsense`)).toMatchObject({
      code: 1,
      state: "bad_key",
      detail: "401: the credential was not accepted: see `api_key` of the provider",
    });
    expect(await probe(`base_url: ${up.url}`)).toMatchObject({ code: 1, state: "bad_key" });
    expect(await probe("type: openai")).toMatchObject({
      code: 1,
      state: "bad_key",
      detail: expect.stringContaining("OPENAI_API_KEY"),
    });
  });
});

describe("not reached", () => {
  test("a closed port", async () => {
    expect(await probe(`base_url: "http://127.0.0.1:${await freePort()}"`)).toMatchObject({
      code: 1,
      state: "refused",
      detail: expect.stringContaining("nothing listens there (connection refused)"),
    });
  });

  test("a name that does not exist", async () => {
    const { code, state } = await probe("base_url: 'https://no-such-host.invalid'");
    expect({ code, state }).toEqual({ code: 1, state: "unreachable" });
  });

  test.each([
    ["a certificate of an unknown authority", "", "tls.ca_file"],
    ["a certificate of another authority", "tls: { ca_file: other.pem }", "certificate was not accepted"],
  ])("%s", async (_, setting, words) => {
    const { code, state, detail } = await probe(`base_url: ${tls.url}, ${setting}`);
    expect({ code, state }).toEqual({ code: 1, state: "unreachable" });
    expect(detail).toContain(words);
  });

  test("plain HTTP where TLS is expected, and the other way round", async () => {
    const plain = await probe(`base_url: "https://127.0.0.1:${up.port}"`);
    expect(plain).toMatchObject({ state: "unreachable", detail: expect.stringContaining("http://") });
    const secure = await probe(`base_url: "http://127.0.0.1:${tls.port}"`);
    expect(secure).toMatchObject({ state: "unreachable", detail: expect.stringContaining("https://") });
  });

  test("a server that hangs up", async () => {
    const { code, state } = await probe(`base_url: ${deaf.url}`);
    expect({ code, state }).toEqual({ code: 1, state: "unreachable" });
  });

  test("a server that says nothing, after five seconds", async () => {
    const silent = await rawUpstream(() => {});
    const { code, state, detail } = await probe(`base_url: ${silent.url}`);
    expect({ code, state, detail }).toEqual({
      code: 1,
      state: "timeout",
      detail: "no whole answer within 5 s",
    });
    await silent.stop();
  });
});

test("what is not probed is said, and is no fault", async () => {
  const { code, stdout, stderr } = await runPostern(["check", "--probe"], {
    yaml: `providers:\n  demo: { type: mock }\n  theirs: { base_url: ${up.url}, auth: passthrough }\n`,
  });
  expect(code).toBe(0);
  expect(stdout).toContain("not probed: it answers by itself\n");
  expect(stdout).toContain("not probed: the credential is each caller's own\n");
  expect(stderr).toContain("0 probed, 0 reachable");
});
