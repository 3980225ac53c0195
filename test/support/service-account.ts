// A made-up Google service account: its key file's text, and the public half that its assertions are checked with.

import { generateKeyPairSync } from "node:crypto";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

/** PEM; made anew in every run, so that no key is ever checked in. */
export const ACCOUNT_PRIVATE_KEY: string = privateKey;
export const ACCOUNT_PUBLIC_KEY: string = publicKey;
export const ACCOUNT_EMAIL = "postern@acme-prod.iam.gserviceaccount.com";

/** The text of a key file; `changes` replace members, undefined leaves one out. */
export function keyFile(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    type: "service_account",
    project_id: "acme-prod",
    private_key_id: "key-1",
    private_key: ACCOUNT_PRIVATE_KEY,
    client_email: ACCOUNT_EMAIL,
    token_uri: "https://oauth2.example.com/token",
    ...changes,
  });
}
