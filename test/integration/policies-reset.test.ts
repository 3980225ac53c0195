// Policies as their callers and admins see them: the caller's own list, and starting a counter again.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { get, keySection } from "../support/callers.ts";
import { virtualKey } from "../support/keys.ts";
import {
  admin,
  eventually,
  money,
  type PolicyRow,
  policies,
  rowFor,
  settled,
  spend,
} from "../support/money-account.ts";
import { usageChunk } from "../support/money-formats.ts";
import { buy, CENT, type MoneyScene, moneyScene, order } from "../support/money-scene.ts";
import { DONE, firstChunk, lastChunk, pacedStream } from "../support/upstream.ts";

let scene: MoneyScene;

beforeAll(async () => {
  scene = await moneyScene({
    keys: keySection({
      laptop: { user: "alice@acme.com", workspace: "research" },
      robot: { workspace: "ops" },
    }),
    spend_policies: {
      "R&D": { limit_usd: 50, window: "month", applies_to: { workspaces: ["research"] }, show_amounts: true },
      "Per user": { limit_usd: 5, window: "day", each: "user", overrides: { "alice@acme.com": 20 } },
      Ops: { limit_usd: 7, window: "total", applies_to: { workspaces: ["ops"] } },
    },
    rate_limits: { Slow: { requests: "100/day", each: "key" } },
  });
});
afterAll(async () => {
  await scene?.stop();
});

describe("GET /v1/key", () => {
  async function listed(as: string): Promise<readonly PolicyRow[]> {
    return (await get(scene.gateway, "/v1/key", as)).json()["policies"] as PolicyRow[];
  }

  test("lists the caller's policies with limit, spent and reset", async () => {
    expect((await buy(scene.gateway, 150, { as: "laptop" })).status).toBe(200);
    await settled(scene.gateway, "Per user", 150 * CENT, "alice@acme.com");
    const rows = await listed("laptop");
    expect(rows.map(({ name }) => name)).toEqual(["R&D", "Per user", "Slow"]);
    expect(rows[0]).toMatchObject({ limit_nano_usd: 50e9, spent_nano_usd: 150 * CENT });
    expect(rows[0]?.["resets_at"]).toMatch(/^\d{4}-\d\d-01T00:00:00(\.000)?Z$/);
    expect(rows[1]).toMatchObject({
      subject: "alice@acme.com",
      limit_nano_usd: 20e9,
      spent_nano_usd: 150 * CENT,
    });
    expect(rows[2]).toMatchObject({ metric: "requests", per: "day", limit: 100, used: 1 });
  });

  test("and not those of others", async () => {
    expect((await listed("robot")).map(({ name }) => name)).toEqual(["Ops", "Slow"]);
    expect(JSON.stringify(await listed("robot"))).not.toContain("alice");
  });
});

describe("POST /admin/v1/policies/{name}/reset", () => {
  async function reset(name: string, body: unknown = {}): Promise<number> {
    const path = `policies/${encodeURIComponent(name)}/reset`;
    const answer = await admin(scene.gateway, path, { method: "POST", body: JSON.stringify(body) });
    await answer.text();
    return answer.status;
  }

  test("starts the counter again, and leaves what was spent in the books", async () => {
    expect((await buy(scene.gateway, 700, { as: "robot" })).status).toBe(200);
    await settled(scene.gateway, "Ops", 700 * CENT);
    expect((await buy(scene.gateway, 1, { as: "robot" })).status).toBe(402);
    expect(await reset("Ops")).toBe(200);
    expect(await money(scene.gateway, "Ops")).toEqual({ spent: 0, held: 0 });
    expect((await buy(scene.gateway, 1, { as: "robot" })).status).toBe(200);
    await settled(scene.gateway, "Ops", CENT);
    await eventually(async () => {
      const { rows } = await spend(scene.gateway, "by=key&window=total");
      return rows.find(({ name }) => name === "robot")?.cost_nano_usd;
    }, 701 * CENT);
    await scene.restart();
    expect(await money(scene.gateway, "Ops")).toEqual({ spent: CENT, held: 0 });
  });

  test("lets a call under way settle into the old counter", async () => {
    await reset("Ops");
    const stream = pacedStream();
    scene.upstream.answer(() => stream.response);
    const ordered = order(scene.gateway, 50, { as: "robot", body: { stream: true } });
    stream.send(firstChunk("a"));
    const answer = await ordered;
    expect(await money(scene.gateway, "Ops")).toEqual({ spent: 0, held: 50 * CENT });
    expect(await reset("Ops")).toBe(200);
    expect(await money(scene.gateway, "Ops")).toEqual({ spent: 0, held: 0 });
    stream.send(lastChunk() + usageChunk({ prompt_tokens: 3, completion_tokens: 40 }) + DONE);
    stream.end();
    await answer.text();
    expect(await rowFor(scene.gateway, answer)).toMatchObject({ cost_nano_usd: 40 * CENT });
    expect(await money(scene.gateway, "Ops")).toEqual({ spent: 0, held: 0 });
    scene.upstream.reset();
  });

  test("may name one subject", async () => {
    expect((await buy(scene.gateway, 10, { as: "laptop" })).status).toBe(200);
    expect(await reset("Per user", { subject: "alice@acme.com" })).toBe(200);
    expect(await money(scene.gateway, "Per user", "alice@acme.com")).toEqual({ spent: 0, held: 0 });
    expect((await money(scene.gateway, "R&D"))?.spent).toBeGreaterThan(0);
  });

  test("of a policy that is not there is 404, and needs an admin", async () => {
    expect(await reset("Nobody's")).toBe(404);
    const answer = await scene.gateway.fetch("/admin/v1/policies/Ops/reset", {
      method: "POST",
      headers: { authorization: `Bearer ${virtualKey("robot")}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(403);
    expect((await policies(scene.gateway)).find(({ name }) => name === "Ops")).toBeDefined();
  });
});
