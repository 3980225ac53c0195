// Computes the signature of a request as AWS's servers do (Signature Version 4), from what arrived and nothing else.

import { createHash, createHmac } from "node:crypto";
import type { SeenRequest } from "./upstream.ts";

export interface Signed {
  readonly accessKeyId: string;
  /** `day/region/service/aws4_request` */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** The parts of `Authorization`; throws when it is not a signature of this kind. */
export function readSignature({ headers }: SeenRequest): Signed {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, accessKeyId = "", scope = "", names = "", signature = ""] =
    pattern.exec(headers["authorization"] ?? "") ?? [];
  if (signature === "") throw new Error(`no signature: ${headers["authorization"]}`);
  return { accessKeyId, scope, signedHeaders: names.split(";"), signature };
}

/** What the signature of that request has to be, for this secret. */
export function signatureOf(request: SeenRequest, secret: string): string {
  const { scope, signedHeaders } = readSignature(request);
  const { method, path, query, headers, body } = request;
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/\s+/g, " ")}`);
  const canonical = [
    method,
    path.split("/").map(encoded).join("/"),
    canonicalQuery(query),
    ...lines,
    "",
    signedHeaders.join(";"),
    createHash("sha256").update(body).digest("hex"),
  ].join("\n");
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashed].join("\n");
  const key = scope
    .split("/")
    .reduce<Buffer>((k, part) => createHmac("sha256", k).update(part).digest(), Buffer.from(`AWS4${secret}`));
  return createHmac("sha256", key).update(text).digest("hex");
}

/** AWS encodes what is not unreserved, a path that is encoded already once more. */
function encoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((character) =>
      /[A-Za-z0-9._~-]/.test(character)
        ? character
        : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}

function canonicalQuery(query: string): string {
  if (query.length < 2) return "";
  return query
    .slice(1)
    .split("&")
    .map((pair) => pair.split("="))
    .map(([name = "", ...value]) => [name, value.join("=")].map((part) => encoded(decodeURIComponent(part))))
    .sort(([a = "", x = ""], [b = "", y = ""]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map((pair) => pair.join("="))
    .join("&");
}
