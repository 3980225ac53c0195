// The compatibility matrix: real clients by every route, set up as `postern env` says. The results are docs/compatibility.md.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { compatibilityPage } from "../support/compat/page.ts";
import { ROWS } from "../support/compat/rows.ts";
import { type Cells, COLUMNS, type Column, keyNameOf, runRow, type Slot } from "../support/compat/run-row.ts";
import { type CompatScene, startCompatScene } from "../support/compat/scene.ts";

const AT_ONCE = 6;
const PAGE = new URL("../../docs/compatibility.md", import.meta.url);

let scene: CompatScene;
let results: readonly Promise<Cells>[] = [];

beforeAll(async () => {
  // The AI SDK says in the log what it assumes about models that it does not know.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  const keys = (column: Column) => ROWS.map((_, row) => keyNameOf(row, column));
  scene = await startCompatScene({
    all: COLUMNS.flatMap(keys),
    capped: keys("402"),
    limited: keys("429"),
  });
  const slot = slots(AT_ONCE);
  results = ROWS.map((row, number) => runRow(scene, row, number, slot));
});

afterAll(async () => {
  await scene?.stop();
});

for (const [number, row] of ROWS.entries()) {
  test(`${row.package}, ${row.what} at ${row.base || "/"}`, async () => {
    const passes = Object.fromEntries(COLUMNS.map((column) => [column, "pass"]));
    const expected = row.cannot === undefined ? passes : { ...passes, ...row.cannot };
    expect(await results[number]).toEqual(expected as Cells);
  }, 120_000);
}

test("docs/compatibility.md is what was recorded (UPDATE=1 writes it)", async () => {
  const page = compatibilityPage(await Promise.all(results));
  if (process.env["UPDATE"] === "1") await Bun.write(PAGE, page);
  expect(await Bun.file(PAGE).text()).toBe(page);
}, 120_000);

/** Lets so many run at once; the others wait their turn. */
function slots(count: number): Slot {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
