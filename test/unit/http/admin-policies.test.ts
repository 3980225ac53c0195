// Policies as administrators see them, and how one of them is started again.

import { beforeEach, describe, expect, test } from "bun:test";
import { AdminUnderTest } from "./admin-under-test.ts";

let admin: AdminUnderTest;

beforeEach(() => {
  admin = new AdminUnderTest();
});

describe("policies", () => {
  beforeEach(() => {
    admin.policyRows = [
      { name: "R&D Spend Cap", subject: null },
      { name: "Per user", subject: "ann" },
      { name: "Per user", subject: "bob" },
    ];
  });

  const reset = (name: string, body?: object): Promise<Response> =>
    admin.ask(`/admin/v1/policies/${encodeURIComponent(name)}/reset`, {
      method: "POST",
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });

  test("are listed as they stand", async () => {
    expect(await (await admin.ask("/admin/v1/policies")).json()).toEqual({
      rows: [...admin.policyRows],
      next: null,
    });
  });

  test("one is started again, whole or for a subject; both are actions", async () => {
    expect(await (await reset("R&D Spend Cap")).json()).toEqual({
      rows: [{ name: "R&D Spend Cap", subject: null }],
      next: null,
    });
    expect(await (await reset("Per user", { subject: "bob" })).json()).toMatchObject({
      rows: [{ subject: "bob" }],
    });
    expect(await (await reset("Per user", { subject: null })).json()).toMatchObject({ rows: [{}, {}] });
    expect(admin.resets).toEqual([
      ["R&D Spend Cap", undefined],
      ["Per user", "bob"],
      ["Per user", undefined],
    ]);
    expect(admin.actions.map(({ operation, actor, resource }) => [operation, actor, resource])).toEqual([
      ["policy.reset", "admin:ops", "policies/R&D Spend Cap"],
      ["policy.reset", "admin:ops", "policies/Per user/bob"],
      ["policy.reset", "admin:ops", "policies/Per user"],
    ]);
  });

  test("one that is not there is 404, with close names", async () => {
    const answer = await reset("R&D Spend Cup");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringContaining("`R&D Spend Cap`") },
    });
    const nobody = await reset("Per user", { subject: "bobb" });
    expect(nobody.status).toBe(404);
    expect(await nobody.json()).toMatchObject({ error: { message: expect.stringContaining("`bob`") } });
    expect([admin.resets, admin.actions]).toEqual([[], []]);
  });
});
