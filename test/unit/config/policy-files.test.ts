// Policies and prices in included files: put together like all names of one's own.

import { expect, test } from "bun:test";
import { good, load } from "./loading.ts";

const POLICIES = `
spend_policies: { cap: { limit_usd: 1, window: day } }
rate_limits: { slow: { concurrent: 1 } }
pricing: { models: { demo/a: { input: 1, output: 1 } } }
`;

test("they are added to those of the main file", () => {
  const main = `
include: [more.yaml]
providers: { demo: { type: mock } }
spend_policies: { own: { limit_usd: 2, window: month } }
pricing: { unpriced: block, models: { "demo/*": { input: 2, output: 2 } } }
`;
  const config = good(load({ "c.yaml": main, "more.yaml": POLICIES }));
  expect(Object.keys(config.spend_policies)).toEqual(["own", "cap"]);
  expect(Object.keys(config.rate_limits)).toEqual(["slow"]);
  expect(config.pricing.unpriced).toBe("block");
  expect(Object.keys(config.pricing.models)).toEqual(["demo/*", "demo/a"]);
});

test("the main file need not have any", () => {
  const main = "include: [more.yaml]\nproviders: { demo: { type: mock } }\n";
  const config = good(load({ "c.yaml": main, "more.yaml": POLICIES }));
  expect(config.pricing).toMatchObject({ unpriced: "warn", models: { "demo/a": { input: 1, output: 1 } } });
});

test("what is wrong in one of them has its place there", () => {
  const more = "pricing:\n  models:\n    demo/a: { input: -1, output: 1 }\nspend_policies: []\n";
  const { lines } = load({
    "c.yaml": "include: [more.yaml]\nproviders: { demo: { type: mock } }\n",
    "more.yaml": more,
  });
  expect(lines).toEqual([
    "more.yaml:3:22  pricing.models.demo/a.input: must be an amount in US dollars, from 0 to 1000000",
    "more.yaml:4:17  spend_policies: must be a map of names and settings",
  ]);
});

test.each(["pricing: 5", "pricing: { models: 5 }", "pricing: []", "pricing:", "pricing: { models: }"])(
  "a main file with `%s` says so, once",
  (text) => {
    const { lines } = load({
      "c.yaml": `${text}\ninclude: [more.yaml]\nproviders: { demo: { type: mock } }`,
      "more.yaml": POLICIES,
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toStartWith("c.yaml:1:");
  },
);

test("names that every object has are names like others", () => {
  const text = "rate_limits: { __proto__: { concurrent: 1 }, constructor: { concurrent: 2 } }";
  expect(Object.keys(good(load({ "c.yaml": text })).rate_limits)).toEqual(["__proto__", "constructor"]);
});
