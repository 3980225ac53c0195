// Signs requests for AWS (Signature Version 4): what a provider with access keys sends instead of a bearer token.

import type { RequestSigner } from "../../exchange.ts";

/** AWS access keys and what they are for. */
export interface SigV4Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary keys only. */
  readonly sessionToken: string | undefined;
  /** `us-east-1` */
  readonly region: string;
  /** The service's signing name: `bedrock`, also for the host `bedrock-runtime`. */
  readonly service: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * A signer for one set of keys; the key of a day is derived once. Of headers, `host`, `content-type` and all that begin
 * with `x-amz` are signed; AWS allows the clock five minutes of error.
 */
export function createSigV4Signer(keys: SigV4Keys): RequestSigner {
  let derived: { readonly day: string; readonly key: Buffer } | undefined;
  return {
    sign(request, nowMs) {
      const time = amzDate(nowMs);
      const day = time.slice(0, 8);
      if (derived?.day !== day) derived = { day, key: signingKey(keys, day) };
      const bodyHash = sha256(request.body ?? "");
      const added: Record<string, string> = { "x-amz-date": time, "x-amz-content-sha256": bodyHash };
      if (keys.sessionToken !== undefined) added["x-amz-security-token"] = keys.sessionToken;
      const url = new URL(request.url);
      const signed = signedHeaders({ ...request.headers, ...added, host: url.host });
      const scope = `${day}/${keys.region}/${keys.service}/aws4_request`;
      const canonical = canonicalRequest(request.method, url, signed, bodyHash);
      const signature = hmac(derived.key, [ALGORITHM, time, scope, sha256(canonical)].join("\n"));
      const names = signed.map(([name]) => name).join(";");
      added["authorization"] =
        `${ALGORITHM} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature.toString("hex")}`;
      return added;
    },
  };
}

/** `20150830T123600Z` */
function amzDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function signingKey({ secretAccessKey, region, service }: SigV4Keys, day: string): Buffer {
  const steps = [day, region, service, "aws4_request"];
  return steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${secretAccessKey}`));
}

/**
 * Names and values in the order of names. Headers that a hop may change (`user-agent`, `accept-encoding`, tracing) are
 * left out: AWS asks for `host` and `x-amz…` only, and a changed one would make the signature wrong.
 */
function signedHeaders(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers)
    .filter(([name]) => name === "host" || name === "content-type" || name.startsWith("x-amz"))
    .map(([name, value]): [string, string] => [name, value.trim().replaceAll(/\s+/g, " ")])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The text that is hashed and signed (AWS: "Create a canonical request"). */
export function canonicalRequest(
  method: string,
  url: URL,
  headers: readonly (readonly [string, string])[],
  bodyHash: string,
): string {
  return [
    method,
    canonicalPath(url.pathname),
    canonicalQuery(url.search),
    ...headers.map(([name, value]) => `${name}:${value}`),
    "",
    headers.map(([name]) => name).join(";"),
    bodyHash,
  ].join("\n");
}

/**
 * Every segment is encoded once more, as all services but S3 want it: the id `claude-x:0` goes out as `claude-x%3A0`
 * and is signed as `claude-x%253A0`. Repeated slashes count as one.
 */
function canonicalPath(pathname: string): string {
  const segments = pathname.split("/").filter((segment) => segment !== "");
  const tail = segments.length > 0 && pathname.endsWith("/") ? "/" : "";
  return `/${segments.map(encodeStrictly).join("/")}${tail}`;
}

function canonicalQuery(search: string): string {
  if (search.length < 2) return "";
  const pairs = search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [encodeStrictly(decoded(name)), encodeStrictly(decoded(value))] as const;
    });
  const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
  pairs.sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

/** A text that is no valid percent-encoding stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Everything but the unreserved characters of RFC 3986 as `%XX`; ids in paths are to be encoded so, too. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Uint8Array): string {
  return Bun.SHA256.hash(data, "hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return new Bun.CryptoHasher("sha256", key).update(text).digest();
}
