// Access tokens of a service account: one exchange for all, renewed ahead, and errors without any key material.

import { describe, expect, test } from "bun:test";
import { verify } from "node:crypto";
import { readServiceAccount } from "../../../../src/lib/service-account.ts";
import { createServiceAccountTokens } from "../../../../src/upstream/credentials/service-account-tokens.ts";
import {
  ACCOUNT_EMAIL,
  ACCOUNT_PRIVATE_KEY,
  ACCOUNT_PUBLIC_KEY,
  keyFile,
} from "../../../support/service-account.ts";

const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const NEVER = new AbortController().signal;

type Answer = Response | Error | Promise<Response>;

/** A token endpoint whose answers are given in advance; without one it hands out `token-1`, `token-2`, … for an hour. */
function endpoint(changes: Readonly<Record<string, unknown>> = {}) {
  const reading = readServiceAccount(keyFile(changes));
  if ("problem" in reading) throw new Error(reading.problem);
  const state = { now: START_MS, answers: [] as Answer[], asked: [] as { url: string; init: RequestInit }[] };
  const tokens = createServiceAccountTokens(reading.account, {
    now: () => state.now,
    fetch: async (url, init) => {
      state.asked.push({ url, init });
      const answer = state.answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? Response.json({ access_token: `token-${state.asked.length}`, expires_in: 3600 });
    },
  });
  const token = (signal: AbortSignal = NEVER) => tokens.token(signal);
  return { state, tokens, token };
}

const good = (token: string) => ({ ok: true as const, token });

/** Lets the background renewal go on to its end. */
const settled = () => Bun.sleep(0);

test("the grant is what RFC 7523 and Google ask for", async () => {
  const { state, token } = endpoint();
  expect(await token()).toEqual(good("token-1"));
  const [asked] = state.asked;
  expect(asked?.url).toBe("https://oauth2.example.com/token");
  expect(asked?.init).toMatchObject({ method: "POST", redirect: "manual" });
  const form = new URLSearchParams(String(asked?.init.body));
  expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
  const [header = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
  expect(read(header)).toEqual({ alg: "RS256", typ: "JWT", kid: "key-1" });
  expect(read(claims)).toEqual({
    iss: ACCOUNT_EMAIL,
    scope: "https://www.googleapis.com/auth/cloud-platform",
    aud: "https://oauth2.example.com/token",
    iat: START_MS / 1000,
    exp: START_MS / 1000 + 3600,
  });
  const text = Buffer.from(`${header}.${claims}`);
  expect(verify("sha256", text, ACCOUNT_PUBLIC_KEY, Buffer.from(signature, "base64url"))).toBe(true);
});

describe("one exchange", () => {
  test("serves all who wait for it, and all who come while its token is good", async () => {
    const { state, token } = endpoint();
    const first = await Promise.all(Array.from({ length: 50 }, () => token()));
    expect(new Set(first.map((result) => JSON.stringify(result)))).toEqual(
      new Set([JSON.stringify(good("token-1"))]),
    );
    state.now += 54 * MINUTE_MS;
    expect(await token()).toEqual(good("token-1"));
    expect(state.asked).toHaveLength(1);
  });

  test("is not ended by one caller who leaves", async () => {
    const { state, token } = endpoint();
    const answer = Promise.withResolvers<Response>();
    state.answers = [answer.promise];
    const leaving = new AbortController();
    const [left, stayed] = [token(leaving.signal), token()];
    leaving.abort();
    expect(await left).toMatchObject({ ok: false, aborted: true });
    answer.resolve(Response.json({ access_token: "late", expires_in: 3600 }));
    expect(await stayed).toEqual(good("late"));
    expect(state.asked).toHaveLength(1);
  });

  test("is not begun for a caller who has left", async () => {
    const { state, token } = endpoint();
    expect(await token(AbortSignal.abort())).toMatchObject({ ok: false, aborted: true });
    expect(state.asked).toHaveLength(0);
  });
});

describe("renewal", () => {
  test("begins five minutes ahead, once, while the old token still serves", async () => {
    const { state, token, tokens } = endpoint();
    await token();
    state.now += 55 * MINUTE_MS;
    expect(await Promise.all([token(), token(), token()])).toEqual([
      good("token-1"),
      good("token-1"),
      good("token-1"),
    ]);
    await settled();
    expect(state.asked).toHaveLength(2);
    expect(await token()).toEqual(good("token-2"));
    expect(tokens.known()).toEqual(["token-2", "token-1"]);
  });

  test("that fails leaves the old token until it ends, and is tried again after a pause", async () => {
    const { state, token } = endpoint();
    await token();
    state.now += 56 * MINUTE_MS;
    state.answers = [new Response("", { status: 503 }), new Error("refused")];
    await token();
    await settled();
    expect(await token()).toEqual(good("token-1"));
    expect(state.asked).toHaveLength(2);
    state.now += 10_000;
    await token();
    await settled();
    expect(state.asked).toHaveLength(3);
    state.now = START_MS + 60 * MINUTE_MS - 10_001;
    expect(await token()).toEqual(good("token-1"));
    await settled();
    expect(await token()).toEqual(good("token-4"));
  });

  test("a token in its last seconds is not handed out any more", async () => {
    const { state, token } = endpoint();
    await token();
    state.now += 60 * MINUTE_MS - 10_000;
    expect(await token()).toEqual(good("token-2"));
  });

  test("a short life is used for nine tenths", async () => {
    const { state, token } = endpoint();
    state.answers = [Response.json({ access_token: "short", expires_in: 10 })];
    await token();
    state.now += 7_900;
    expect(await token()).toEqual(good("short"));
    expect(state.asked).toHaveLength(1);
    state.now += 1_100;
    expect(await token()).toEqual(good("token-2"));
  });

  test.each([86_400, undefined])("a token is used for an hour at most (expires_in %p)", async (expiresIn) => {
    const { state, token } = endpoint();
    state.answers = [Response.json({ access_token: "long", expires_in: expiresIn })];
    await token();
    state.now += 60 * MINUTE_MS;
    expect(await token()).toEqual(good("token-2"));
  });
});

describe("a token endpoint that fails", () => {
  const refused = (status: number, body: unknown) => Response.json(body, { status });

  test.each<[string, () => Answer, string]>([
    [
      "refuses",
      () => refused(400, { error: "invalid_grant", error_description: ACCOUNT_PRIVATE_KEY }),
      "answered with status 400 (invalid_grant: the key is revoked, the account disabled, or this machine's clock is wrong)",
    ],
    [
      "says what nobody knows",
      () => refused(401, { error: ACCOUNT_PRIVATE_KEY }),
      "answered with status 401",
    ],
    ["breaks", () => new Response(ACCOUNT_PRIVATE_KEY, { status: 500 }), "answered with status 500"],
    ["redirects", () => new Response("", { status: 302 }), "answered with status 302"],
    ["says nothing", () => new Response(""), "answered without an access token"],
    ["hands out a line break", () => Response.json({ access_token: "a\nb" }), "without an access token"],
    ["hangs", () => new DOMException("", "TimeoutError"), "did not answer within 10 s (oauth2.example.com)"],
    ["is away", () => new Error(ACCOUNT_PRIVATE_KEY), "could not be reached (oauth2.example.com)"],
  ])("one that %s", async (_what, answer, message) => {
    const { state, token } = endpoint();
    state.answers = [answer()];
    const result = await token();
    expect(result).toMatchObject({ ok: false, aborted: false });
    const said = result.ok ? "" : result.message;
    expect(said).toStartWith("the token endpoint of the service account ");
    expect(said).toContain(message);
    expect(said).not.toContain("PRIVATE KEY");
    expect(await token()).toEqual(good("token-2"));
  });
});
