// What a reload says about counters.

import { expect, test } from "bun:test";
import { policyChanges } from "../../../src/policies/policy-changes.ts";
import { policiesOf } from "./policies-under-test.ts";

const CAP = "{limit_usd: 2, window: day}";
const HINT =
  "it looks like A under a new name; counters belong to names, so give it the old one to keep what was counted";

const CHANGES: readonly [string, string, string, readonly object[]][] = [
  ["nothing", `spend_policies: {A: ${CAP}}`, `spend_policies: {A: ${CAP}}`, []],
  [
    "limits, overrides, words",
    `spend_policies: {A: {limit_usd: 2, window: day, each: user}}`,
    `spend_policies: {A: {limit_usd: 3, window: day, each: user, overrides: {alice: 1}, enabled: false, status: 429}}`,
    [],
  ],
  [
    "the window",
    `spend_policies: {A: ${CAP}}`,
    "spend_policies: {A: {limit_usd: 2, window: week}}",
    [{ name: "A", kind: "spend", change: "new counter", hint: undefined }],
  ],
  [
    "a name",
    `spend_policies: {A: ${CAP}}`,
    `spend_policies: {B: ${CAP}}`,
    [
      { name: "B", kind: "spend", change: "new policy", hint: HINT },
      { name: "A", kind: "spend", change: "removed", hint: undefined },
    ],
  ],
  [
    "a policy that is another",
    `spend_policies: {A: ${CAP}}`,
    "spend_policies: {B: {limit_usd: 3, window: day}}",
    [
      { name: "B", kind: "spend", change: "new policy", hint: undefined },
      { name: "A", kind: "spend", change: "removed", hint: undefined },
    ],
  ],
  [
    "one more",
    `spend_policies: {A: ${CAP}}`,
    `spend_policies: {A: ${CAP}}\nrate_limits: {A: {requests: 1/minute}}`,
    [{ name: "A", kind: "rate", change: "new policy", hint: undefined }],
  ],
  [
    "a further limit of a rate",
    "rate_limits: {A: {requests: 1/minute}}",
    "rate_limits: {A: {requests: [2/minute, 9/hour]}}",
    [{ name: "A", kind: "rate", change: "new counter", hint: undefined }],
  ],
  [
    "a limit of a rate that is gone",
    "rate_limits: {A: {requests: [2/minute, 9/hour]}}",
    "rate_limits: {A: {requests: 1/minute}}",
    [],
  ],
];

test.each(CHANGES)("%s changed", (_, before, after, changes) => {
  expect(policyChanges(policiesOf(before), policiesOf(after))).toEqual(changes as never);
});
