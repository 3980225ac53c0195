// `postern logs`: lists, one request whole, and new ones as they come.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { CommandError } from "../../../src/cli/io.ts";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";
import { filledStore, profile, REFUSED, T0 } from "../store/stored-rows.ts";

function scene() {
  const folder = scratch({
    "config.yaml": "store: { path: ./postern.db }\nproviders: { demo: { type: mock } }\n",
  });
  return { folder, store: filledStore(join(folder, "postern.db")) };
}

async function outcome(folder: string, ...args: readonly string[]) {
  const io = fakeIo({ now: () => T0 + 10_000 });
  const code = await run(["logs", "--config", join(folder, "config.yaml"), ...args], io);
  return { code, out: io.out(), err: io.err() };
}

function ids(out: string): string[] {
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { id: string }).id);
}

test("a line per request, newest first", async () => {
  const { folder, store } = scene();
  store.add({ id: "0199-one" });
  store.add({ ...REFUSED, id: "0199-two", at: T0 + 1_000, totalMs: 0.3 });
  store.add({
    id: "0199-three",
    at: T0 + 2_000,
    status: 504,
    code: "upstream_timeout",
    totalMs: 61_400,
    usage: undefined,
    flags: ["estimated"],
    profile: profile({ key: "a-key-with-a-long-name", model: "meta-llama/Llama-3.1-8B-Instruct" }),
  });
  expect(await outcome(folder)).toEqual({
    code: 0,
    err: "",
    out: `TIME                  STATUS  KEY             TARGET                        INPUT   OUTPUT       COST     TIME  ID
2026-11-18T10:20:32Z  504     a-key-with-a-…  demo/meta-llama/Llama-3…          -        -      $1.50    61.4s  0199-three  upstream_timeout  estimated
2026-11-18T10:20:31Z  402     alice-laptop    demo/echo                         -        -          -      0ms  0199-two  budget_exceeded
2026-11-18T10:20:30Z  200     alice-laptop    demo/echo                     1,200      340      $1.50    850ms  0199-one
`,
  });
});

test("--json prints a request per line; filters and --limit choose", async () => {
  const { folder, store } = scene();
  for (let i = 0; i < 5; i++) store.add({ id: `r${i}`, at: T0 + i, status: i % 2 === 0 ? 200 : 429 });
  expect(ids((await outcome(folder, "--json")).out)).toEqual(["r4", "r3", "r2", "r1", "r0"]);
  expect(ids((await outcome(folder, "--json", "--limit", "2")).out)).toEqual(["r4", "r3"]);
  expect(ids((await outcome(folder, "--json", "--status", "4xx")).out)).toEqual(["r3", "r1"]);
  expect(ids((await outcome(folder, "--json", "--since", "9998ms")).out)).toEqual(["r4", "r3", "r2"]);
  expect(ids((await outcome(folder, "--json", "--key", "nobody")).out)).toEqual([]);
});

test("a limit may be larger than what is read at a time", async () => {
  const { folder, store } = scene();
  store.database.transaction(() => {
    for (let i = 0; i < 2_100; i++) store.add({ id: `r${i}`, at: T0 + i });
  })();
  const found = ids((await outcome(folder, "--json", "--limit", "2050")).out);
  expect(found).toHaveLength(2_050);
  expect(found.at(-1)).toBe("r50");
});

describe("one request whole", () => {
  test("for people", async () => {
    const { folder, store } = scene();
    store.add({ flags: ["estimated"], userAgent: "evil\u001b[2J" });
    expect(await outcome(folder, "req-1")).toEqual({
      code: 0,
      err: "",
      out: `id               req-1
at               2026-11-18T10:20:30.000Z
key              alice-laptop
user             alice@acme.com
workspace        research
tags             team=search
endpoint         chat (openai, stream)
requested model  fast
target           demo/echo
status           200
ended            completed
flags            estimated
attempt 1        demo/echo  200  completed  812.46 ms
usage            1,200 in, 340 out, 200 read from the cache, 100 written to the cache, 40 reasoning
cost             $1.5
price            $0.1 in, $0.4 out per million tokens (demo/*, config)
timings          850 ms, first byte after 120.34 ms, 0.41 ms of it here
policies passed  R&D Spend Cap
client           10.0.0.1, evil\ufffd[2J
trace id         0af7651916cd43dd8448eb211c80319c
`,
    });
  });

  test("as JSON", async () => {
    const { folder, store } = scene();
    store.add();
    const { out } = await outcome(folder, "req-1", "--json");
    expect(JSON.parse(out)).toMatchObject({ id: "req-1", cost_usd: "1.5" });
  });

  test("an id that is not kept", async () => {
    const { folder } = scene();
    expect(await outcome(folder, "req-9")).toEqual({
      code: 1,
      out: "",
      err: 'postern: no request with the id "req-9" is kept; `postern logs` lists those that are\n',
    });
  });
});

test("--follow prints what is there, then what comes", async () => {
  const { folder, store } = scene();
  store.add({ id: "old" }, 1);
  const io = fakeIo({ now: () => T0 });
  const seen: string[] = [];
  const stdout = (text: string): void => {
    seen.push(...ids(text));
    if (seen.length === 1) {
      store.add({ id: "late", at: T0 + 1 }, 2);
      store.add({ id: "new", at: T0 + 2 }, 3);
    }
    if (seen.length === 3) throw new CommandError("enough");
  };
  await run(["logs", "--follow", "--json", "--config", join(folder, "config.yaml")], { ...io, stdout });
  expect(seen).toEqual(["old", "late", "new"]);
});

test.each([
  [["--status", "4"], '--status wants a number such as 429, or a class such as 4xx, not "4"'],
  [["--limit", "0"], "--limit wants a whole number from 1 on"],
  [["req-1", "--follow"], "an ID stands alone: it takes no filters, --limit or --follow"],
  [["req-1", "--key", "x"], "an ID stands alone: it takes no filters, --limit or --follow"],
])("%p is wrong usage", async (args, message) => {
  const { folder } = scene();
  expect(await outcome(folder, ...args)).toEqual({
    code: 2,
    out: "",
    err: `postern: ${message}\nSee \`postern logs --help\`.\n`,
  });
});
