// Mock providers over a change of the configuration: whose counters go on, and whose begin anew.

import { describe, expect, test } from "bun:test";
import { createMocks } from "../../../src/cli/mocks.ts";
import type { ProviderConfig } from "../../../src/config/schema.ts";

type Settings = NonNullable<ProviderConfig["mock"]>;

const SECOND_FAILS: Settings = {
  reply: "pong",
  latency: "0ms",
  tokens_per_second: 0,
  fail: { status: 503, every: 2 },
  script: [],
};

async function statusOf(mock: ReturnType<ReturnType<typeof createMocks>>): Promise<number> {
  const body = new TextEncoder().encode('{"model":"m","messages":[{"role":"user","content":"ping"}]}');
  const { status } = await mock({ endpoint: "chat", body, signal: new AbortController().signal });
  return status;
}

describe("the counter of a mock provider", () => {
  test.each<[string, string, Settings, number]>([
    ["goes on for one of the same name and settings", "demo", { ...SECOND_FAILS }, 503],
    ["begins anew when its settings change", "demo", { ...SECOND_FAILS, reply: "other" }, 200],
    ["is not shared with one of another name", "other", { ...SECOND_FAILS }, 200],
  ])("%s", async (_, name, settings, second) => {
    const mocks = createMocks({ now: () => 0, newId: () => "id" });
    expect(await statusOf(mocks(SECOND_FAILS, "demo"))).toBe(200);
    expect(await statusOf(mocks(settings, name))).toBe(second);
  });
});

describe("a mock provider that waits", () => {
  test("gives up when the caller does", async () => {
    const mocks = createMocks({ now: () => 0, newId: () => "id" });
    const control = new AbortController();
    const mock = mocks({ ...SECOND_FAILS, latency: "1h" }, "slow");
    const answer = mock({ endpoint: "chat", body: new Uint8Array(), signal: control.signal });
    control.abort(new Error("gone"));
    await expect(answer).rejects.toThrow("gone");
  });
});
