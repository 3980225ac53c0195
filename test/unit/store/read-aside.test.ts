// The reader beside the process that writes: what it opens, and what it says when it cannot.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openDatabase, SCHEMA_VERSION } from "../../../src/store/database.ts";
import { createReader, createReaderWithin } from "../../../src/store/read-aside.ts";
import { openForReading } from "../../../src/store/read-database.ts";
import { windowAt } from "../../../src/store/read-window.ts";
import { scratch } from "../../support/scratch.ts";
import { filledStore, T0 } from "./stored-rows.ts";

const TODAY = { by: "key", window: "day", span: windowAt("day", T0), bucket: undefined } as const;

test("a reader on a thread sees what is written while it reads", async () => {
  const path = join(scratch(), "postern.db");
  const store = filledStore(path);
  const reader = createReader(path);
  store.add({ id: "one" });
  expect((await reader.listRequests({}, { limit: 10 })).rows.map(({ id }) => id)).toEqual(["one"]);
  store.add({ id: "two", at: T0 + 1 });
  const [list, one, none, spend] = await Promise.all([
    reader.listRequests({ key: "alice-laptop" }, { limit: 10 }),
    reader.getRequest("one"),
    reader.getRequest("three"),
    reader.readSpend(TODAY),
  ]);
  expect(list.rows.map(({ id }) => id)).toEqual(["two", "one"]);
  expect(one?.id).toBe("one");
  expect(none).toBeUndefined();
  expect(spend.total.cost_usd).toBe("3");
  reader.close();
  await expect(reader.getRequest("one")).rejects.toThrow("The store is closed.");
});

test("a store that comes later is read then", async () => {
  const path = join(scratch(), "postern.db");
  const reader = createReader(path);
  await expect(reader.getRequest("one")).rejects.toThrow(`There is no store at ${path} yet`);
  filledStore(path).add({ id: "one" });
  expect((await reader.getRequest("one"))?.id).toBe("one");
  reader.close();
});

test("closing rejects what is under way", async () => {
  const path = join(scratch(), "postern.db");
  filledStore(path).add();
  const reader = createReader(path);
  const asked = reader.readSpend(TODAY);
  reader.close();
  await expect(asked).rejects.toThrow("The store is closed.");
});

test("a store in memory is read through the connection of its owner", async () => {
  const store = filledStore();
  store.add({ id: "one" });
  const reader = createReaderWithin(store.database);
  expect((await reader.getRequest("one"))?.id).toBe("one");
  expect((await reader.readSpend(TODAY)).total.requests).toBe(1);
  reader.close();
});

describe("what cannot be read", () => {
  test("a file that is no database", () => {
    const path = join(
      scratch({ "postern.db": "nothing of the kind, but long enough to look at" }),
      "postern.db",
    );
    expect(() => openForReading(path)).toThrow(
      `${path} is not a database. Look whether store.path names the right file.`,
    );
  });

  test("a store of a newer version", () => {
    const path = join(scratch(), "postern.db");
    const database = openDatabase({ path, sync: "normal" });
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    expect(() => openForReading(path)).toThrow("a newer Postern wrote it");
  });

  test("an empty database", () => {
    const path = join(scratch({ "postern.db": "" }), "postern.db");
    expect(() => openForReading(path)).toThrow(`${path} holds no store of Postern's.`);
  });
});
