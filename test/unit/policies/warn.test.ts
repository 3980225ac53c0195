// The warning that a budget is nearly used up.

import { expect, test } from "bun:test";
import { warningsOf } from "../../../src/policies/warn.ts";
import { claimsOf, policiesOf, usd } from "./policies-under-test.ts";

/** Settings of policy P (limit 2 dollars), what was spent before and what this call may cost, the header. */
const WARNINGS: readonly [string, number, number, string | undefined][] = [
  ["", 0, 1, undefined],
  ["", 1.59, 1, undefined],
  ["", 1.6, 0, "P;80%"],
  ["", 1.75999, 0, "P;87%"],
  ["", 2, 0, "P;100%"],
  ["warn_at: 50%", 1, 0, "P;50%"],
  ["warn_at: 100%", 1.99, 0, undefined],
  ["enabled: false", 2, 0, undefined],
  ["on_breach: warn", 1, 0.5, undefined],
  ["on_breach: warn", 1, 0.6, "P;80%"],
  ["on_breach: warn", 3, 0.5, "P;175%"],
];

test.each(WARNINGS)("policy `%s`, spent %d, may cost %d: %p", (settings, spent, cost, header) => {
  const claims = claimsOf(policiesOf(`spend_policies: {P: {limit_usd: 2, window: day, ${settings}}}`));
  expect(warningsOf(claims, [{ spent: usd(spent), held: usd(2) }], usd(cost))).toBe(header as never);
});

test("several policies are separated by commas; rate limits never warn", () => {
  const claims = claimsOf(
    policiesOf(`
spend_policies: {"R&D": {limit_usd: 2, window: day}, far: {limit_usd: 9, window: day}, Größe: {limit_usd: 1, window: day}}
rate_limits: {R: {requests: 1/minute}}`),
  );
  const levels = [usd(1.8), usd(1.8), usd(2), 1n].map((spent) => ({ spent, held: 0n }));
  expect(warningsOf(claims, levels, 0n)).toBe("R&D;90%, Gr%C3%B6%C3%9Fe;200%");
});

test("a limit of nothing is always reached", () => {
  const claims = claimsOf(policiesOf("spend_policies: {P: {limit_usd: 0, window: day, on_breach: warn}}"));
  expect(warningsOf(claims, [{ spent: 0n, held: 0n }], 0n)).toBe("P;100%");
});
