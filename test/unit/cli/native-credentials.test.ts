// What pays for native calls, kept by a running gateway: tokens outlive a reload, signatures need both access keys.

import { describe, expect, test } from "bun:test";
import { createNativeCredentials } from "../../../src/cli/native-credentials.ts";
import { readServiceAccount } from "../../../src/lib/service-account.ts";
import { keyFile } from "../../support/service-account.ts";

const NEVER = new AbortController().signal;
const NOBODY = { provider: "vertex", httpProxy: undefined };

function accountOf(changes: Readonly<Record<string, unknown>> = {}) {
  const reading = readServiceAccount(keyFile(changes));
  if ("problem" in reading) throw new Error(reading.problem);
  return reading.account;
}

function credentials(env: Readonly<Record<string, string>> = {}) {
  const asked: { url: string; init: BunFetchRequestInit }[] = [];
  const made = createNativeCredentials({
    now: () => 1_800_000_000_000,
    env,
    fetch: async (url, init) => {
      asked.push({ url, init });
      return Response.json({ access_token: `token-${asked.length}`, expires_in: 3600 });
    },
  });
  return { ...made, asked };
}

describe("tokens", () => {
  test("are the same source while neither account nor proxy changes", async () => {
    const { tokens, asked } = credentials();
    const first = tokens(accountOf(), NOBODY);
    await first.token(NEVER);
    const again = tokens(accountOf(), NOBODY);
    expect(again).toBe(first);
    expect(await again.token(NEVER)).toEqual({ ok: true, token: "token-1" });
    expect(asked).toHaveLength(1);
    expect(tokens(accountOf(), { ...NOBODY, provider: "second" })).not.toBe(first);
    expect(tokens(accountOf({ client_email: "other@acme.test" }), NOBODY)).not.toBe(first);
    expect(tokens(accountOf(), { ...NOBODY, httpProxy: "http://proxy:3128" })).not.toBe(first);
  });

  test("are asked for without a proxy of the environment and without following anybody", async () => {
    const { tokens, asked } = credentials();
    await tokens(accountOf(), NOBODY).token(NEVER);
    await tokens(accountOf(), { provider: "p", httpProxy: "http://proxy:3128" }).token(NEVER);
    expect(asked.map(({ url, init }) => [url, init.proxy, init.redirect])).toEqual([
      ["https://oauth2.example.com/token", false, "manual"],
      ["https://oauth2.example.com/token", "http://proxy:3128", "manual"],
    ]);
  });
});

describe("access keys", () => {
  const ENV = {
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "session",
  };
  const request = { method: "POST", url: "https://h.test/model/m/converse", headers: {}, body: undefined };

  test("sign for the region, under Bedrock's name", () => {
    const headers = credentials(ENV)
      .signer("eu-central-1")
      ?.sign(request, Date.UTC(2026, 10, 21));
    expect(headers).toMatchObject({
      authorization: expect.stringContaining(
        "Credential=AKIDEXAMPLE/20261121/eu-central-1/bedrock/aws4_request",
      ),
      "x-amz-security-token": "session",
    });
  });

  test("are secrets, and none without both halves", () => {
    expect(credentials(ENV).secrets).toEqual(["AKIDEXAMPLE", "secret", "session"]);
    const half = credentials({ AWS_ACCESS_KEY_ID: "AKIDEXAMPLE" });
    expect([half.signer("r"), half.secrets]).toEqual([undefined, []]);
  });
});
