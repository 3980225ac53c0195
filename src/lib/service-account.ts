// Reads the key file of a Google service account, and says in words what is wrong with one.

import type { KeyObject } from "node:crypto";
import { isForbiddenHost, isLoopbackHost } from "./address.ts";
import { isRecord, parseJson } from "./json-value.ts";
import { loadCrypto } from "./late-builtins.ts";

/** What is needed to ask for access tokens in the name of an account. */
export interface ServiceAccount {
  readonly email: string;
  readonly privateKey: KeyObject;
  /** `kid` of the assertion; undefined where the file does not say it. */
  readonly keyId: string | undefined;
  /** https, or http on this machine. */
  readonly tokenUri: string;
  readonly project: string | undefined;
}

const DEFAULT_TOKEN_URI = "https://oauth2.googleapis.com/token";

type Reading = { readonly account: ServiceAccount } | { readonly problem: string };

/** The account of a key file's text, or what is wrong with it; neither ever repeats a part of the key. */
export function readServiceAccount(text: string): Reading {
  const value = parseJson(text);
  if (value === undefined) return { problem: "is not JSON: give the whole text of the key file" };
  if (!isRecord(value)) return { problem: "must be a JSON object: the whole text of the key file" };
  const { type, client_email: email, private_key: pem, private_key_id: keyId, project_id: project } = value;
  if (type !== undefined && type !== "service_account")
    return { problem: "must be the key file of a service account (`type` is not service_account)" };
  if (!isText(email)) return { problem: "has no client_email" };
  if (!isText(pem)) return { problem: "has no private_key" };
  const tokenUri = value["token_uri"] ?? DEFAULT_TOKEN_URI;
  const problem = tokenUriProblem(tokenUri);
  if (problem !== undefined || typeof tokenUri !== "string")
    return { problem: problem ?? "has no token_uri" };
  const privateKey = readPrivateKey(pem);
  if (privateKey === undefined)
    return { problem: "holds a private_key that is not a private RSA key in PEM" };
  return {
    account: {
      email,
      privateKey,
      keyId: isText(keyId) ? keyId : undefined,
      tokenUri,
      project: isText(project) ? project : undefined,
    },
  };
}

/** What is wrong with a key file's text; undefined = nothing. */
export function serviceAccountProblem(text: string): string | undefined {
  const reading = readServiceAccount(text);
  return "problem" in reading ? reading.problem : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** The signed assertion goes there: never in the clear, never to a metadata service. */
function tokenUriProblem(uri: unknown): string | undefined {
  if (!isText(uri) || !URL.canParse(uri)) return "holds a token_uri that is not a URL";
  const url = new URL(uri);
  if (url.username !== "" || url.password !== "") return "holds a token_uri with a user or password";
  if (isForbiddenHost(url.hostname))
    return "holds a token_uri that leads to a link-local or cloud metadata address";
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname)))
    return undefined;
  return "holds a token_uri that is not https";
}

/** Line ends that were escaped once too often, as by a shell, are read as what they mean. */
function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    const key = loadCrypto().createPrivateKey(pem.replaceAll("\\n", "\n"));
    return key.asymmetricKeyType === "rsa" ? key : undefined;
  } catch {
    return undefined;
  }
}
