// Every row of the table of presets keeps the same promises.

import { describe, expect, test } from "bun:test";
import { DEFAULT_TYPE, LATER_PRESETS, PROVIDERS } from "../../../src/catalog/providers.ts";
import { ENDPOINT_NAMES } from "../../../src/formats/table.ts";
import { isLoopbackHost } from "../../../src/lib/address.ts";

describe.each(Object.entries(PROVIDERS))("the preset %s", (name, preset) => {
  test("has a name that a path and an environment can carry", () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(preset.title).not.toBe("");
  });

  test("has a base URL that needs no repair, or none at all", () => {
    if (preset.baseUrl === undefined) return expect([DEFAULT_TYPE, "mock"]).toContain(name);
    const url = new URL(preset.baseUrl);
    expect(`${url.origin}${url.pathname}`).toBe(preset.baseUrl);
    expect(url.pathname).not.toMatch(/^\/$|\/$/);
    expect(url.protocol).toBe(isLoopbackHost(url.hostname) ? "http:" : "https:");
  });

  test("names the variable of its key, unless it works without one", () => {
    expect(preset.secrets.length > 0).toBe(preset.keyless !== true);
    for (const variable of preset.secrets) expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });

  test("offers known endpoints, each once", () => {
    expect(preset.endpoints.length).toBeGreaterThan(0);
    expect([...new Set(preset.endpoints)]).toEqual([...preset.endpoints]);
    for (const endpoint of preset.endpoints) expect(ENDPOINT_NAMES).toContain(endpoint);
  });
});

test("no two presets lead to the same hosted server", () => {
  const hosted = Object.values(PROVIDERS).flatMap(({ baseUrl, keyless }) => (keyless ? [] : [baseUrl]));
  expect([...new Set(hosted)]).toEqual(hosted);
});

test("a preset of a later version is none of this one", () => {
  for (const name of LATER_PRESETS) expect(Object.keys(PROVIDERS)).not.toContain(name);
});
