// Subjects that callers name themselves in `X-Gateway-*` headers and in `X-Gateway-Metadata`.

import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../../src/errors.ts";
import { claimOf, claimsOf, spendPolicy } from "./policies-under-test.ts";

const EACH = spendPolicy("each: {header: X-Gateway-Customer-ID}");
const REQUIRED = spendPolicy("each: {header: X-Gateway-Customer-ID, required: true}");

const subjectOf = (headers: Record<string, string>) => claimsOf(EACH, { headers })[0]?.counter.subject;

const SUBJECTS: readonly [string, Record<string, string>, string | undefined][] = [
  ["a header", { "X-Gateway-Customer-ID": "acme" }, "acme"],
  ["another spelling of it", { "x-gateway-CUSTOMER.id": "acme" }, "acme"],
  ["a value in its own case", { "X-Gateway-Customer-ID": "ACME Inc." }, "ACME Inc."],
  ["no header", {}, undefined],
  ["an empty header", { "X-Gateway-Customer-ID": "" }, undefined],
  ["a header of another kind", { "X-Customer-ID": "acme" }, undefined],
  ["metadata", { "X-Gateway-Metadata": '{"customer_id":"acme","other":1}' }, "acme"],
  ["metadata in another spelling", { "X-Gateway-Metadata": '{"Customer ID":"acme"}' }, "acme"],
  ["a number in metadata", { "X-Gateway-Metadata": '{"customer_id":42}' }, "42"],
  ["an object in metadata", { "X-Gateway-Metadata": '{"customer_id":{}}' }, undefined],
  ["metadata that is no JSON", { "X-Gateway-Metadata": "{customer_id" }, undefined],
  ["metadata that is a list", { "X-Gateway-Metadata": '["customer_id"]' }, undefined],
  [
    "metadata that is too long",
    { "X-Gateway-Metadata": JSON.stringify({ customer_id: "acme", x: "x".repeat(8192) }) },
    undefined,
  ],
  ["both", { "X-Gateway-Customer-ID": "acme", "X-Gateway-Metadata": '{"customer_id":"b"}' }, "acme"],
];

test.each(SUBJECTS)("%s", (_, headers, subject) => {
  expect(subjectOf(headers)).toBe(subject as never);
});

describe("a subject of a header", () => {
  test("is one of 10,000 at most, and is named in refusals", () => {
    const claim = claimOf(EACH, { headers: { "X-Gateway-Customer-ID": "acme" } });
    expect([claim.maxSubjects, claim.who]).toEqual([10_000, "customer_id acme"]);
    expect(claimOf(spendPolicy("each: user")).maxSubjects).toBeUndefined();
  });

  test("that is missing though required is a bad request that names the header", () => {
    const call = () => claimsOf(REQUIRED);
    expect(call).toThrow(GatewayError);
    expect(call).toThrow(
      "The request lacks the header X-Gateway-Customer-ID: policy P counts each of its values; send it.",
    );
  });

  test("is not required where the policy is switched off or does not apply", () => {
    const off = spendPolicy("each: {header: X-Gateway-Customer-ID, required: true}, enabled: false");
    expect(claimsOf(off)).toEqual([]);
    const other = spendPolicy(
      "each: {header: X-Gateway-Customer-ID, required: true}, applies_to: {users: [bob]}",
    );
    expect(claimsOf(other)).toEqual([]);
  });

  test("of more than 200 characters is a bad request", () => {
    expect(subjectOf({ "X-Gateway-Customer-ID": "a".repeat(200) })).toHaveLength(200);
    expect(() => subjectOf({ "X-Gateway-Customer-ID": "a".repeat(201) })).toThrow(
      "The header X-Gateway-Customer-ID is longer than 200 characters, which is what policy P counts by; send a shorter value.",
    );
  });

  test("in two spellings with two values is a bad request; with the same value it is not", () => {
    expect(subjectOf({ "X-Gateway-Customer-ID": "a", "X-Gateway-Customer_ID": "a" })).toBe("a");
    expect(() => subjectOf({ "X-Gateway-Customer-ID": "a", "X-Gateway-Customer_ID": "b" })).toThrow(
      "The request names two values for `customer_id` in different spellings of X-Gateway-* or X-Gateway-Metadata; send one.",
    );
  });

  test("can be combined with whom the policy applies to", () => {
    const policies = spendPolicy(
      "each: user, applies_to: {header: {X-Gateway-Customer: acme}, workspaces: [research]}",
    );
    const headers = { "x-gateway-customer": "acme" };
    expect(claimOf(policies, { headers }).counter.subject).toBe("alice");
    expect(claimsOf(policies, { headers, workspace: "dev" })).toEqual([]);
    expect(claimsOf(policies)).toEqual([]);
  });
});
