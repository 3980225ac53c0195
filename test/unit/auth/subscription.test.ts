// Log-ins of the callers' own: when the client's Authorization goes upstream, and when it never does.

import { describe, expect, test } from "bun:test";
import { type OwnLogins, subscriptionAuthorization } from "../../../src/auth/subscription.ts";
import type { Carrier } from "../../../src/exchange.ts";

const OAT = "Bearer sk-ant-oat01-abc";
const VIRTUAL = "sk-postern-mine";

const ORDINARY: OwnLogins = { passthrough: false, subscriptionLogins: false };
const LOGINS: OwnLogins = { passthrough: false, subscriptionLogins: true };
const PASSTHROUGH: OwnLogins = { passthrough: true, subscriptionLogins: false };

function forwarded(authorization: string | undefined, carrier: Carrier | undefined, provider: OwnLogins) {
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return subscriptionAuthorization(headers, carrier, provider, (token) => token === VIRTUAL);
}

describe("subscription_logins", () => {
  test.each([OAT, "bearer sk-ant-oat01-abc", "BEARER  sk-ant-oat02-x"])(
    "%s goes upstream as it is",
    (value) => {
      expect(forwarded(value, "x-api-key", LOGINS)).toBe(value);
    },
  );

  test.each([
    ["an API key of the maker", "Bearer sk-ant-api03-abc"],
    ["any other token", "Bearer eyJhbGciOi"],
    ["another scheme", "Basic sk-ant-oat01"],
    ["a token in the wrong place", "sk-ant-oat01-abc"],
    ["a virtual key", `Bearer ${VIRTUAL}`],
    ["no token", "Bearer "],
    ["no header", undefined],
  ])("%s does not", (_what, value) => {
    expect(forwarded(value, "x-api-key", LOGINS)).toBeUndefined();
  });

  test.each(["api-key", "x-goog-api-key", "query", "authorization", undefined] as const)(
    "not where the virtual key came as %s",
    (carrier) => {
      expect(forwarded(OAT, carrier, LOGINS)).toBeUndefined();
    },
  );

  test("not on a provider that does not say so", () => {
    expect(forwarded(OAT, "x-api-key", ORDINARY)).toBeUndefined();
  });
});

describe("passthrough", () => {
  test.each([OAT, "Bearer any-token", "Basic dXNlcjpwYXNz"])("%s goes upstream as it is", (value) => {
    for (const carrier of ["x-api-key", "api-key", "x-goog-api-key", "query", undefined] as const)
      expect(forwarded(value, carrier, PASSTHROUGH)).toBe(value);
  });

  test("a virtual key never does, wherever the caller's own stands", () => {
    expect(forwarded(`Bearer ${VIRTUAL}`, "authorization", PASSTHROUGH)).toBeUndefined();
    expect(forwarded(`Bearer ${VIRTUAL}`, "x-api-key", PASSTHROUGH)).toBeUndefined();
    expect(forwarded(`bearer   ${VIRTUAL}`, undefined, PASSTHROUGH)).toBeUndefined();
  });
});
