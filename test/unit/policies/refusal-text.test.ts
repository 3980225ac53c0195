// What refusals by policies say, word by word.

import { expect, test } from "bun:test";
import { refusalOf, type Violation } from "../../../src/policies/refuse.ts";
import { claimOf, NOW, rateLimit, spendPolicy, usd, violationOf } from "./policies-under-test.ts";

const RESET = "resets 2026-11-21T00:00:00Z";
const refuse = (...violations: Violation[]) => refusalOf(violations, NOW);

/** Settings of policy P, what was spent and held (dollars), by how many, what the call may cost, the details. */
const BUDGETS: readonly [string, number, number, number | undefined, number, string][] = [
  ["each: user", 2, 0, 0, 0.01, `Spent $2.00 of $2.00 for user alice; ${RESET}.`],
  ["each: user", 2.5, 0, 0, 0, `Spent $2.50 of $2.00 for user alice; ${RESET}.`],
  ["each: key", 2.0042, 0, 0, 0, `Spent $2.004 of $2.00 for key alice-laptop; ${RESET}.`],
  [
    "applies_to: {workspaces: [research]}, show_amounts: true",
    2,
    0,
    0,
    0.01,
    `Spent $2.00 of $2.00 for workspace research; ${RESET}.`,
  ],
  [
    "applies_to: {workspaces: [research]}",
    2,
    0,
    0,
    0.01,
    `The budget for workspace research is used up; ${RESET}.`,
  ],
  ["", 2, 0, 0, 0.01, `The budget for the organization is used up; ${RESET}.`],
  ["applies_to: {users: [alice]}", 2, 0, 0, 0.01, `Spent $2.00 of $2.00 for user alice; ${RESET}.`],
  [
    "applies_to: {users: [alice, a]}",
    2,
    0,
    0,
    0.01,
    `Spent $2.00 of $2.00 for a group of 2 users; ${RESET}.`,
  ],
  [
    "applies_to: {keys: [alice-laptop], providers: [openai]}",
    2,
    0,
    0,
    0.01,
    `Spent $2.00 of $2.00 for key alice-laptop, provider openai; ${RESET}.`,
  ],
  ["each: model", 2, 0, 0, 0.01, `The budget for model openai/gpt-5 is used up; ${RESET}.`],
  [
    "each: user, timezone: Europe/Berlin",
    2,
    0,
    0,
    0,
    "Spent $2.00 of $2.00 for user alice; resets 2026-11-20T23:00:00Z.",
  ],
  [
    "each: user",
    1.2,
    0.7,
    2,
    0.2,
    "Of $2.00 for user alice: $1.20 spent, $0.70 held by 2 running requests; try again when they have ended.",
  ],
  [
    "each: user",
    0,
    2,
    1,
    0.5,
    "Of $2.00 for user alice: $0.00 spent, $2.00 held by 1 running request; try again when it has ended.",
  ],
  [
    "",
    1.2,
    0.7,
    2,
    0.2,
    "What is left for the organization is held by 2 running requests; try again when they have ended.",
  ],
  [
    "",
    1.2,
    0.7,
    undefined,
    0.2,
    "What is left for the organization is held by running requests; try again when they have ended.",
  ],
  [
    "each: user",
    1.5,
    0.1,
    1,
    0.6,
    `Spent $1.50 of $2.00 for user alice; this request may cost $0.60: lower its max_tokens, or wait; ${RESET}.`,
  ],
  [
    "",
    1.5,
    0.1,
    1,
    0.6,
    `This request may cost more than is left for the organization: lower its max_tokens, or wait; ${RESET}.`,
  ],
];

test.each(BUDGETS)("a budget `%s`, spent %d, held %d by %p, asked for %d", (...row) => {
  const [settings, spent, held, holders, amount, details] = row;
  const claim = claimOf(spendPolicy(settings));
  const error = refuse(violationOf(claim, usd(spent), { held: usd(held), holders, amount: usd(amount) }));
  expect(error.message).toBe(`Request blocked by gateway policies: P. ${details}`);
  expect([error.code, error.status]).toEqual(["budget_exceeded", 402]);
});

/** Settings of limit R, what is used and held, what the call may need, the details. */
const RATES: readonly [string, bigint, bigint, bigint, string][] = [
  [
    "each: key, requests: 60/minute",
    60n,
    0n,
    1n,
    "Used 60 of 60 requests per minute for key alice-laptop; resets 2026-11-20T13:46:00Z. Please retry in 42s.",
  ],
  [
    "requests: 60/hour",
    50n,
    10n,
    1n,
    "The limit of 60 requests per hour for the organization is reached; resets 2026-11-20T14:00:00Z. Please retry in 882s.",
  ],
  [
    "each: key, tokens: 1000/minute",
    1200n,
    0n,
    10n,
    "Used 1200 of 1000 tokens per minute for key alice-laptop; resets 2026-11-20T13:46:00Z. Please retry in 42s.",
  ],
  [
    "each: key, tokens: 1000/minute",
    700n,
    200n,
    150n,
    "This request may need 150 tokens, and of 1000 tokens per minute for key alice-laptop 100 are left; resets 2026-11-20T13:46:00Z. Please retry in 42s.",
  ],
  [
    "tokens: 1000/minute",
    700n,
    200n,
    150n,
    "This request may need 150 tokens, and of 1000 tokens per minute for the organization less is left; resets 2026-11-20T13:46:00Z. Please retry in 42s.",
  ],
  [
    "tokens: 1000/minute",
    0n,
    0n,
    4100n,
    "This request alone may need 4100 tokens, more than the limit of 1000 tokens per minute for the organization: lower its max_tokens.",
  ],
  [
    "each: key, concurrent: 8",
    0n,
    8n,
    1n,
    "The limit of 8 requests at the same time for key alice-laptop is reached. Please retry in 1s.",
  ],
];

test.each(RATES)("a rate limit `%s`, used %p, held %p, asked for %p", (...row) => {
  const [settings, used, held, amount, details] = row;
  const error = refuse(violationOf(claimOf(rateLimit(settings)), used, { held, amount }));
  expect(error.message).toBe(`Request blocked by gateway policies: R. ${details}`);
  expect([error.code, error.status]).toEqual(["rate_limited", 429]);
  expect(error.details.headers).toEqual({ "x-postern-policy": "R" });
});
