// Suggestions for mistyped names.

import { expect, test } from "bun:test";
import { closest, didYouMean } from "../../../src/lib/did-you-mean.ts";

const SETTINGS = [
  "base_url",
  "api_key",
  "auth",
  "timeouts",
  "models",
  "model",
  "headers",
  "forward_headers",
  "tls",
];

test.each([
  ["base_ulr", "base_url"],
  ["baseurl", "base_url"],
  ["baseUrl", "base_url"],
  ["BASE-URL", "base_url"],
  ["apikey", "api_key"],
  ["timeout", "timeouts"],
  ["header", "headers"],
  ["modles", "models"],
  ["auht", "auth"],
])("%s probably means %s", (name, meant) => {
  expect(closest(name, SETTINGS)[0]).toBe(meant);
});

test.each(["", "_", "x", "colour", "tl", "completely_different", "b".repeat(1_000_000)])(
  "nothing is close to %#",
  (name) => {
    expect(closest(name, SETTINGS)).toEqual([]);
  },
);

test("the closest come first, and no more than asked for", () => {
  expect(closest("model", ["models", "modal", "model"], 2)).toEqual(["model", "modal"]);
});

test("candidates that nobody could have meant are passed over", () => {
  expect(closest("name", ["", "name".repeat(1000)])).toEqual([]);
});

test("a message ends in the suggestion, or in nothing", () => {
  expect(`unknown key${didYouMean("modls", ["models", "modals"])}`).toBe(
    "unknown key; did you mean `modals` or `models`?",
  );
  expect(didYouMean("zzz", SETTINGS)).toBe("");
});
