// No client's credential ever reaches an upstream, and no provider's credential ever reaches a client, nor is either kept.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { CANARY_ROUTES, type CanaryRoute } from "../support/compat/canary-routes.ts";
import {
  ALL_CLIENT_KEYS,
  BROKE_KEY,
  type CanaryScene,
  type Carrier,
  CLIENT_KEYS,
  found,
  judge,
  PROVIDER_SECRETS,
  startCanaryScene,
  UNKNOWN_KEY,
} from "../support/compat/canary-scene.ts";
import { canaryAnswer, type Mood } from "../support/compat/canary-upstream.ts";
import { until } from "../support/deadline.ts";
import { ADMIN_KEY } from "../support/money-scene.ts";

const EVERYTHING = { ...PROVIDER_SECRETS, ...ALL_CLIENT_KEYS };
const CARRIERS = Object.keys(CLIENT_KEYS) as Carrier[];

let scene: CanaryScene;

beforeAll(async () => {
  scene = await startCanaryScene();
});
beforeEach(() => scene.upstream.reset());
afterAll(async () => {
  await scene?.stop();
});

interface Said {
  readonly route: CanaryRoute;
  readonly status: number;
  /** Status, headers and body; a character per byte. */
  readonly text: string;
}

/** The request with keys in these carriers. */
async function send(route: CanaryRoute, keys: Partial<Record<Carrier, string>>): Promise<Said> {
  const { "?key=": query, authorization, ...headers } = keys;
  const path =
    query === undefined ? route.path : `${route.path}${route.path.includes("?") ? "&" : "?"}key=${query}`;
  const answer = await scene.gateway.fetch(path, {
    method: route.method,
    headers: {
      "content-type": "application/json",
      ...headers,
      ...(authorization === undefined ? {} : { authorization: `Bearer ${authorization}` }),
    },
    ...(route.body === undefined ? {} : { body: JSON.stringify(route.body) }),
  });
  // A stream that is broken visibly ends in an error here, too.
  const body = await answer.arrayBuffer().catch(() => new ArrayBuffer(0));
  const head = JSON.stringify([...answer.headers]);
  return { route, status: answer.status, text: `${head} ${Buffer.from(body).toString("latin1")}` };
}

/** Every route with all five carriers at once, and with one of them by turns. */
async function sendAll(mood: Mood): Promise<Said[]> {
  const said: Said[] = [];
  const routes = mood.startsWith("stream error ") ? CANARY_ROUTES.filter(isStream) : CANARY_ROUTES;
  for (const [number, route] of routes.entries()) {
    scene.upstream.answer((request) => canaryAnswer(request, route.answer, mood));
    const carrier = CARRIERS[number % CARRIERS.length] as Carrier;
    const both = [send(route, CLIENT_KEYS), send(route, { [carrier]: CLIENT_KEYS[carrier] })];
    said.push(...(await Promise.all(both)));
  }
  return said;
}

/** Whether what the upstream repeats has a place in the answer to the client. */
function repeats(mood: Mood, route: CanaryRoute): boolean {
  // Where an error is cut off, nothing of it may be left.
  if (mood.startsWith("stream error")) return isStream(route) && mood !== "stream error cut off";
  return mood === "bad request" || mood === "failure";
}

function isStream({ answer }: CanaryRoute): boolean {
  return answer.includes("stream") || answer === "gemini array";
}

function leaks(said: readonly Said[], secrets: Readonly<Record<string, string>>): string[] {
  return said.flatMap(({ route, text }) => found(text, secrets).map((name) => `${route.path}: ${name}`));
}

describe.each<[Mood, (route: CanaryRoute) => number]>([
  ["well", () => 200],
  ["stream error", () => 200],
  ["stream error in pieces", () => 200],
  ["stream error cut off", () => 200],
  ["bad request", () => 400],
  ["unauthorized", () => 424],
  ["failure", () => 500],
])("an upstream that answers: %s", (mood, statusOf) => {
  test("sees its own credential only, and repeats none of it to a client", async () => {
    const said = await sendAll(mood);
    const { requests } = scene.upstream;
    expect(requests.flatMap((request) => judge(request).strange)).toEqual([]);
    // A canary that never sang would prove nothing. Where a refusal names `stream_options`, it is asked again.
    expect(requests.length).toBeGreaterThanOrEqual(said.length);
    expect(requests.filter((request) => !judge(request).paid).map(({ path }) => path)).toEqual([]);
    expect(leaks(said, EVERYTHING)).toEqual([]);
    const unchanged = said.filter(({ route, text }) => repeats(mood, route) && !text.includes("[secret]"));
    expect(unchanged.map(({ route }) => route.path)).toEqual([]);
    const odd = said.filter(({ route, status }) => status !== statusOf(route));
    expect(odd.map(({ route, status }) => `${status} ${route.path}`)).toEqual([]);
  }, 60_000);
});

describe("a refusal", () => {
  test.each([
    ["for want of money", BROKE_KEY, 402],
    ["of an unknown key", UNKNOWN_KEY, 401],
  ])(
    "%s repeats no credential",
    async (_name, key, status) => {
      const routes = CANARY_ROUTES.filter(({ method, answer }) => method === "POST" && answer !== "count");
      const said = await Promise.all(
        routes.flatMap((route) => CARRIERS.map((carrier) => send(route, { [carrier]: key }))),
      );
      expect(leaks(said, EVERYTHING)).toEqual([]);
      const odd = said.filter((one) => one.status !== status);
      expect(odd.map(({ route, status: was }) => `${was} ${route.path}`)).toEqual([]);
      expect(scene.upstream.requests.length).toBe(0);
    },
    60_000,
  );

  test("by the token endpoint is a 502 without the assertion that it repeats", async () => {
    const body = { contents: [{ role: "user", parts: [{ text: "ping" }] }] };
    const path = "/providers/broken-vertex/v1/publishers/google/models/m:generateContent";
    const said = await send(
      { method: "POST", path, body, answer: "gemini" },
      { "x-api-key": CLIENT_KEYS["x-api-key"] },
    );
    expect(said.status).toBe(502);
    expect(leaks([said], { ...EVERYTHING, ...assertions() })).toEqual([]);
  });
});

/** What the token endpoint was sent so far: it pays for tokens. */
function assertions(): Record<string, string> {
  const sent = Object.fromEntries(scene.assertions.map((text, number) => [`assertion ${number}`, text]));
  expect(Object.keys(sent)).not.toEqual([]);
  return sent;
}

describe("after all that", () => {
  const admin = async (path: string): Promise<string> => {
    const answer = await scene.gateway.fetch(path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    expect([path, answer.status]).toEqual([path, 200]);
    return `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
  };

  test("neither logs nor the admin surface know a credential", async () => {
    const secrets = { ...EVERYTHING, ...assertions() };
    const paths = [
      "config",
      "keys",
      "status",
      "policies",
      "requests?limit=5000",
      "spend?by=key",
      "spend?by=model",
    ];
    const pages = await Promise.all([...paths.map((path) => `/admin/v1/${path}`), "/metrics"].map(admin));
    expect(
      pages.flatMap((page, number) => found(page, secrets).map((name) => `${paths[number]}: ${name}`)),
    ).toEqual([]);
    const output = scene.gateway.stdout().join("\n") + scene.gateway.stderr();
    expect(output).toContain("budget_exceeded");
    expect(found(output, { ...secrets, "admin key": ADMIN_KEY })).toEqual([]);
  });

  test("neither the database nor the files beside it hold one, while the gateway runs and when it has stopped", async () => {
    const secrets = { ...EVERYTHING, ...assertions(), "admin key": ADMIN_KEY };
    await until("rows in the database", () =>
      Object.values(scene.storeFiles()).some((text) => text.includes("budget_exceeded")) ? true : undefined,
    );
    const held = () =>
      Object.entries(scene.storeFiles()).flatMap(([file, text]) =>
        found(text, secrets).map((name) => `${file}: ${name}`),
      );
    expect(held()).toEqual([]);
    await scene.gateway.stop();
    expect(Object.keys(scene.storeFiles())).not.toEqual([]);
    expect(held()).toEqual([]);
  });
});
