// AWS signatures: the canonical requests of AWS's own test suite, and whole signatures that its SDK's signer made.

import { describe, expect, test } from "bun:test";
import { AWS_SIGNING_SERVICE } from "../../../../src/catalog/aws.ts";
import {
  canonicalRequest,
  createSigV4Signer,
  encodeStrictly,
} from "../../../../src/upstream/credentials/sigv4.ts";

const NOW_MS = Date.parse("2015-08-30T12:36:00Z");
const EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const KEYS = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: undefined,
  region: "us-east-1",
  service: AWS_SIGNING_SERVICE,
} as const;

const HOST = "https://bedrock-runtime.us-east-1.amazonaws.com";

/** Name in the suite, method, path and query, SHA-256 of its canonical request. */
const SUITE = [
  ["get-vanilla", "GET", "/", "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"],
  ["post-vanilla", "POST", "/", "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87"],
  [
    "get-vanilla-query-order-key-case",
    "GET",
    "/?Param2=value2&Param1=value1",
    "816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0",
  ],
  ["get-slashes", "GET", "//example//", "cb96b4ac96d501f7c5c15bc6d67b3035061cfced4af6585ad927f7e6c985c015"],
  [
    "get-vanilla-utf8-query",
    "GET",
    "/?%E1%88%B4=bar",
    "eb30c5bed55734080471a834cc727ae56beb50e5f39d1bff6d0d38cb192a7073",
  ],
  [
    "get-unreserved",
    "GET",
    "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "6a968768eefaa713e2a6b16b589a8ea192661f098f37349f4e2c0082757446f9",
  ],
] as const;

test.each(SUITE)("the canonical request of %s is AWS's", (_name, method, path, hash) => {
  const headers = [
    ["host", "example.amazonaws.com"],
    ["x-amz-date", "20150830T123600Z"],
  ] as const;
  const text = canonicalRequest(method, new URL(`https://example.amazonaws.com${path}`), headers, EMPTY_HASH);
  expect(Bun.SHA256.hash(text, "hex")).toBe(hash);
});

describe("whole signatures, as @smithy/signature-v4 5.7.5 makes them", () => {
  test("a model id in the path is encoded a second time", () => {
    const added = createSigV4Signer(KEYS).sign(
      {
        method: "POST",
        url: `${HOST}/model/us.anthropic.claude-x%3A0/converse`,
        headers: { "content-type": "application/json", "user-agent": "any", traceparent: "00-1" },
        body: Buffer.from('{"messages":[]}'),
      },
      NOW_MS,
    );
    expect(added).toEqual({
      "x-amz-date": "20150830T123600Z",
      "x-amz-content-sha256": "5e4ce7b36ba37b78a5d5f9fd08e6b7b54ba6879d651aa46ec9e1d6fa24ebe30a",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, " +
        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, " +
        "Signature=e5b32837d7c6572ec7190ffbf018f3dbaff2a4e5ae9ecddc600b95c95e385e6d",
    });
  });

  test("a session token and the client's own x-amz headers are signed too", () => {
    const added = createSigV4Signer({ ...KEYS, sessionToken: "token+/==" }).sign(
      {
        method: "POST",
        url: `${HOST}/model/us.anthropic.claude-x%3A0/invoke-with-response-stream`,
        headers: { "content-type": "application/json", "x-amzn-bedrock-trace": " ENABLED  now " },
        body: Buffer.from('{"a":"ü"}'),
      },
      NOW_MS,
    );
    expect(added["x-amz-security-token"]).toBe("token+/==");
    expect(added["authorization"]).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, " +
        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amzn-bedrock-trace, " +
        "Signature=f8aa96f2193d71951f00a7525af377a9454529ed9722e6e5107a97f076fee080",
    );
  });

  test("an ARN as a model id, a port, no body", () => {
    const id = encodeStrictly("arn:aws:bedrock:us-east-1:1:inference-profile/x(1)");
    expect(id).toBe("arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx%281%29");
    const url = `http://127.0.0.1:4010/model/${id}/converse-stream`;
    const added = createSigV4Signer(KEYS).sign({ method: "POST", url, headers: {}, body: undefined }, NOW_MS);
    expect(added["x-amz-content-sha256"]).toBe(EMPTY_HASH);
    expect(added["authorization"]).toEndWith(
      "Signature=23f78ec9f656f2b6656d588a87f3b9eef979682f647d1f2f9321e4035b58903c",
    );
  });

  test("a query in any order, with a flag and an empty value", () => {
    const url = `${HOST}/a/?b=2&a=z%20y&a=%7E&empty=&flag`;
    const added = createSigV4Signer(KEYS).sign({ method: "GET", url, headers: {}, body: undefined }, NOW_MS);
    expect(added["authorization"]).toEndWith(
      "Signature=6e654f7f11bdd1bff3ea20ac91ce34e17b2ef491615479c921cba99988582a49",
    );
  });
});

test("the key of a day is not used on the next", () => {
  const request = { method: "GET", url: `${HOST}/`, headers: {}, body: undefined };
  const signer = createSigV4Signer(KEYS);
  const days = [0, 1, 0].map((day) => signer.sign(request, NOW_MS + day * 86_400_000)["authorization"]);
  expect(days[1]).toContain("/20150831/us-east-1/");
  expect(days[1]).toBe(createSigV4Signer(KEYS).sign(request, NOW_MS + 86_400_000)["authorization"]);
  expect(days[2]).toBe(days[0]);
});

test("the secret is in no header", () => {
  const request = { method: "POST", url: `${HOST}/`, headers: {}, body: Buffer.from("{}") };
  const added = createSigV4Signer(KEYS).sign(request, NOW_MS);
  expect(JSON.stringify(added)).not.toContain(KEYS.secretAccessKey);
});
