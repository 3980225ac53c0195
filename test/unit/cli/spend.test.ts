// `postern spend`: the report as a table, as CSV and as JSON.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";
import { openDatabase, SCHEMA_VERSION } from "../../../src/store/database.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";
import { filledStore, profile, T0 } from "../store/stored-rows.ts";

/** A folder with a configuration and the store that it names. */
function scene(): { readonly folder: string; readonly store: ReturnType<typeof filledStore> } {
  const folder = scratch({
    "config.yaml": "store: { path: ./postern.db }\nproviders: { demo: { type: mock } }\n",
  });
  return { folder, store: filledStore(join(folder, "postern.db")) };
}

async function outcome(folder: string, ...args: readonly string[]) {
  const io = fakeIo({ now: () => T0 });
  const code = await run(["spend", "--config", join(folder, "config.yaml"), ...args], io);
  return { code, out: io.out(), err: io.err() };
}

function filledScene() {
  const { folder, store } = scene();
  store.add({ costNanoUsd: 1_234_567_890_123n, flags: ["estimated"] });
  store.add({ costNanoUsd: 25_000_000n, profile: profile({ key: 'a "quoted", name' }) });
  store.add({
    costNanoUsd: 123_456n,
    at: T0 + 3_600_000,
    profile: profile({ key: undefined }),
    flags: ["unpriced"],
  });
  return { folder, store };
}

test("a table, the most expensive first", async () => {
  const { folder } = filledScene();
  expect(await outcome(folder)).toEqual({
    code: 0,
    err: "spend by key, day from 2026-11-18 to 2026-11-19\nof these requests: 1 estimated; 1 without a price, counted as $0\n",
    out: `KEY               REQUESTS  INPUT  CACHED  OUTPUT           COST
alice-laptop             1  1,200     200     340  $1,234.567890
a "quoted", name         1  1,200     200     340      $0.025000
(none)                   1  1,200     200     340      $0.000123
total                    3  3,600     600   1,020  $1,234.593014
`,
  });
});

test("buckets stand below their name", async () => {
  const { folder } = filledScene();
  const { out } = await outcome(folder, "--by", "workspace", "--window", "total", "--bucket", "hour");
  expect(out).toBe(`WORKSPACE               REQUESTS  INPUT  CACHED  OUTPUT           COST
research                       3  3,600     600   1,020  $1,234.593014
  2026-11-18T10:00:00Z         2  2,400     400     680  $1,234.592890
  2026-11-18T11:00:00Z         1  1,200     200     340      $0.000123
total                          3  3,600     600   1,020  $1,234.593014
`);
});

test("a long name is cut where the table would be wider than 80 columns", async () => {
  const { folder, store } = scene();
  store.add({ profile: profile({ model: `${"long-".repeat(30)}\u001b[31m` }) });
  const { out } = await outcome(folder, "--by", "model");
  expect(out.split("\n").map((line) => line.length)).toEqual([80, 80, 80, 0]);
  expect(out).toContain("long-long…         1");
});

test("a day without spend", async () => {
  const { folder } = scene();
  const { code, out } = await outcome(folder);
  expect(code).toBe(0);
  expect(out).toBe(
    "KEY    REQUESTS  INPUT  CACHED  OUTPUT   COST\ntotal         0      0       0       0  $0.00\n",
  );
});

test("CSV as RFC 4180 has it", async () => {
  const { folder } = filledScene();
  const head =
    "requests,input_tokens,cache_read_tokens,output_tokens,cost_usd,cost_nano_usd,estimated_requests,unpriced_requests,subscription_requests\r\n";
  expect(await outcome(folder, "--csv")).toEqual({
    code: 0,
    err: "",
    out: `name,${head}alice-laptop,1,1200,200,340,1234.567890123,1234567890123,1,0,0\r
"a ""quoted"", name",1,1200,200,340,0.025,25000000,0,0,0\r
,1,1200,200,340,0.000123456,123456,0,1,0\r
`,
  });
  const { out } = await outcome(folder, "--csv", "--by", "user", "--bucket", "month");
  expect(out).toBe(
    `name,start,${head}alice@acme.com,2026-11-01T00:00:00.000Z,3,3600,600,1020,1234.593013579,1234593013579,1,1,0\r\n`,
  );
});

test("--json prints what the admin API answers", async () => {
  const { folder } = filledScene();
  const { code, out, err } = await outcome(folder, "--json", "--from", "2026-11-18", "--to", "2026-11-19");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out)).toMatchObject({
    by: "key",
    window: null,
    from: "2026-11-18T00:00:00.000Z",
    total: { requests: 3, cost_nano_usd: 1_234_593_013_579 },
    rows: [{ name: "alice-laptop" }, {}, { name: null }],
  });
});

describe("what goes wrong", () => {
  test("no store yet", async () => {
    const folder = scratch({
      "config.yaml": "store: { path: ./none.db }\nproviders: { demo: { type: mock } }\n",
    });
    expect(await outcome(folder)).toEqual({
      code: 1,
      out: "",
      err: `postern: There is no store at ${join(folder, "none.db")} yet: \`postern serve\` makes it when it starts.\n`,
    });
  });

  test("a store in memory", async () => {
    const folder = scratch({
      "config.yaml": 'store: { path: ":memory:" }\nproviders: { demo: { type: mock } }\n',
    });
    const { code, err } = await outcome(folder);
    expect(code).toBe(1);
    expect(err).toBe(
      "postern: store.path is :memory:, so only the gateway itself can read its store: ask GET /admin/v1/spend of its admin API\n",
    );
  });

  test("a store of a newer version", async () => {
    const { folder } = scene();
    openDatabase({ path: join(folder, "postern.db"), sync: "normal" }).run(
      `PRAGMA user_version = ${SCHEMA_VERSION + 1}`,
    );
    const { code, err } = await outcome(folder);
    expect(code).toBe(1);
    expect(err).toContain("a newer Postern wrote it. Use that version to read it.\n");
  });

  test.each([
    [["--by", "colour"], "--by wants one of key, user, workspace, provider, model, policy or tag:NAME"],
    [["--window", "day", "--from", "1h"], "--window excludes from and to"],
    [["--json", "--csv"], "--json and --csv exclude each other"],
  ])("%p is wrong usage", async (args, message) => {
    const { folder } = scene();
    const { code, err } = await outcome(folder, ...args);
    expect(code).toBe(2);
    expect(err).toStartWith(`postern: ${message}`);
  });
});
