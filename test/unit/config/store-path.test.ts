// Where the store is: always an absolute path, whatever the file says.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { scratch } from "../../support/scratch.ts";
import { good, load } from "./loading.ts";

test.each<[string, string, string]>([
  ["nothing is said", "log: {}", "conf/postern.db"],
  ["a relative path", "store: { path: data/a.db }", "conf/data/a.db"],
  ["a path from a variable", `store: { path: "\${STORE}" }`, "conf/b.db"],
  ["only another setting", "store: { sync: full }", "conf/postern.db"],
])("it is beside the main file: %s", (_, text, expected) => {
  const folder = scratch({ "conf/c.yaml": text, "conf/data/keep": "" });
  const { store } = good(loadConfig(join(folder, "conf/c.yaml"), { env: { STORE: "./b.db" } }));
  expect(store.path).toBe(join(folder, expected));
});

test("an absolute path and the one that is none stay as they are", () => {
  expect(good(load({ "c.yaml": "store: { path: /a.db }" })).store.path).toBe("/a.db");
  expect(good(load({ "c.yaml": 'store: { path: ":memory:" }' })).store.path).toBe(":memory:");
});

test("of standard input it is in the working folder", () => {
  const { store } = good(loadConfig("-", { env: {}, stdin: "log: {}" }));
  expect(store.path).toBe(join(process.cwd(), "postern.db"));
});

test("an included file moves nothing", () => {
  const loaded = load({
    "c.yaml": "include: [sub/k.yaml]",
    "sub/k.yaml": "keys: { a: { anonymous: true } }",
  });
  expect(good(loaded).store.path).toBe(join(loaded.folder, "postern.db"));
});
