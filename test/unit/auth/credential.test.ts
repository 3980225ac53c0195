// Finding the virtual key: five carriers in one order, empty ones passed over, doubled ones refused.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bearerToken, findKey } from "../../../src/auth/credential.ts";
import { GatewayError } from "../../../src/errors.ts";

type Fields = Record<string, string>;

/** How each carrier holds a key, in the order in which they decide. */
const CARRIERS: readonly {
  readonly name: string;
  readonly put: (key: string) => { headers: Fields; search: string };
}[] = [
  { name: "x-api-key", put: (key) => ({ headers: { "x-api-key": key }, search: "" }) },
  { name: "api-key", put: (key) => ({ headers: { "api-key": key }, search: "" }) },
  { name: "x-goog-api-key", put: (key) => ({ headers: { "x-goog-api-key": key }, search: "" }) },
  { name: "query", put: (key) => ({ headers: {}, search: `?key=${encodeURIComponent(key)}` }) },
  { name: "authorization", put: (key) => ({ headers: { authorization: `Bearer ${key}` }, search: "" }) },
];

function find(headers: Fields, search = "", readAuthorization = true) {
  return findKey(new Headers(headers), search, readAuthorization);
}

describe("of the carriers", () => {
  test("each holds a key", () => {
    for (const { name, put } of CARRIERS) {
      const { headers, search } = put("the-key");
      expect(find(headers, search)).toEqual({ carrier: name, key: "the-key" } as ReturnType<typeof find>);
    }
  });

  test("the first that is not empty decides, whichever are there", () => {
    const states = fc.tuple(...CARRIERS.map(() => fc.constantFrom("absent", "empty", "filled")));
    fc.assert(
      fc.property(states, (given) => {
        let headers: Fields = {};
        let search = "";
        for (const [i, { name, put }] of CARRIERS.entries()) {
          if (given[i] === "absent") continue;
          const part = put(given[i] === "filled" ? `key of ${name}` : "");
          headers = { ...headers, ...part.headers };
          search += part.search;
        }
        const first = CARRIERS[given.indexOf("filled")]?.name;
        const found = find(headers, search);
        expect([found?.carrier, found?.key]).toEqual(
          first === undefined ? [undefined, undefined] : [first, `key of ${first}`],
        );
      }),
      { seed: 31, numRuns: 243 },
    );
  });

  test("none is there", () => {
    expect(find({})).toBeUndefined();
    expect(find({ cookie: "key=x", "x-key": "y" }, "?keys=1&monkey=2&KEY=3&api-key=4")).toBeUndefined();
  });
});

describe("the query parameter", () => {
  test.each([
    ["?key=a", "a"],
    ["?key=a%2Bb%20c", "a+b c"],
    ["?key=a+b", "a b"],
    ["?x=1&key=a&y=2", "a"],
    ["?%6bey=a", "a"],
    ["?k%65y=a", "a"],
    ["?%6B%65%79=a", "a"],
    ["?key=&key=a", "a"],
    ["?key=a=b", "a=b"],
    ["?key=", undefined],
    ["?key", undefined],
    ["?", undefined],
    ["", undefined],
    ["?xkey=a", undefined],
    ["?key%20=a", undefined],
    ["?x=key=a", undefined],
  ])("of %p is %p", (search, key) => {
    expect(find({}, search)?.key).toBe(key as string);
  });

  test.each(["?key=a&key=b", "?key=a&%6bey=a"])("given twice (%s) is refused", (search) => {
    const call = () => find({}, search);
    expect(call).toThrow(GatewayError);
    expect(call).toThrow("more than once");
  });

  test("given twice does not matter where a header decides", () => {
    expect(find({ "x-api-key": "h" }, "?key=a&key=b")?.key).toBe("h");
  });
});

describe("Authorization", () => {
  test.each([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER   abc", "abc"],
    ["Bearer a b", "a b"],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearerabc", undefined],
    ["Basic abc", undefined],
    ["Token abc", undefined],
    ["abc", undefined],
    ["xBearer abc", undefined],
  ])("%p holds %p", (header, token) => {
    expect(bearerToken(new Headers({ authorization: header }))).toBe(token as string);
    expect(find({ authorization: header })?.key).toBe(token as string);
  });

  test("is left alone where it belongs to the upstream; the others still count", () => {
    expect(find({ authorization: "Bearer abc" }, "", false)).toBeUndefined();
    expect(find({ authorization: "Bearer abc" }, "?key=q", false)?.carrier).toBe("query");
  });

  test("that came twice is one text, which is nobody's key", () => {
    const headers = new Headers();
    headers.append("authorization", "Bearer one");
    headers.append("authorization", "Bearer two");
    expect(findKey(headers, "", true)?.key).toBe("one, Bearer two");
  });
});
