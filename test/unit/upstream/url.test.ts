// Joining base URLs with endpoint paths, and taking parameters out of a query without touching the others.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ENDPOINTS } from "../../../src/formats/table.ts";
import { joinUrl, providerRoot, unversionedRoot, withoutParameters } from "../../../src/upstream/url.ts";

describe("a base URL", () => {
  test.each([
    ["https://h", "https://h/v1"],
    ["https://h/", "https://h/v1"],
    ["https://h//", "https://h/v1"],
    ["https://h/v1", "https://h/v1"],
    ["https://h/v1/", "https://h/v1"],
    ["https://h/openai/v1", "https://h/openai/v1"],
    ["https://h/v1/chat/completions", "https://h/v1"],
    ["https://h/v1/chat/completions/", "https://h/v1"],
    ["https://h/api", "https://h/api"],
    ["https://h/api/", "https://h/api"],
    ["https://h/api/chat/completions", "https://h/api"],
    ["https://h/v1beta/openai", "https://h/v1beta/openai"],
    ["https://h/v10", "https://h/v10"],
    ["https://h/V1", "https://h/V1"],
    ["https://h/v1/messages/count_tokens", "https://h/v1"],
    ["https://h/environments/a/sync/v1", "https://h/environments/a/sync/v1"],
    ["https://h/a%20b/v1", "https://h/a%20b/v1"],
    ["HTTPS://H:443/v1", "https://h/v1"],
    ["http://10.0.0.7:8000", "http://10.0.0.7:8000/v1"],
    ["http://[::1]:8000/", "http://[::1]:8000/v1"],
    ["https://h/not-completions", "https://h/not-completions"],
    ["https://h/mychat/completions", "https://h/mychat"],
  ])("%s has the root %s", (base, root) => {
    expect(providerRoot(base)).toBe(root);
  });

  test("with any endpoint pasted on leads where the one without does", () => {
    for (const base of ["https://h/v1", "https://h/openai/v1", "https://h/api", "https://h/v1beta/openai"])
      for (const { path } of Object.values(ENDPOINTS))
        for (const slash of ["", "/"])
          expect([path, providerRoot(`${base}/${path}${slash}`)]).toEqual([path, base]);
  });

  test("is a root already when it is one: nothing is doubled", () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const root = providerRoot(`https://h/${segments.join("/")}`);
        const unpasted = Object.values(ENDPOINTS).some(({ path }) => root.endsWith(`/${path}`));
        if (!unpasted && root !== "https://h") expect(providerRoot(root)).toBe(root);
        expect(root).not.toEndWith("/");
      }),
      { seed: 51, numRuns: 300 },
    );
  });
});

test.each([
  ["https://h", "https://h"],
  ["https://h/", "https://h"],
  ["https://h/v1", "https://h"],
  ["https://h/v1beta/", "https://h"],
  ["https://h/api/v1beta1", "https://h/api"],
  ["https://h/api", "https://h/api"],
  ["https://h/v1/api", "https://h/v1/api"],
  ["https://h/xv1", "https://h/xv1"],
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000"],
])("%s of a provider with versions in its paths has the root %s", (base, root) => {
  expect(unversionedRoot(base)).toBe(root);
});

test.each([
  ["https://h/v1", "chat/completions", "", "https://h/v1/chat/completions"],
  ["https://h/v1", "models", "?a=1", "https://h/v1/models?a=1"],
])("%s and %s%s are %s", (root, path, search, url) => {
  expect(joinUrl(root, path, search)).toBe(url);
});

describe("a query without its credentials", () => {
  test.each([
    ["", ""],
    ["?", ""],
    ["?key=x", ""],
    ["?key", ""],
    ["?key=", ""],
    ["?a=1&key=x&b=2", "?a=1&b=2"],
    ["?key=x&a=%C3%A4&key=y", "?a=%C3%A4"],
    ["?%6bey=x&k%65y=y&a=1", "?a=1"],
    ["?a=key&keys=1&monkey=2&KEY=3", "?a=key&keys=1&monkey=2&KEY=3"],
    ["?b=%20x&a=1&a=2&empty=&flag", "?b=%20x&a=1&a=2&empty=&flag"],
    ["?q=a%2Fb%26key%3Dc&plus=a+b", "?q=a%2Fb%26key%3Dc&plus=a+b"],
    ["?%zz=1&%=2&key=x", "?%zz=1&%=2"],
    ["?&&a=1&&key=x&", "?a=1"],
    ["?a=1;key=x", "?a=1;key=x"],
    ["?x?key=1", "?x?key=1"],
  ])("%p is %p", (search, kept) => {
    expect(withoutParameters(search, ["key"])).toBe(kept);
  });

  test("keeps every other pair byte for byte and in order; what is taken out nobody can read any more", () => {
    const text = fc.string({
      unit: fc.constantFrom("k", "e", "y", "%", "6", "b", "+", "=", "a", "é"),
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(text), (pairs) => {
        const search = `?${pairs.join("&")}`;
        const kept = withoutParameters(search, ["key"]);
        expect(new URLSearchParams(kept).has("key")).toBe(false);
        const others = [...new URLSearchParams(search)].filter(([name]) => name !== "key");
        expect([...new URLSearchParams(kept)]).toEqual(others);
        const left = kept === "" ? [] : kept.slice(1).split("&");
        expect(left.every((pair) => pairs.includes(pair))).toBe(true);
      }),
      { seed: 52, numRuns: 2_000 },
    );
  });
});
