// The OpenAPI document: complete, consistent in itself, and the same as what is answered.

import { expect, test } from "bun:test";
import { ADMIN_ENDPOINTS } from "../../../src/http/admin/endpoints.ts";
import { requestJson } from "../../../src/store/read-request-json.ts";
import { AdminUnderTest, storedRow } from "./admin-under-test.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly required: readonly string[] }>>;
  };
}

async function read(): Promise<Document> {
  const answer = await new AdminUnderTest().ask("/admin/v1/openapi.json");
  expect(answer.headers.get("content-type")).toStartWith("application/json");
  return (await answer.json()) as Document;
}

test("is OpenAPI 3.1 of this version", async () => {
  expect(await read()).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
});

test("has every endpoint, each with its open segment, its refusals and a name of its own", async () => {
  const { paths } = await read();
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
    ADMIN_ENDPOINTS.map(({ method, path }) => `${method} /admin/v1/${path}`).sort(),
  );
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { path, operation } of operations) {
    const open = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const inPath = (operation.parameters ?? []).filter(({ in: place }) => place === "path");
    expect(inPath.map(({ name, required }) => [name, required])).toEqual(open.map((name) => [name, true]));
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["200", "401", "403"]));
  }
});

test("names only shapes that it has, and has none that nobody names", async () => {
  const document = await read();
  const named = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect([...new Set(named)].sort()).toEqual(Object.keys(document.components.schemas).sort());
});

test("says nothing of what is not in this version", async () => {
  const { paths } = await read();
  expect(Object.keys(paths).filter((path) => /issues|targets|audit|probe/.test(path))).toEqual([]);
});

test("has the members of rows that are answered", async () => {
  const { schemas } = (await read()).components;
  const keys = (await (await new AdminUnderTest().ask("/admin/v1/keys")).json()) as { rows: [object] };
  const status = (await (await new AdminUnderTest().ask("/admin/v1/status")).json()) as object;
  for (const [name, row] of [
    ["Request", requestJson(storedRow("r-1"))],
    ["Key", keys.rows[0]],
    ["Status", status],
  ] as const)
    expect([name, Object.keys(row).sort()]).toEqual([name, [...(schemas[name]?.required ?? [])].sort()]);
});
