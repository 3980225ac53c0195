// Who spent what: the admin API and the commands tell the same, while the gateway serves.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { keySection } from "../support/callers.ts";
import { runPostern } from "../support/gateway.ts";
import { virtualKey } from "../support/keys.ts";
import {
  admin,
  eventually,
  printed,
  type RequestRow,
  read,
  rowOf,
  type Spend,
  spend,
} from "../support/money-account.ts";
import {
  ADMIN_KEY,
  buy,
  CENT,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  upProvider,
} from "../support/money-scene.ts";
import { fakeUpstream } from "../support/upstream.ts";

const upstream = fakeUpstream(meteredAnswer);

/** Who calls what, and how many cents it costs. */
const CALLS = [
  { id: "reading-1", as: "laptop", model: "up/small", cents: 1 },
  { id: "reading-2", as: "laptop", model: "fast", cents: 2 },
  { id: "reading-3", as: "desktop", model: "up/large", cents: 4 },
  { id: "reading-4", as: "robot", model: "other/huge", cents: 8 },
  { id: "reading-5", as: "robot", model: "other/huge", cents: 16 },
] as const;

let scene: MoneyScene;

beforeAll(async () => {
  scene = await moneyScene({
    providers: { up: upProvider(upstream.url), other: upProvider(upstream.url) },
    models: { fast: "up/small" },
    keys: keySection({
      laptop: { user: "alice@acme.com", workspace: "research", tags: { team: "search" } },
      desktop: { user: "alice@acme.com", workspace: "research", tags: { team: "ads" } },
      robot: { workspace: "ops" },
    }),
    pricing: { models: { "*": { input: 0, output: 10_000 } } },
    spend_policies: {
      "R&D": { limit_usd: 100, window: "total", applies_to: { workspaces: ["research"] } },
      "Nothing left": { limit_usd: 0, window: "total", applies_to: { models: ["up/forbidden"] } },
    },
  });
  for (const { id, as, model, cents } of CALLS) {
    const answer = await buy(scene.gateway, cents, { as, model, headers: { "x-postern-request-id": id } });
    expect(answer.status).toBe(200);
  }
  const refused = await buy(scene.gateway, 1, {
    as: "laptop",
    model: "up/forbidden",
    headers: { "x-postern-request-id": "reading-6" },
  });
  expect(refused.status).toBe(402);
  await Promise.all([...CALLS.map(({ id }) => id), "reading-6"].map((id) => rowOf(scene.gateway, id)));
});

afterAll(async () => {
  await scene?.stop();
  await upstream.stop();
});

function cents(rows: Spend["rows"]): Record<string, number> {
  return Object.fromEntries(rows.map(({ name, cost_nano_usd }) => [name, cost_nano_usd / CENT]));
}

const SUMS = [
  ["key", { laptop: 3, desktop: 4, robot: 24 }],
  ["workspace", { research: 7, ops: 24 }],
  ["provider", { up: 7, other: 24 }],
] as const;

async function idsWhere(query: string): Promise<string[]> {
  const { rows } = await read<{ rows: RequestRow[] }>(scene.gateway, `requests?${query}`);
  return rows.map(({ id }) => id);
}

describe("GET /admin/v1/spend", () => {
  test.each(SUMS)("by %s", async (by, expected) => {
    await eventually(async () => cents((await spend(scene.gateway, `by=${by}&window=total`)).rows), expected);
  });

  test("by user, model and tag names those that are known", async () => {
    const by = async (name: string) => cents((await spend(scene.gateway, `by=${name}&window=total`)).rows);
    expect(await by("user")).toMatchObject({ "alice@acme.com": 7 });
    const models = Object.values(await by("model")).filter((sum) => sum > 0);
    expect(models.toSorted((a, b) => a - b)).toEqual([3, 4, 24]);
    expect(await by("tag:team")).toMatchObject({ search: 3, ads: 4 });
    expect(await by("policy")).toMatchObject({ "R&D": 7 });
  });

  test("sums up requests, tokens and exact money", async () => {
    const { total, rows, ...more } = await spend(scene.gateway, "by=key&window=total");
    expect(more).toMatchObject({ by: "key", window: "total" });
    expect(total).toMatchObject({
      input_tokens: 15,
      output_tokens: 31,
      cost_nano_usd: 31 * CENT,
      estimated_requests: 0,
      unpriced_requests: 0,
      subscription_requests: 0,
    });
    expect(Number(total["cost_usd"])).toBe(0.31);
    expect(rows.find(({ name }) => name === "robot")).toMatchObject({ requests: 2, output_tokens: 24 });
  });

  test("of a window that has passed is nothing", async () => {
    const { total } = await spend(scene.gateway, "by=key&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z");
    expect(total).toMatchObject({ requests: 0, cost_nano_usd: 0 });
  });

  test("in buckets", async () => {
    const { rows } = await spend(scene.gateway, "by=provider&window=month&bucket=day");
    const buckets = rows.flatMap(({ buckets }) => buckets as { start: string; cost_nano_usd: number }[]);
    expect(buckets.reduce((sum, { cost_nano_usd }) => sum + cost_nano_usd, 0)).toBe(31 * CENT);
    for (const { start } of buckets) expect(start).toMatch(/^\d{4}-\d\d-\d\dT00:00:00(\.000)?Z$/);
  });
});

describe("GET /admin/v1/requests", () => {
  test("newest first, in pages", async () => {
    const all = ["reading-6", ...CALLS.map(({ id }) => id).toReversed()];
    expect(await idsWhere("limit=100")).toEqual(all);
    const paged: string[] = [];
    let cursor: string | number | null = "";
    while (cursor !== null) {
      const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(String(cursor))}`;
      const page: { rows: RequestRow[]; next: string | number | null } = await read(
        scene.gateway,
        `requests?limit=4${more}`,
      );
      paged.push(...page.rows.map(({ id }) => id));
      cursor = page.next;
    }
    expect(paged).toEqual(all);
  });

  test.each([
    ["key=laptop", ["reading-6", "reading-2", "reading-1"]],
    ["user=alice@acme.com", ["reading-6", "reading-3", "reading-2", "reading-1"]],
    ["workspace=ops", ["reading-5", "reading-4"]],
    ["provider=other", ["reading-5", "reading-4"]],
    ["model=huge", ["reading-5", "reading-4"]],
    ["status=402", ["reading-6"]],
    ["code=budget_exceeded", ["reading-6"]],
    ["policy=Nothing left", ["reading-6"]],
    ["until=2020-01-01T00:00:00Z", []],
  ])("where %s", async (query, expected) => {
    expect(await idsWhere(query.replaceAll(" ", "%20"))).toEqual(expected);
  });

  test("a row tells all of it, and no content", async () => {
    const row = await rowOf(scene.gateway, "reading-2");
    expect(row).toMatchObject({
      id: "reading-2",
      key: "laptop",
      user: "alice@acme.com",
      workspace: "research",
      tags: { team: "search" },
      requested_model: "fast",
      provider: "up",
      model: "small",
      target: "up/small",
      stream: false,
      status: 200,
      code: null,
      cost_nano_usd: 2 * CENT,
      price: { match: "*" },
      policies: { matched: ["R&D"], passed: ["R&D"], violated: [] },
      ended: "completed",
      flags: [],
    });
    expect(row["at"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(row.attempts).toHaveLength(1);
    expect(row.attempts[0]).toMatchObject({ target: "up/small", status: 200, cost_nano_usd: 2 * CENT });
    expect(JSON.stringify(row)).not.toMatch(/ping|pong/);
  });

  test("a refused call has a row without cost, which names what refused it", async () => {
    const row = await rowOf(scene.gateway, "reading-6");
    expect(row).toMatchObject({ status: 402, code: "budget_exceeded", cost_nano_usd: 0, ended: "refused" });
    expect(row.policies.violated).toEqual(["Nothing left"]);
    expect(row.attempts).toEqual([]);
  });

  test("an id that nobody had is 404; the surface needs an admin key", async () => {
    expect((await admin(scene.gateway, "requests/nobody-had-this")).status).toBe(404);
    for (const path of ["requests", "spend", "policies", "requests/reading-1"]) {
      const bare = await scene.gateway.fetch(`/admin/v1/${path}`);
      const virtual = await scene.gateway.fetch(`/admin/v1/${path}`, {
        headers: { authorization: `Bearer ${virtualKey("laptop")}` },
      });
      expect([bare.status, virtual.status]).toEqual([401, 403]);
    }
  });
});

describe("the commands, while the gateway serves", () => {
  test("`spend --json` prints what the admin API answers", async () => {
    const [said] = (await printed(scene.yaml, "spend", "--json", "--by", "key", "--window", "total")) as [
      Spend,
    ];
    const { total, rows } = await spend(scene.gateway, "by=key&window=total");
    expect(said).toMatchObject({ by: "key", window: "total", total });
    expect(cents(said.rows)).toEqual(cents(rows));
  });

  test("`spend --csv` prints a table that programs read", async () => {
    const args = ["spend", "--csv", "--by", "key", "--window", "total"];
    const { code, stdout } = await runPostern(args, { yaml: scene.yaml });
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split(/\r?\n/);
    expect(lines[0]).toContain("cost_usd");
    expect(lines.find((line) => line.includes("robot"))).toMatch(/(^|,)0\.240*(,|$)/);
  });

  test("`logs --json` prints the rows as lines, newest first; `logs ID` one", async () => {
    const { rows } = await read<{ rows: RequestRow[] }>(scene.gateway, "requests?limit=100");
    expect(await printed(scene.yaml, "logs", "--json")).toEqual(rows);
    expect(await printed(scene.yaml, "logs", "--json", "--key", "robot")).toEqual(
      rows.filter(({ id }) => id === "reading-5" || id === "reading-4"),
    );
    expect(await printed(scene.yaml, "logs", "reading-3", "--json")).toEqual(
      rows.filter(({ id }) => id === "reading-3"),
    );
  });
});

test("neither keys nor content are in the files of the store", async () => {
  for await (const file of new Bun.Glob("*").scan({ cwd: dirname(scene.store), absolute: true })) {
    const text = Buffer.from(await Bun.file(file).arrayBuffer()).toString("latin1");
    for (const secret of [ADMIN_KEY, virtualKey("laptop"), '"ping"', "pong"]) {
      expect(text.includes(secret)).toBe(false);
    }
  }
});
