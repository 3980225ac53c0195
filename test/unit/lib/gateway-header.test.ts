// What the headers that callers attribute their calls with are called.

import { describe, expect, test } from "bun:test";
import { isReservedGatewayName, normaliseGatewayHeader } from "../../../src/lib/gateway-header.ts";

describe("the name of a header", () => {
  test.each<[string, string | undefined]>([
    ["X-Gateway-Customer", "customer"],
    ["X-Gateway-CUSTOMER.ID", "customer_id"],
    ["x-gateway-cost-centre", "cost_centre"],
    ["X-GATEWAY-a_1", "a_1"],
    ["X-Gateway-Metadata", "metadata"],
    ["X-Gateway-", undefined],
    ["X-Gateway", undefined],
    ["X-Customer", undefined],
    ["Y-X-Gateway-A", undefined],
    ["", undefined],
  ])("%s is %p", (header, name) => {
    expect(normaliseGatewayHeader(header)).toBe(name as never);
  });
});

test.each<[string, boolean]>([
  ["customer", false],
  ["user", false],
  ["user_id", true],
  ["api_key_id", true],
  ["applied_policy_names", true],
  ["metadata", true],
  ["gateway", true],
  ["gateway_version", true],
  ["my_gateway", false],
])("%s is reserved: %p", (name, expected) => {
  expect(isReservedGatewayName(name)).toBe(expected);
});
