// Access keys out of an environment.

import { expect, test } from "bun:test";
import { accessKeysOf } from "../../../src/catalog/aws.ts";

const BOTH = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

test("both halves make access keys, temporary ones with a token", () => {
  const keys = { accessKeyId: "id", secretAccessKey: "secret" };
  expect(accessKeysOf(BOTH)).toEqual({ ...keys, sessionToken: undefined });
  expect(accessKeysOf({ ...BOTH, AWS_SESSION_TOKEN: "" })).toEqual({ ...keys, sessionToken: undefined });
  expect(accessKeysOf({ ...BOTH, AWS_SESSION_TOKEN: "t" })).toEqual({ ...keys, sessionToken: "t" });
});

test.each(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])("without %s there are none", (name) => {
  expect(accessKeysOf({ ...BOTH, [name]: undefined })).toBeUndefined();
  expect(accessKeysOf({ ...BOTH, [name]: "" })).toBeUndefined();
});
