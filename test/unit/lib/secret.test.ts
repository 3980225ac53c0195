// A secret is shown by nothing that prints, only given when it is asked for.

import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import { Secret } from "../../../src/lib/secret.ts";

describe("a secret", () => {
  const secret = new Secret("hunter2-hunter2");
  test.each([
    ["String()", () => String(secret)],
    ["a template", () => `${secret}`],
    ["JSON", () => JSON.stringify({ deep: [secret] })],
    ["inspect", () => inspect({ deep: { deeper: [secret] } }, { depth: 9, showHidden: true })],
    ["Bun.inspect", () => Bun.inspect({ secret })],
    ["its own members", () => JSON.stringify([Object.entries(secret), Object.getOwnPropertyNames(secret)])],
    ["an error's message", () => String(new Error(`failed with ${secret}`))],
  ])("is not shown by %s", (_, show) => {
    expect(show()).not.toContain("hunter2");
  });
  test("is given when asked for", () => {
    expect(secret.reveal()).toBe("hunter2-hunter2");
  });
});
