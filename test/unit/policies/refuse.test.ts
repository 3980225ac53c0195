// Refusals by policies: which of them it names, with which code, status and headers, and when to try again.

import { describe, expect, test } from "bun:test";
import { refusalOf, type Violation } from "../../../src/policies/refuse.ts";
import {
  claimOf,
  claimsOf,
  NOW,
  policiesOf,
  rateLimit,
  spendPolicy,
  usd,
  violationOf,
} from "./policies-under-test.ts";

const refuse = (...violations: Violation[]) => refusalOf(violations, NOW);

test("a total never resets", () => {
  const claim = claimOf(policiesOf("spend_policies: {P: {limit_usd: 2, window: total, each: user}}"));
  expect(refuse(violationOf(claim, usd(2))).message).toBe(
    "Request blocked by gateway policies: P. Spent $2.00 of $2.00 for user alice; it never resets, so ask whoever runs the gateway for more.",
  );
});

describe("a refusal for money", () => {
  const claim = claimOf(spendPolicy("each: user"));

  test("names no time to try again at, and its policy in a header", () => {
    const { details } = refuse(violationOf(claim, usd(2)));
    expect(details.retryAfterSeconds).toBeUndefined();
    expect(details.retryAfterMs).toBeUndefined();
    expect(details.headers).toEqual({ "x-postern-policy": "P" });
  });

  test("may be tried again only where running requests alone stand in the way, in all policies", () => {
    const holds = violationOf(claim, 0n, { held: usd(2), holders: 1 });
    const spent = violationOf(claim, usd(2));
    const tooLarge = violationOf(claim, 0n, { amount: usd(3) });
    const mayRetry = (...violations: Violation[]) => refuse(...violations).details.mayRetry;
    expect([
      mayRetry(holds),
      mayRetry(spent),
      mayRetry(tooLarge),
      mayRetry(holds, spent),
      mayRetry(holds, holds),
    ]).toEqual([true, false, false, false, true]);
  });

  test("has the policy's status; of several 402 wins", () => {
    const soft = claimOf(spendPolicy("each: user, status: 429"));
    const statusOf = (...claims: (typeof claim)[]) =>
      refuse(...claims.map((each) => violationOf(each, usd(2)))).status;
    expect([statusOf(soft), statusOf(soft, soft), statusOf(soft, claim)]).toEqual([429, 429, 402]);
    expect(refuse(violationOf(soft, usd(2))).code).toBe("budget_exceeded");
  });
});

describe("several policies", () => {
  const claims = claimsOf(
    policiesOf(`
spend_policies:
  Default per user: {limit_usd: 5, window: day, each: user}
  R&D Spend Cap: {limit_usd: 10, window: month, applies_to: {workspaces: [research]}}
rate_limits:
  Slowly: {requests: 60/minute}`),
  );
  const violations = claims.map((claim) => violationOf(claim, claim.limit));

  test("are named from the broadest to the narrowest, each with its own details; money wins over rates", () => {
    const error = refuse(...violations.toReversed());
    expect(error.message).toBe(
      "Request blocked by gateway policies: R&D Spend Cap, Default per user." +
        " R&D Spend Cap: The budget for workspace research is used up; resets 2026-12-01T00:00:00Z." +
        " Default per user: Spent $5.00 of $5.00 for user alice; resets 2026-11-21T00:00:00Z.",
    );
    expect([error.code, error.status]).toEqual(["budget_exceeded", 402]);
    expect(error.details.headers).toEqual({ "x-postern-policy": "R&D Spend Cap, Default per user" });
  });
});

test("names of policies are percent-encoded in headers, and as they are in messages", () => {
  const claim = claimOf(policiesOf('spend_policies: {"Größe, 50% 🚀": {limit_usd: 1, window: day}}'));
  const error = refuse(violationOf(claim, usd(1)));
  expect(error.message).toStartWith("Request blocked by gateway policies: Größe, 50% 🚀. ");
  const header = error.details.headers?.["x-postern-policy"] ?? "";
  expect(header).toBe("Gr%C3%B6%C3%9Fe%2C 50%25 %F0%9F%9A%80");
  expect(decodeURIComponent(header)).toBe("Größe, 50% 🚀");
});

describe("the time to try again", () => {
  const minute = claimOf(rateLimit("requests: 60/minute"));
  const waitAt = (time: string, ...claims: (typeof minute)[]) => {
    const violations = claims.map((claim) => violationOf(claim, claim.limit));
    const { retryAfterSeconds, retryAfterMs } = refusalOf(violations, Date.parse(time)).details;
    return [retryAfterSeconds, retryAfterMs];
  };

  test.each([
    ["2026-11-20T13:45:18Z", 42, 42_000],
    ["2026-11-20T13:45:18.5Z", 42, 41_500],
    ["2026-11-20T13:45:59.999Z", 1, 1],
    ["2026-11-20T13:46:00Z", 1, 1],
  ])("at %s is in %d s, or %d ms", (time, seconds, ms) => {
    expect(waitAt(time, minute)).toEqual([seconds, ms]);
  });

  test("is a second later for requests at the same time", () => {
    expect(waitAt("2026-11-20T13:45:18Z", claimOf(rateLimit("concurrent: 1")))).toEqual([1, 1000]);
  });

  test("is when the last limit resets", () => {
    const hour = claimOf(rateLimit("requests: 600/hour"));
    expect(waitAt("2026-11-20T13:45:18Z", minute, hour)).toEqual([882, 882_000]);
  });
});

test("two limits of one policy are one name", () => {
  const violations = claimsOf(rateLimit("each: key, requests: 60/minute, concurrent: 1")).map((claim) =>
    violationOf(claim, claim.limit),
  );
  expect(refuse(...violations).message).toBe(
    "Request blocked by gateway policies: R. Used 60 of 60 requests per minute for key alice-laptop; resets 2026-11-20T13:46:00Z." +
      " The limit of 1 request at the same time for key alice-laptop is reached. Please retry in 42s.",
  );
});

describe("too many subjects of a header", () => {
  const headers = { "x-gateway-customer": "acme" };
  const crowdedBy = (settings: string) =>
    refuse(violationOf(claimOf(spendPolicy(settings), { headers }), 0n, { crowded: true }));

  test("are a 429, also where money is counted", () => {
    const error = crowdedBy("each: {header: X-Gateway-Customer}");
    expect([error.code, error.status]).toEqual(["rate_limited", 429]);
    expect(error.message).toBe(
      "Request blocked by gateway policies: P. It counts 10000 values of X-Gateway-Customer already, and no more: send one of those; resets 2026-11-21T00:00:00Z. Please retry in 36882s.",
    );
  });

  test("of a total never become fewer", () => {
    const policies = policiesOf(
      "spend_policies: {P: {limit_usd: 2, window: total, each: {header: X-Gateway-Customer}}}",
    );
    const error = refuse(violationOf(claimOf(policies, { headers }), 0n, { crowded: true }));
    expect(error.details.retryAfterSeconds).toBeUndefined();
    expect(error.message).toEndWith(
      "send one of those; it never resets, so ask whoever runs the gateway for more.",
    );
  });
});
