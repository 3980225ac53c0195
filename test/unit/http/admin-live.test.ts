// Live requests: what is stored goes to everybody who asks for it, and nobody holds the gateway up.

import { beforeEach, describe, expect, test } from "bun:test";
import { AdminUnderTest, storedRow } from "./admin-under-test.ts";

let admin: AdminUnderTest;

beforeEach(() => {
  admin = new AdminUnderTest();
});

async function follow(
  query = "",
): Promise<{ next: () => Promise<string | undefined>; cancel: () => Promise<void> }> {
  const answer = await admin.ask(`/admin/v1/requests/live${query}`);
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const next = async (): Promise<string | undefined> => {
    const { value } = await reader.read();
    return value === undefined ? undefined : new TextDecoder().decode(value);
  };
  expect(await next()).toBe(": ping\n");
  return { next, cancel: () => reader.cancel() };
}

function nothingLeft(): boolean {
  return (
    admin.listeners.size === 0 && admin.wheel.items.size === 0 && admin.plane.state.interrupts.size === 0
  );
}

describe("live requests", () => {
  test("are events with the row that lists have", async () => {
    const { next } = await follow();
    admin.stored(storedRow("r-1"), 7);
    const event = (await next()) ?? "";
    expect(event).toStartWith("id: 7\ndata: {");
    expect(event).toEndWith("}\n\n");
    expect(JSON.parse(event.slice(event.indexOf("{")))).toMatchObject({
      id: "r-1",
      target: "up/m",
      key: "laptop",
    });
  });

  test("are narrowed by the filters of lists", async () => {
    const queries = [
      "key=laptop",
      "workspace=lab&provider=up",
      "model=m",
      "model=up/m",
      "model=fast",
      "status=2xx",
      "policy=Cap",
      "since=2026-11-21",
    ];
    for (const query of queries) {
      const { next, cancel } = await follow(`?${query}`);
      const other = { ...storedRow("x").profile, key: "k", workspace: "w", model: "n", policies: [] };
      admin.stored(storedRow("not-this", { profile: other, status: 500, requestedModel: "slow", at: 0 }));
      admin.stored(storedRow("this-one"));
      expect(await next()).toContain('"id":"this-one"');
      await cancel();
    }
  });

  test("say that they are there while nothing happens", async () => {
    const { next } = await follow();
    admin.wheel.advance(15_000);
    expect(await next()).toBe(": ping\n");
    admin.wheel.advance(14_000);
    admin.stored(storedRow("r-1"));
    admin.wheel.advance(14_000);
    admin.stored(storedRow("r-2"));
    expect([await next(), await next()]).toEqual([
      expect.stringContaining("r-1"),
      expect.stringContaining("r-2"),
    ]);
  });

  test("end when the reader leaves", async () => {
    const { cancel } = await follow();
    expect(nothingLeft()).toBe(false);
    await cancel();
    expect(nothingLeft()).toBe(true);
    admin.stored(storedRow("r-1"));
  });

  test("end when the gateway stops", async () => {
    const { next } = await follow();
    for (const interrupt of admin.plane.state.interrupts) interrupt();
    expect(await next()).toBeUndefined();
    expect(nothingLeft()).toBe(true);
  });

  test("are cut off for a reader that does not read, and go on for the others", async () => {
    const slow = await follow();
    const quick = await follow();
    for (let i = 0; i < 1_000; i++) {
      admin.stored(storedRow(`r-${i}`, { requestedModel: "x".repeat(1_000) }));
      await quick.next();
    }
    expect(admin.listeners.size).toBe(1);
    expect(await slow.next()).toBeUndefined();
    await quick.cancel();
    expect(nothingLeft()).toBe(true);
  });

  test("take no memory for HEAD", async () => {
    const answer = await admin.ask("/admin/v1/requests/live", { method: "HEAD" });
    expect([answer.status, answer.body]).toEqual([200, null]);
    expect(nothingLeft()).toBe(true);
  });
});
