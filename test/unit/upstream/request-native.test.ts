// The request that goes to providers with ways of their own: signatures, versions, servers of locations.

import { describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { ENDPOINTS } from "../../../src/formats/table.ts";
import { createSigV4Signer } from "../../../src/upstream/credentials/sigv4.ts";
import { buildRequest } from "../../../src/upstream/request.ts";
import { fakeProvider } from "../../support/fake-parts.ts";

interface Asked {
  readonly provider: Partial<Provider>;
  readonly headers?: Record<string, string>;
  readonly search?: string;
  readonly location?: string;
}

function build({ provider, headers = {}, search = "", location }: Asked) {
  return buildRequest({
    provider: fakeProvider(provider),
    endpoint: ENDPOINTS.chat,
    path: "chat/completions",
    search,
    clientHeaders: new Headers(headers),
    location,
    nowMs: Date.UTC(2026, 10, 21),
    body: new Uint8Array(0),
    hops: "instance-1",
  });
}

describe("a signed request", () => {
  const signer = createSigV4Signer({
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "secret",
    sessionToken: "session",
    region: "us-east-1",
    service: "bedrock",
  });
  const provider: Partial<Provider> = {
    dialect: "bedrock",
    root: "https://bedrock.test",
    auth: { kind: "sigv4", signer },
    headers: { "content-type": "application/json", authorization: "never" },
  };
  const headers = {
    "x-amzn-bedrock-trace": "ENABLED",
    "x-amz-date": "forged",
    authorization: "AWS4-HMAC forged",
  };

  test("is signed as it goes out: with the provider's headers and the clock's time", () => {
    const request = build({ provider, headers, search: "?a=1&key=virtual" });
    const { authorization, "x-amz-date": date, ...sent } = request.headers;
    expect(date).toBe("20261121T000000Z");
    expect(authorization).toContain(
      "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amzn-bedrock-trace",
    );
    const again = signer.sign(
      { method: "POST", url: request.url, headers: sent, body: new Uint8Array(0) },
      Date.UTC(2026, 10, 21),
    );
    expect(again["authorization"]).toBe(authorization as string);
    expect(request.url).toBe("https://bedrock.test/chat/completions?a=1");
  });
});

describe("of providers' own ways", () => {
  const version = (dialect: Provider["dialect"], headers: Record<string, string> = {}) =>
    build({ provider: { dialect }, headers }).headers["anthropic-version"];

  test("Anthropic's version is as sent, and there where it is not", () => {
    expect(version("anthropic")).toBe("2023-06-01");
    expect(version("anthropic", { "anthropic-version": "2099-01-01" })).toBe("2099-01-01");
    expect(version("openai")).toBeUndefined();
  });

  test("a location has a server, unless all are at one place", () => {
    const near = { root: "https://near.test", origin: { host: "near.test", port: 443 } };
    const places = { projects: ["p"], locations: ["near"], servers: new Map([["near", near]]) };
    const { url, origin } = build({ provider: { dialect: "vertex", places }, location: "near" });
    expect([url, origin]).toEqual(["https://near.test/chat/completions", near.origin]);
    const elsewhere = build({ provider: { dialect: "vertex", places }, location: "far" });
    expect([elsewhere.url, elsewhere.origin]).toEqual([
      "http://up.test/v1/chat/completions",
      { host: "up.test", port: 80 },
    ]);
  });
});
