// Requests that are kept while somebody looks on.

import { expect, test } from "bun:test";
import { followRequests } from "../../../src/store/read-follow.ts";
import { filledStore, profile } from "./stored-rows.ts";

function ids(rows: readonly { readonly id: string }[]): string {
  return rows.map(({ id }) => id).join(" ");
}

test("each new request is seen once, also one that ends after others that began later", () => {
  const store = filledStore();
  store.add({ id: "one" }, 1);
  store.add({ id: "four" }, 4);
  const follow = followRequests(store.database, {});
  expect(ids(follow())).toBe("");
  store.add({ id: "two" }, 2);
  store.add({ id: "seven" }, 7);
  expect(ids(follow())).toBe("two seven");
  store.add({ id: "six" }, 6);
  store.add({ id: "three" }, 3);
  expect(ids(follow())).toBe("three six");
  expect(ids(follow())).toBe("");
});

test("only those that pass the filter are seen, also by a caller who is new", () => {
  const store = filledStore();
  const follow = followRequests(store.database, { key: "bob" });
  store.add({ id: "one" });
  expect(ids(follow())).toBe("");
  store.add({ id: "two", profile: profile({ key: "bob" }) });
  expect(ids(follow())).toBe("two");
});

test("a leap in the numbers costs little, and what is close is still found", () => {
  const store = filledStore();
  const follow = followRequests(store.database, {});
  store.add({ id: "far" }, 10_000_000_000);
  expect(ids(follow())).toBe("far");
  store.add({ id: "near" }, 9_999_999_999);
  expect(ids(follow())).toBe("near");
});
