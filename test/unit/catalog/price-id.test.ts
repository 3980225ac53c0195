import { describe, expect, test } from "bun:test";
import { isSameVersion, namesModel, withoutArn } from "../../../src/catalog/price-id.ts";

describe("a rule of the price table, read strictly", () => {
  test.each([
    [{ equals: "Foo-1" }, "foo-1", true],
    [{ equals: "foo-1" }, "foo-10", false],
    [{ regex: "^foo-\\d{8}$" }, "foo-20250101", true],
    [{ starts_with: "foo-1" }, "foo-1", true],
    [{ starts_with: "foo-1" }, "foo-1-20250101", true],
    [{ starts_with: "foo-1" }, "foo-1-2025-01-01", true],
    [{ starts_with: "foo-1" }, "foo-1@20250101", true],
    [{ starts_with: "foo-1" }, "foo-1-latest", true],
    [{ starts_with: "foo-1" }, "foo-1-preview-0625", true],
    [{ starts_with: "foo-1" }, "foo-1-v1:0", true],
    [{ starts_with: "foo-1" }, "foo-1-001", true],
    [{ starts_with: "foo-1" }, "foo-1@default", true],
    [{ starts_with: "foo-1" }, "foo-1:0", true],
    [{ contains: "foo-1-0" }, "foo-1-002", true],
    [{ starts_with: "foo-1" }, "foo-1-405", false],
    [{ starts_with: "foo-1" }, "foo-1:8b", false],
    [{ starts_with: "foo-1" }, "foo-1-5", false],
    [{ starts_with: "foo-1" }, "foo-1.5", false],
    [{ starts_with: "foo-1" }, "foo-12", false],
    [{ starts_with: "foo-1" }, "foo-1-mini", false],
    [{ starts_with: "foo-" }, "foo-2506", true],
    [{ starts_with: "foo-2025" }, "foo-20250514", true],
    [{ contains: "acme.foo-1" }, "us.acme.foo-1-v1:0", true],
    [{ contains: "acme.foo-1" }, "myacme.foo-1-v1:0", false],
    [{ contains: "acme.foo-1" }, "us.acme.foo-1-5-v1:0", false],
    [{ ends_with: "foo-1" }, "acme/foo-1", true],
    [{ ends_with: "foo-1" }, "no-foo-1", false],
    [{ or: [{ equals: "a" }, { equals: "b" }] }, "b", true],
    [{ and: [{ starts_with: "a" }, { equals: "a-latest" }] }, "a-latest", true],
    [{ and: [{ starts_with: "a" }, { equals: "b" }] }, "a", false],
  ])("%j and %s: %p", (match, id, expected) => {
    expect(namesModel(match, id)).toBe(expected);
  });
});

test.each([
  ["aws/acme.embed-v1", "acme.embed-v1:0", true],
  ["aws/acme.embed-v1", "acme.embed-v2:0", false],
  ["aws/acme.embed-v1", "acme.embed", true],
  ["aws/acme.embed", "acme.embed-v2:0", true],
])("%s and %s are the same version: %p", (name, id, expected) => {
  expect(isSameVersion(name, id)).toBe(expected);
});

test.each([
  ["arn:aws:bedrock:us-east-1::foundation-model/acme.foo-v1:0", "acme.foo-v1:0"],
  [
    "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us.acme.foo-v1:0",
    "us.acme.foo-v1:0",
  ],
  [
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2",
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2",
  ],
  ["org/foo", "org/foo"],
])("%s is about %s", (id, expected) => {
  expect(withoutArn(id)).toBe(expected);
});
