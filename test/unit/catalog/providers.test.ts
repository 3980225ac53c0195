// Every row of the table of presets keeps the same promises.

import { describe, expect, test } from "bun:test";
import { placedUrl } from "../../../src/catalog/places.ts";
import { DEFAULT_TYPE, DIALECTS, PROVIDERS } from "../../../src/catalog/providers.ts";
import { ENDPOINT_NAMES, NATIVE_ENDPOINT_NAMES } from "../../../src/formats/table.ts";
import { isLoopbackHost } from "../../../src/lib/address.ts";

describe.each(Object.entries(PROVIDERS))("the preset %s", (name, preset) => {
  test("has a name that a path and an environment can carry", () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(preset.title).not.toBe("");
  });

  test("has a base URL that needs no repair, or none at all", () => {
    if (preset.baseUrl === undefined) return expect([DEFAULT_TYPE, "mock"]).toContain(name);
    const { place, baseUrl } = preset;
    const address = place === undefined ? baseUrl : placedUrl(baseUrl, place, "somewhere");
    const url = new URL(address);
    // A version stands in the address or in the paths, never in both.
    expect(url.pathname === "/").toBe(preset.versionInPath === true);
    if (preset.versionInPath) return expect(url.origin).toBe(address);
    expect(`${url.origin}${url.pathname}`).toBe(address);
    expect(url.pathname).not.toMatch(/\/$/);
    expect(url.protocol).toBe(isLoopbackHost(url.hostname) ? "http:" : "https:");
  });

  test("names the variable of its key, unless it works without one", () => {
    expect(preset.secrets.length > 0).toBe(preset.keyless !== true);
    for (const variable of preset.secrets) expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });

  test("offers known endpoints, each once", () => {
    expect(preset.endpoints.length).toBeGreaterThan(0);
    expect([...new Set(preset.endpoints)]).toEqual([...preset.endpoints]);
    const known: readonly string[] = [...ENDPOINT_NAMES, ...NATIVE_ENDPOINT_NAMES];
    for (const endpoint of preset.endpoints) expect(known).toContain(endpoint);
  });

  test("has paths of its own only in a dialect of its own", () => {
    const own: string[] = [DIALECTS.gemini, DIALECTS.vertex, DIALECTS.bedrock];
    expect(own.includes(preset.dialect)).toBe(preset.versionInPath === true);
    const isNative = preset.endpoints.some((name) => !ENDPOINT_NAMES.some((common) => common === name));
    expect(isNative).toBe(preset.versionInPath === true);
  });

  test("needs the setting that its address has a place for", () => {
    const places = [...(preset.baseUrl ?? "").matchAll(/\{(\w+)\}/g)].map(([, place]) => place);
    expect(places).toEqual(preset.place === undefined ? [] : [preset.place]);
  });
});

test("no two presets lead to the same hosted server", () => {
  const hosted = Object.values(PROVIDERS).flatMap(({ baseUrl, keyless }) => (keyless ? [] : [baseUrl]));
  expect([...new Set(hosted)]).toEqual(hosted);
});
