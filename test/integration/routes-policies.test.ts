// Every route of the tables × every policy: each is enforced, in the client's own words, and nothing goes upstream.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PROVIDERS } from "../../src/catalog/providers.ts";
import { ENDPOINTS, NATIVE_ENDPOINTS } from "../../src/formats/table.ts";
import { canaryAnswer } from "../support/compat/canary-upstream.ts";
import { virtualKey } from "../support/keys.ts";
import { read } from "../support/money-account.ts";
import { type Expected, wrongWith } from "../support/native-refusals.ts";
import {
  GRAMMAR_PRESETS,
  type MatrixRoute,
  matrixRoutes,
  NATIVE_PATHS,
  PLAIN_PRESETS,
  rootsOf,
} from "../support/native-routes.ts";
import { isList, RULES, type Rule, ruleSettings } from "../support/native-rules.ts";
import { type NativeScene, nativeScene } from "../support/native-scene.ts";

const ROUTES = matrixRoutes({ model: "m", publicName: "smart" });

type Headers = Readonly<Record<string, string>>;

let scene: NativeScene;

beforeAll(async () => {
  scene = await nativeScene({ settings: ruleSettings });
});

afterAll(() => scene.stop());

function call(route: MatrixRoute, key: string, headers: Headers = {}): Promise<Response> {
  const { path, body } = route;
  return scene.gateway.fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...route.headers,
      authorization: `Bearer ${virtualKey(key)}`,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Makes the call with an upstream that answers it well; what is wrong where it does not pass. */
async function passes(route: MatrixRoute, key: string, headers?: Headers): Promise<string[]> {
  const { upstream } = scene;
  upstream.requests.length = 0;
  upstream.answer((request) => canaryAnswer(request, route.form, "well"));
  const answer = await call(route, key, headers);
  const text = await answer.text();
  if (answer.status !== 200) return [`${answer.status} ${text.slice(0, 200)}`];
  return upstream.requests.length === 0 && !route.local ? ["the upstream was not asked"] : [];
}

const BATCH = 16;

/** Calls them side by side; all that is wrong with the refusals. */
async function areRefused(
  routes: readonly MatrixRoute[],
  { key, headers, refusal }: Rule,
): Promise<string[]> {
  const wrong: string[] = [];
  for (let at = 0; at < routes.length; at += BATCH) {
    const found = routes.slice(at, at + BATCH).map(async (route) => {
      const expected = refusal(route);
      if (expected === undefined) throw new Error(`${route.name} is not to be refused`);
      const answer = await call(route, key, headers);
      return (await wrongWith(answer, route.family, expected)).map((what) => `${route.name}: ${what}`);
    });
    wrong.push(...(await Promise.all(found)).flat());
  }
  return wrong;
}

async function pass(routes: readonly MatrixRoute[], key: string, headers?: Headers): Promise<string[]> {
  const wrong: string[] = [];
  for (const route of routes)
    wrong.push(...(await passes(route, key, headers)).map((what) => `${route.name}: ${what}`));
  return wrong;
}

describe("the routes", () => {
  const has = (root: string, name: string, stream: boolean): boolean =>
    ROUTES.some((route) => {
      const own = route.endpoint.native ?? route.endpoint.name;
      return route.root === root && own === name && route.stream === stream;
    });
  const ways = (streams: boolean): readonly boolean[] => (streams ? [false, true] : [false]);

  test("hold every endpoint of the table, below /v1, a provider and a public model, whole and as a stream", () => {
    const missing = ["/v1", "/providers/up/v1", "/models/smart/v1"].flatMap((root) =>
      Object.values(ENDPOINTS).flatMap(({ name, streams }) =>
        ways(streams).flatMap((stream) => (has(root, name, stream) ? [] : [`${root} ${name} ${stream}`])),
      ),
    );
    expect(missing).toEqual([]);
  });

  test("hold everything that a preset offers, below its own name", () => {
    const missing = PLAIN_PRESETS.flatMap((preset) =>
      (PROVIDERS[preset]?.endpoints ?? []).flatMap((name) =>
        ways(name in ENDPOINTS && ENDPOINTS[name as keyof typeof ENDPOINTS].streams).flatMap((stream) =>
          has(`/${preset}/v1`, name, stream) ? [] : [`${preset} ${name} ${stream}`],
        ),
      ),
    );
    expect(missing).toEqual([]);
  });

  test("hold every native action, below the preset's name and that of another provider of the type", () => {
    const missing = Object.values(NATIVE_ENDPOINTS).flatMap(({ native }) =>
      NATIVE_PATHS[native].length === 0 ? [native] : [],
    );
    expect(missing).toEqual([]);
    const unmet = GRAMMAR_PRESETS.flatMap((preset) =>
      rootsOf(preset).flatMap((root) =>
        (PROVIDERS[preset]?.endpoints ?? []).filter(
          (name) => !ROUTES.some((route) => route.root === root && route.endpoint.name === name),
        ),
      ),
    );
    expect(unmet).toEqual([]);
  });
});

describe("a call within all policies", () => {
  test("reaches the upstream, as the endpoint and format it is, and leaves a row", async () => {
    const wrong: string[] = [];
    const expected = new Map<string, unknown>();
    for (const [number, route] of ROUTES.entries()) {
      const id = `matrix-route-${number}`;
      const found = await passes(route, "free", { "x-postern-request-id": id });
      wrong.push(...found.map((what) => `${route.name}: ${what}`));
      const { name, family } = route.endpoint;
      expected.set(id, [route.name, name, isList(route) ? "" : family, route.stream, "completed", null]);
    }
    expect(wrong).toEqual([]);
    const rows = new Map<string, unknown>();
    for (let tries = 0; tries < 200 && rows.size < expected.size; tries++) {
      const page = await read<{ rows: Row[] }>(scene.gateway, "requests?limit=5000&key=free");
      for (const { id, endpoint, format, stream, ended, code } of page.rows) {
        const route = ROUTES[Number(id.replace("matrix-route-", ""))];
        const shown = endpoint === "models" ? "" : format;
        rows.set(id, [route?.name, endpoint, shown, stream, ended, code]);
      }
    }
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected));
  });
});

interface Row {
  readonly id: string;
  readonly endpoint: string;
  readonly format: string;
  readonly stream: boolean;
  readonly ended: string;
  readonly code: string | null;
}

describe("on every route is enforced:", () => {
  for (const rule of RULES) {
    const routes = rule.routes ?? ROUTES;
    const refused = routes.filter((route) => rule.refusal(route) !== undefined);
    const passing = routes.filter((route) => rule.refusal(route) === undefined);

    test(`${rule.name} (${refused.length} routes)`, async () => {
      const release = rule.key === "one-by-one" ? await occupy() : undefined;
      if (release === undefined) scene.upstream.requests.length = 0;
      const before = scene.upstream.requests.length;
      const wrong = await areRefused(refused, rule);
      const reached = scene.upstream.requests.slice(before).map(({ target }) => target);
      await release?.();
      expect(wrong).toEqual([]);
      expect(reached).toEqual([]);
    });

    if (passing.length === 0) continue;
    test(`${rule.name}: what costs nothing, and what only lists, passes (${passing.length} routes)`, async () => {
      expect(await pass(passing, rule.key, rule.headers)).toEqual([]);
    });
  }

  test(`rate, requests: each route counts, those that cost nothing too (${ROUTES.length} routes)`, async () => {
    const expected = { status: 429, code: "rate_limited", policy: "One each", retry: true } as const;
    const wrong: string[] = [];
    for (const [number, route] of ROUTES.entries()) {
      const headers = { "x-gateway-route": `route-${number}` };
      wrong.push(...(await withinOneDay(() => counts(route, headers, expected))));
    }
    expect(wrong).toEqual([]);
  });
});

/** The first call passes, and the second is refused without reaching the upstream. */
async function counts(route: MatrixRoute, headers: Headers, expected: Expected): Promise<string[]> {
  const first = await passes(route, "one-each", headers);
  const asked = scene.upstream.requests.length;
  const second = await wrongWith(await call(route, "one-each", headers), route.family, expected);
  const again = scene.upstream.requests.length > asked ? ["the upstream was asked again"] : [];
  return [...first, ...second, ...again].map((what) => `${route.name}: ${what}`);
}

/** Does it again where midnight, which begins a new window, came in between. */
async function withinOneDay<T>(work: () => Promise<T>): Promise<T> {
  const today = () => new Date().toISOString().slice(0, 10);
  const before = today();
  const result = await work();
  return before === today() ? result : await work();
}

/** Begins a call that does not end before it is released. */
async function occupy(): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  scene.upstream.reset();
  scene.upstream.answer(() => promise);
  const [chat] = ROUTES;
  if (chat === undefined) throw new Error("no route");
  const running = call(chat, "one-by-one");
  const request = await scene.upstream.request(0);
  return async () => {
    resolve(canaryAnswer(request, chat.form, "well"));
    await (await running).text();
  };
}
