// The request that goes upstream: which headers pass, who wins, where the credential stands, what is left of the query.

import { describe, expect, test } from "bun:test";
import type { Provider, UpstreamAuth } from "../../../src/exchange.ts";
import { ENDPOINTS } from "../../../src/formats/table.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { forwardedHeaders, HOP_HEADER, returnedHeaders } from "../../../src/upstream/headers.ts";
import { buildRequest } from "../../../src/upstream/request.ts";
import { fakeProvider } from "../../support/fake-parts.ts";

interface Asked {
  readonly provider?: Partial<Provider>;
  readonly headers?: Record<string, string>;
  readonly search?: string;
  readonly passed?: string;
  readonly token?: string;
}

function build({ provider, headers = {}, search = "", passed, token }: Asked) {
  return buildRequest({
    provider: fakeProvider(provider),
    endpoint: ENDPOINTS.chat,
    path: "chat/completions",
    search,
    clientHeaders: new Headers(headers),
    subscription: passed,
    accessToken: token,
    nowMs: Date.UTC(2026, 10, 21),
    body: new Uint8Array(0),
    hops: "instance-1",
  });
}

const CREDENTIAL = new Secret("the credential");
const OWN = { "accept-encoding": "identity", "user-agent": "postern", [HOP_HEADER]: "instance-1" };

describe("of the client's headers", () => {
  const passing = [
    ..."content-type accept accept-language cache-control user-agent traceparent tracestate baggage".split(
      " ",
    ),
    ..."anthropic-version anthropic-beta openai-beta idempotency-key x-client-request-id x-goog-api-client".split(
      " ",
    ),
    ..."x-app x-claude-code-session-id session-id thread-id originator x-stainless-lang x-codex-window-id".split(
      " ",
    ),
  ];
  const stopped = [
    ..."authorization x-api-key api-key x-goog-api-key cookie host content-length content-encoding connection".split(
      " ",
    ),
    ..."accept-encoding transfer-encoding te via forwarded x-forwarded-for x-real-ip origin referer".split(
      " ",
    ),
    ..."x-stainles xx-stainless-a x-codexx x-amzn-bedrock-trace openai-organization x-postern-request-id x-custom".split(
      " ",
    ),
  ];

  test.each(passing)("%s passes as it is", (name) => {
    expect(forwardedHeaders(new Headers({ [name]: "v; w=1" }), [])).toEqual({ [name]: "v; w=1" });
  });
  test.each(stopped)("%s stops", (name) => {
    expect(forwardedHeaders(new Headers({ [name]: "v" }), [])).toEqual({});
  });
  test("those of Bedrock pass to Bedrock", () => {
    const headers = new Headers({ "x-amzn-bedrock-trace": "ENABLED", "x-amz-date": "forged" });
    expect(forwardedHeaders(headers, [], "bedrock")).toEqual({ "x-amzn-bedrock-trace": "ENABLED" });
  });
  test("those of the provider's forward_headers pass too", () => {
    expect(forwardedHeaders(new Headers({ "X-Custom": "v", "x-other": "w" }), ["x-custom"])).toEqual({
      "x-custom": "v",
    });
  });
  test.each(["x-app, x-custom", "close,X-APP , x-custom", "keep-alive, x-custom,x-app"])(
    "those listed in Connection (%s) are the hop's own and stop",
    (connection) => {
      const headers = new Headers({ connection, "x-app": "1", "x-custom": "2", accept: "3" });
      expect(forwardedHeaders(headers, ["x-custom"])).toEqual({ accept: "3" });
    },
  );
  test.each(["close", "keep-alive", "Keep-Alive", ""])("a plain Connection: %s stops none", (connection) => {
    expect(forwardedHeaders(new Headers({ connection, "x-app": "1" }), [])).toEqual({ "x-app": "1" });
  });
});

describe("of the upstream's headers", () => {
  test.each([
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-limit-requests",
    "anthropic-ratelimit-tokens-reset",
    "openai-processing-ms",
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-amzn-errortype",
    "x-amzn-bedrock-input-token-count",
    "x-should-retry",
  ])("%s passes", (name) => {
    expect(returnedHeaders(new Headers({ [name]: "v" }))).toEqual({ [name]: "v" });
  });
  test.each([
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "set-cookie",
    "server",
    "location",
    "x-powered-by",
    "x-postern-model",
    "access-control-allow-origin",
    "etag",
  ])("%s stops", (name) => {
    expect(returnedHeaders(new Headers({ [name]: "v" }))).toEqual({});
  });
  test("a value too long for the heads that clients take stops", () => {
    const headers = new Headers({ "x-request-id": "v".repeat(4097), "retry-after": "1" });
    expect(returnedHeaders(headers)).toEqual({ "retry-after": "1" });
  });
});

describe("the request upstream", () => {
  test("has its own headers and nothing it was not given", () => {
    expect(build({})).toMatchObject({ url: "http://up.test/v1/chat/completions", headers: OWN });
    expect(build({}).headers).toEqual(OWN);
  });

  test("names the client's user agent, and never its mark of a loop", () => {
    const { headers } = build({ headers: { "user-agent": "curl/8", [HOP_HEADER]: "forged" } });
    expect(headers).toEqual({ ...OWN, "user-agent": "curl/8" });
  });

  test("carries the provider's headers, which win over everybody's", () => {
    const provider = { headers: { "user-agent": "file", "x-team": "ml" } };
    const { headers } = build({ provider, headers: { "user-agent": "client", "x-team": "client" } });
    expect(headers).toEqual({ ...OWN, "user-agent": "file", "x-team": "ml" });
  });

  test("takes the client's key out of the query, whatever its spelling", () => {
    expect(build({ search: "?a=1&key=k&%6bey=l&b=%20" }).url).toEndWith("/chat/completions?a=1&b=%20");
  });
});

describe("the credential", () => {
  const cases: readonly (readonly [
    string,
    UpstreamAuth,
    Secret | undefined,
    Record<string, string>,
    string,
  ])[] = [
    [
      "bearer",
      { kind: "header", header: "authorization", prefix: "Bearer " },
      CREDENTIAL,
      { authorization: "Bearer the credential" },
      "",
    ],
    [
      "api-key",
      { kind: "header", header: "api-key", prefix: "" },
      CREDENTIAL,
      { "api-key": "the credential" },
      "",
    ],
    [
      "a header of its own",
      { kind: "header", header: "x-token", prefix: "T:" },
      CREDENTIAL,
      { "x-token": "T:the credential" },
      "",
    ],
    ["none", { kind: "none" }, CREDENTIAL, {}, ""],
    [
      "a header without a credential",
      { kind: "header", header: "authorization", prefix: "Bearer " },
      undefined,
      {},
      "",
    ],
    ["query", { kind: "query", parameter: "token" }, CREDENTIAL, {}, "?token=the%20credential"],
    ["query without a credential", { kind: "query", parameter: "token" }, undefined, {}, ""],
  ];
  test.each(cases)("by %s", (_, auth, credential, extra, search) => {
    const headers = {
      authorization: "Bearer virtual",
      "x-api-key": "virtual",
      "api-key": "virtual",
      "x-token": "forged",
    };
    const request = build({ provider: { auth, credential }, headers, passed: "Bearer the client's own" });
    expect(request.headers).toEqual({ ...OWN, ...extra });
    expect(request.url).toBe(`http://up.test/v1/chat/completions${search}`);
  });

  test.each([
    ["?a=1", "?a=1&token=the%20credential"],
    ["?token=forged&a=1&%74oken=forged", "?a=1&token=the%20credential"],
    ["?token=forged", "?token=the%20credential"],
    ["?key=virtual", "?token=the%20credential"],
  ])("in the query of %s stands once", (search, expected) => {
    const provider = { auth: { kind: "query", parameter: "token" } as const, credential: CREDENTIAL };
    expect(build({ provider, search }).url).toEndWith(`/chat/completions${expected}`);
  });

  test("that is called key takes the place of the virtual key", () => {
    const provider = { auth: { kind: "query", parameter: "key" } as const, credential: CREDENTIAL };
    expect(build({ provider, search: "?key=virtual" }).url).toEndWith(
      "/chat/completions?key=the%20credential",
    );
  });

  test("of the client's own pays instead of the provider's where that is allowed, and passes as it is", () => {
    const provider = {
      subscriptionLogins: true,
      auth: { kind: "header", header: "x-api-key", prefix: "" } as const,
      credential: CREDENTIAL,
    };
    const login = "Bearer sk-ant-oat01-abc";
    expect(build({ provider, passed: login }).headers).toEqual({ ...OWN, authorization: login });
    expect(build({ provider }).headers).toEqual({ ...OWN, "x-api-key": "the credential" });
  });

  test("that was exchanged is a bearer token", () => {
    const tokens = { token: () => Promise.reject(new Error("not asked")), known: () => [] };
    const provider = { auth: { kind: "google-service-account", tokens } as const };
    expect(build({ provider, token: "ya29" }).headers["authorization"]).toBe("Bearer ya29");
    expect(build({ provider }).headers).toEqual(OWN);
    expect(build({ token: "ya29" }).headers).toEqual(OWN);
  });

  test("of the client's own passes to a provider that wants it, as it is", () => {
    const passthrough = { auth: { kind: "passthrough" } as const };
    expect(build({ provider: passthrough, passed: "Basic abc" }).headers["authorization"]).toBe("Basic abc");
    expect(build({ provider: passthrough, headers: { authorization: "Bearer virtual" } }).headers).toEqual(
      OWN,
    );
  });
});
