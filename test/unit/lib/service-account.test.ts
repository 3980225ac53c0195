// Key files of service accounts: what is read, what is refused, and that no refusal repeats a part of the key.

import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readServiceAccount, serviceAccountProblem } from "../../../src/lib/service-account.ts";
import { ACCOUNT_EMAIL, ACCOUNT_PRIVATE_KEY, keyFile } from "../../support/service-account.ts";

const EC_KEY = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;

test("a key file is read", () => {
  const reading = readServiceAccount(keyFile());
  expect(reading).toMatchObject({
    account: {
      email: ACCOUNT_EMAIL,
      keyId: "key-1",
      tokenUri: "https://oauth2.example.com/token",
      project: "acme-prod",
    },
  });
});

test("what may be missing", () => {
  const text = keyFile({
    type: undefined,
    private_key_id: undefined,
    project_id: undefined,
    token_uri: undefined,
  });
  expect(readServiceAccount(text)).toMatchObject({
    account: { tokenUri: "https://oauth2.googleapis.com/token" },
  });
});

test.each(["http://127.0.0.1:9000/token", "http://localhost:1/t", "http://[::1]:1/t", "https://10.0.0.1/t"])(
  "the token endpoint may be %s",
  (uri) => {
    expect(serviceAccountProblem(keyFile({ token_uri: uri }))).toBeUndefined();
  },
);

test("line ends that a shell escaped once too often are understood", () => {
  expect(
    serviceAccountProblem(keyFile({ private_key: ACCOUNT_PRIVATE_KEY.replaceAll("\n", "\\n") })),
  ).toBeUndefined();
});

describe("what is refused", () => {
  test.each([
    ["nothing", "", "is not JSON: give the whole text of the key file"],
    ["a path", "/run/secrets/sa.json", "is not JSON: give the whole text of the key file"],
    ["a list", "[]", "must be a JSON object: the whole text of the key file"],
    [
      "a user's log-in",
      keyFile({ type: "authorized_user" }),
      "must be the key file of a service account (`type` is not service_account)",
    ],
    ["no account", keyFile({ client_email: undefined }), "has no client_email"],
    ["no key", keyFile({ private_key: "" }), "has no private_key"],
    ["half a key", keyFile({ private_key: ACCOUNT_PRIVATE_KEY.slice(0, 400) }), "PEM"],
    ["a key of another kind", keyFile({ private_key: EC_KEY }), "not a private RSA key in PEM"],
    ["no URL", keyFile({ token_uri: "oauth2" }), "a token_uri that is not a URL"],
    ["a number", keyFile({ token_uri: 1 }), "a token_uri that is not a URL"],
    ["plain http elsewhere", keyFile({ token_uri: "http://10.0.0.1/t" }), "a token_uri that is not https"],
    ["another scheme", keyFile({ token_uri: "file:///etc/passwd" }), "a token_uri that is not https"],
    ["a metadata service", keyFile({ token_uri: "https://169.254.169.254/t" }), "cloud metadata address"],
    ["a password", keyFile({ token_uri: "https://u:p@h/t" }), "a token_uri with a user or password"],
  ])("%s", (_what, text, problem) => {
    const said = serviceAccountProblem(text);
    expect(said).toContain(problem);
    for (const line of ACCOUNT_PRIVATE_KEY.split("\n").filter((part) => part.length > 20))
      expect(said).not.toContain(line);
  });
});
