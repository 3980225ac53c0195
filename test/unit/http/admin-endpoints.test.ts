// What the endpoints of the admin API answer, and what they ask of the store, the ledger and the policies.

import { beforeEach, describe, expect, test } from "bun:test";
import type { RequestJson } from "../../../src/store/read-request-json.ts";
import { AdminUnderTest, NOW_MS, ROLES } from "./admin-under-test.ts";

let admin: AdminUnderTest;

beforeEach(() => {
  admin = new AdminUnderTest();
});

async function read(path: string): Promise<unknown> {
  return (await admin.ask(`/admin/v1/${path}`)).json();
}

/** The parameter that a 400 names. */
async function refused(path: string): Promise<string | null> {
  const answer = await admin.ask(`/admin/v1/${path}`);
  expect(answer.status).toBe(400);
  const { error } = (await answer.json()) as { error: { param: string | null; message: string } };
  if (error.param !== null) expect(error.message).toContain(error.param);
  return error.param;
}

describe("status", () => {
  test("says what runs, what is configured and what is under way", async () => {
    const { state } = admin.plane;
    state.inFlight.take(3, 10);
    await state.slots.take("up", new AbortController().signal);
    expect(await read("status")).toEqual({
      version: "1.2.3",
      started_at: "2026-11-21T11:59:59.000Z",
      config: {
        path: "config.yaml",
        hash: "abc",
        loaded_at: "2026-11-21T11:59:59.500Z",
        ok: true,
        problems: [],
      },
      in_flight: 3,
      providers: [
        {
          name: "up",
          type: "openai-compatible",
          state: "closed",
          in_flight: 1,
          queued: 0,
          last_error: "upstream_timeout",
        },
      ],
    });
  });
});

describe("reload", () => {
  test("answers like check --json, and is an action", async () => {
    const place = { file: "config.yaml", line: 1, column: 2, path: "keys" };
    const { state } = admin.plane;
    state.configReload = {
      ...state.configReload,
      ok: false,
      problems: [
        { level: "error", ...place, message: "bad" },
        { level: "warning", ...place, message: "odd" },
      ],
    };
    const answer = await admin.ask("/admin/v1/reload", { method: "POST" });
    expect(await answer.json()).toEqual({
      ok: false,
      problems: [
        { ...place, message: "bad" },
        { ...place, message: "odd", level: "warning" },
      ],
    });
    expect(admin.reloads).toBe(1);
    expect(admin.actions).toMatchObject([
      { operation: "reload", actor: "admin:ops", resource: "config", outcome: "failure" },
    ]);
  });
});

describe("config", () => {
  test("is complete, and has no secret in it", async () => {
    const secrets = [
      "upstream-secret-1",
      "header-secret-2",
      "proxy-secret-3",
      "key-secret-4",
      "query-secret-5",
    ];
    admin = new AdminUnderTest(
      `${ROLES.replace("providers:", "x-ignored:")}  plain: { secret: "${secrets[3]}" }
providers:
  up:
    base_url: "http://up.test/v1"
    api_key: "${secrets[0]}"
    headers: { X-Team: "${secrets[1]}" }
    http_proxy: "http://someone:${secrets[2]}@proxy.test:3128"
  mocked: { type: mock, mock: { reply: "say ${secrets[0]}" } }
models: { api_key: up/m }
`,
    );
    const answer = await admin.ask("/admin/v1/config");
    const text = await answer.text();
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({
      server: { listen: "127.0.0.1:4000", max_body: "32MiB" },
      admin: { listen: null, keys: { ops: { role: "admin" } } },
      providers: {
        up: {
          base_url: "http://up.test/v1",
          api_key: "[secret]",
          headers: { "X-Team": "[secret]" },
          http_proxy: "http://[secret]@proxy.test:3128/",
        },
        mocked: { mock: { reply: "say [secret]" } },
      },
      models: { api_key: "up/m" },
      keys: { plain: { secret: "[secret]" } },
    });
  });

  test("does not show admin.key", async () => {
    admin = new AdminUnderTest('admin: { key: "short" }\n');
    const answer = await admin.ask("/admin/v1/config", { key: "short" });
    expect(await answer.json()).toMatchObject({ admin: { key: "[secret]" } });
  });
});

describe("keys", () => {
  test("are listed without what they are", async () => {
    admin.lastUsed.set("tester", NOW_MS - 60_000);
    expect(await read("keys")).toEqual({
      rows: [
        {
          name: "tester",
          user: null,
          workspace: null,
          models_allowed: null,
          expires: null,
          disabled: false,
          last_used_at: "2026-11-21T11:59:00.000Z",
        },
        expect.objectContaining({ name: "gone", disabled: true, last_used_at: null }),
      ],
      next: null,
    });
  });

  test("come in pages", async () => {
    const first = (await read("keys?limit=1")) as { rows: { name: string }[]; next: string };
    const second = await read(`keys?limit=1&cursor=${first.next}`);
    expect([first, second]).toMatchObject([
      { rows: [{ name: "tester" }] },
      { rows: [{ name: "gone" }], next: null },
    ]);
  });
});

describe("parameters", () => {
  test.each(["keys", "policies", "requests"])("of the list of %s are checked", async (list) => {
    for (const limit of ["0", "5001", "-1", "1.5", "many", "1e3", ""])
      expect(await refused(`${list}?limit=${limit}`)).toBe("limit");
    expect(await refused(`${list}?cursor=nonsense!`)).toBe("cursor");
    expect(await refused(`${list}?limit=1&limit=2`)).toBe("limit");
    expect(await refused(`${list}?limits=1`)).toBe("limits");
    expect(await admin.outcomeOf(`/admin/v1/${list}?limit=5000`)).toBe("200");
  });

  test.each(["status", "config"])("of %s: there are none", async (path) => {
    expect(await refused(`${path}?x=1`)).toBe("x");
  });
});

describe("requests", () => {
  test("are asked for by every filter", async () => {
    admin.page = { rows: [{ id: "r-1" } as RequestJson], next: "c2" };
    const filters =
      "key=laptop&user=ann&workspace=lab&model=up/m&provider=up&status=4xx&code=rate_limited&policy=R%26D&since=2026-11-20&until=2026-11-21T10:00:00%2B01:00";
    expect(await read(`requests?${filters}&limit=7`)).toEqual({ rows: [{ id: "r-1" }], next: "c2" });
    expect(admin.asked).toEqual([
      {
        filter: {
          key: "laptop",
          user: "ann",
          workspace: "lab",
          model: "up/m",
          provider: "up",
          status: { from: 400, to: 499 },
          code: "rate_limited",
          policy: "R&D",
          since: Date.UTC(2026, 10, 20),
          until: Date.UTC(2026, 10, 21, 9),
        },
        limit: 7,
        cursor: undefined,
      },
    ]);
  });

  test("are a hundred unless more are asked for", async () => {
    await read("requests");
    expect(admin.asked).toMatchObject([{ filter: {}, limit: 100 }]);
  });

  test("a filter that cannot be is named", async () => {
    expect(await refused("requests?status=9xx")).toBe("status");
    expect(await refused("requests?since=yesterday")).toBe("since");
    expect(await refused("requests?until=2026-02-30")).toBe("until");
    expect(await refused("requests/live?status=abc")).toBe("status");
  });

  test("an offset's plus sign may be sent as it is", async () => {
    await read("requests?since=2026-11-21T10:00:00+01:00");
    expect(admin.asked).toMatchObject([{ filter: { since: Date.UTC(2026, 10, 21, 9) } }]);
  });

  test("a store that cannot be read is 503, and logged", async () => {
    admin.broken = "disk on fire";
    expect(await admin.outcomeOf("/admin/v1/requests")).toBe("503 store_unavailable");
    expect(admin.log.lines).toMatchObject([{ level: "warn", message: "the store cannot be read" }]);
  });

  test("one is found by its id, decoded once", async () => {
    expect(await read("requests/known-id%2F1")).toEqual({ id: "known-id/1", cost_usd: "1" });
    expect(await admin.outcomeOf("/admin/v1/requests/unknown")).toBe("404 not_found");
    expect(await admin.outcomeOf("/admin/v1/requests/%ff")).toBe("400 invalid_request");
  });
});

describe("spend", () => {
  test("is of the day and by key unless told otherwise", async () => {
    expect(await read("spend")).toEqual({ by: "key" });
    await read("spend?by=tag:team&window=month&bucket=day");
    await read("spend?by=policy&from=2026-11-01&to=2026-11-02T12:00:00Z");
    await read("spend?from=2026-11-01");
    const day = Date.UTC(2026, 10, 21);
    expect(admin.spendAsked).toEqual([
      { by: "key", window: "day", span: { from: day, to: day + 86_400_000 }, bucket: undefined },
      {
        by: "tag:team",
        window: "month",
        span: { from: Date.UTC(2026, 10), to: Date.UTC(2026, 11) },
        bucket: "day",
      },
      {
        by: "policy",
        window: undefined,
        span: { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 10, 2, 12) },
        bucket: undefined,
      },
      {
        by: "key",
        window: undefined,
        span: { from: Date.UTC(2026, 10, 1), to: undefined },
        bucket: undefined,
      },
    ]);
  });

  test.each([
    ["by=keys", "by"],
    ["by=tag:", "by"],
    ["window=year", "window"],
    ["bucket=minute", "bucket"],
    ["from=x", "from"],
    ["from=2026-11-02&to=2026-11-01", "from"],
    ["window=day&from=2026-11-01", "window"],
  ])("%s is refused by the name of the parameter", async (query, parameter) => {
    expect(await refused(`spend?${query}`)).toBe(parameter);
  });
});
