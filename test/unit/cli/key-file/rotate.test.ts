// A new digest before the old ones of an entry: in its place, in its style, and nothing else touched.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "yaml";
import { type OldDigest, rotatedLines, rotateKey } from "../../../../src/cli/key-file/rotate.ts";

const [NEW, A, B, C] = ["e", "a", "b", "c"].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
  string,
];
const UNTIL = "2026-11-22T10:00:00Z";
const SOON = "2026-11-21T12:00:00Z";

/** `A`, `B`, `NEW` … stand for digests, `UNTIL` and `SOON` for times. */
function spelled(text: string): string {
  const words: Readonly<Record<string, string>> = { NEW, A, B, C, UNTIL, SOON };
  return text.replace(/\b(?:NEW|A|B|C|UNTIL|SOON)\b/g, (word) => words[word] ?? word);
}

function kept(hash: string, until = UNTIL): OldDigest {
  return { hash, until };
}

function gone(hash: string): OldDigest {
  return { hash, until: undefined };
}

function rotated(before: string, old: readonly OldDigest[], name = "alice"): string {
  const result = rotateKey(spelled(before), { name, hash: NEW, old });
  if ("refusal" in result) throw new Error(result.refusal);
  return result.text;
}

describe("a hash becomes hashes", () => {
  test.each([
    [
      "in a block, with its comments and neighbours",
      "# top\nkeys:\n  bob: { hash: B }\n  alice: # laptop\n    hash:   A   # since May\n    user: alice@acme.com\nlog: {}\n",
      "# top\nkeys:\n  bob: { hash: B }\n  alice: # laptop\n    hashes:   [NEW, {hash: A, until: UNTIL}]   # since May\n    user: alice@acme.com\nlog: {}\n",
    ],
    [
      "in braces",
      "keys: { alice: { user: u, hash: A }, bob: { hash: B } }\n",
      "keys: { alice: { user: u, hashes: [NEW, {hash: A, until: UNTIL}] }, bob: { hash: B } }\n",
    ],
    [
      "in JSON",
      '{"keys": {"alice": {"hash": "A"}}}',
      '{"keys": {"alice": {"hashes": ["NEW", {"hash": "A", "until": "UNTIL"}]}}}',
    ],
    [
      "in quotes, with other line ends and no last one",
      "keys:\r\n  'alice':\r\n    hash: \"A\"",
      "keys:\r\n  'alice':\r\n    hashes: [NEW, {hash: A, until: UNTIL}]",
    ],
    [
      "beside what an anchor brings in",
      "x-d: &d { user: u }\nkeys:\n  alice:\n    <<: *d\n    hash: A\n",
      "x-d: &d { user: u }\nkeys:\n  alice:\n    <<: *d\n    hashes: [NEW, {hash: A, until: UNTIL}]\n",
    ],
  ])("%s", (_, before, after) => {
    expect(rotated(before, [kept(A)])).toBe(spelled(after));
  });

  test("or another hash, where the old one ends now", () => {
    const before = "keys:\n  alice:\n    hash: A # x\n";
    expect(rotated(before, [gone(A)])).toBe(spelled("keys:\n  alice:\n    hash: NEW # x\n"));
  });
});

describe("a list of hashes", () => {
  test.each([
    [
      "in brackets is extended",
      "keys:\n  alice:\n    hashes: [ A ] # x\n",
      [kept(A)],
      "keys:\n  alice:\n    hashes: [NEW, {hash: A, until: UNTIL}] # x\n",
    ],
    [
      "in brackets keeps the ends that stay, and loses what has expired",
      "keys: { alice: { hashes: [A, { until: SOON, hash: B }, {hash: C, until: '2020-01-01'}] } }\n",
      [kept(A), kept(B, SOON), gone(C)],
      "keys: { alice: { hashes: [NEW, {hash: A, until: UNTIL}, { until: SOON, hash: B }] } }\n",
    ],
    [
      "in brackets of JSON",
      '{"keys": {"alice": {"hashes": ["A", {"hash": "B", "until": "2030-01-01"}]}}}',
      [kept(A), kept(B)],
      '{"keys": {"alice": {"hashes": ["NEW", {"hash": "A", "until": "UNTIL"}, {"hash": "B", "until": "UNTIL"}]}}}',
    ],
    [
      "line by line is extended, comments and all",
      "keys:\n  alice:\n    hashes: # two\n      # the first\n      - A # laptop\n      - hash: B\n        until: SOON # phone\n    user: u\n",
      [kept(A), kept(B, SOON)],
      "keys:\n  alice:\n    hashes: # two\n      # the first\n      - NEW\n      - {hash: A, until: UNTIL} # laptop\n      - hash: B\n        until: SOON # phone\n    user: u\n",
    ],
    [
      "line by line loses what has expired",
      "keys:\n  alice:\n    hashes:\n    - hash: B\n      until: 2020-01-01 # old\n    - A\n    - {hash: C, until: 2020-01-01}\n    user: u\n",
      [gone(B), kept(A), gone(C)],
      "keys:\n  alice:\n    hashes:\n    - NEW\n    - {hash: A, until: UNTIL}\n    user: u\n",
    ],
    [
      "line by line: no old one outlives the grace",
      "keys:\n  alice:\n    hashes:\n      - A\n      - hash: B\n        until: 2030-01-01\n      - {hash: C, until: 2030-01-01}",
      [kept(A), kept(B), kept(C)],
      "keys:\n  alice:\n    hashes:\n      - NEW\n      - {hash: A, until: UNTIL}\n      - hash: B\n        until: UNTIL\n      - {hash: C, until: UNTIL}",
    ],
    [
      "of which nothing stays",
      "keys:\n  alice:\n    hashes:\n      - A\n      - B\n",
      [gone(A), gone(B)],
      "keys:\n  alice:\n    hashes:\n      - NEW\n",
    ],
  ])("%s", (_, before, old, after) => {
    expect(rotated(before, old)).toBe(spelled(after));
  });
});

describe("what is refused, and left to a hand", () => {
  test.each([
    ["keys: {\n", "not valid YAML"],
    ["keys:\n  bob: { hash: A }\n", "no entry of that name"],
    ["keys:\n  alice: { user: u }\n", "no entry of that name"],
    ["x-a: &a { hash: A }\nkeys:\n  alice: *a\n", "no entry of that name"],
    ["x-a: &a { hash: A }\nkeys:\n  alice: { <<: *a }\n", "no entry of that name"],
    [`keys:\n  alice:\n    hash: \${ALICE_HASH}\n`, "not written out"],
    ["x-h: &h A\nkeys:\n  alice:\n    hash: *h\n", "not written out"],
    ["x-h: &h A\nkeys:\n  alice:\n    hashes: [*h]\n", "not written out"],
    ["x-h: &h A\nkeys:\n  alice:\n    hashes:\n      - *h\n", "not written out"],
    ["keys:\n  alice:\n    hashes: [A, B]\n", "not written out"],
    ["keys:\n  alice:\n    hashes:\n      -\n        A\n", "not written out"],
    ["keys:\n  alice:\n    hashes: [\n      A # laptop\n    ]\n", "comments within brackets"],
    ["keys:\n  alice:\n    hash: &h A\nx-h: *h\n", "more of the file"],
    ["keys:\n  alice: &a\n    hash: A\nx-a: *a\n", "more of the file"],
    ["keys:\n  alice:\n    hash: >-\n      A\n    user: u\n", "more of the file"],
  ])("%j", (text, reason) => {
    const result = rotateKey(spelled(text), { name: "alice", hash: NEW, old: [kept(A)] });
    expect("refusal" in result && result.refusal).toContain(reason);
  });
});

test("the entry to paste", () => {
  const rotation = { name: "123", hash: NEW, old: [kept(A), gone(B)] };
  expect(rotatedLines(rotation)).toBe(spelled('  "123":\n    hashes: [NEW, {hash: A, until: UNTIL}]\n'));
  expect(rotatedLines({ name: "a b", hash: NEW, old: [gone(A)] })).toBe(spelled("  a b:\n    hash: NEW\n"));
});

test("whatever the file looks like, its other lines stay and the entry means what it should", () => {
  const old = fc.record({ hash: fc.constantFrom(A, B, C), until: fc.constantFrom(undefined, SOON, UNTIL) });
  const file = fc.record({
    olds: fc.uniqueArray(old, { minLength: 1, maxLength: 3, selector: ({ hash }) => hash }),
    style: fc.constantFrom("block", "brackets", "braces"),
    ends: fc.boolean(),
    comment: fc.constantFrom("", " # c", "   #"),
    before: fc.constantFrom("", "# b\n", "  bob: { hash: x } # b\n"),
    after: fc.constantFrom("", "    user: u\n", "  carol:\n    hash: y\n\n", "# end\nlog: {}"),
    eol: fc.constantFrom("\n", "\r\n"),
  });
  fc.assert(
    fc.property(file, ({ olds, style, ends, comment, before, after, eol }) => {
      const written = (hash: string) => (ends ? `{ hash: ${hash}, until: ${SOON} }` : hash);
      const list =
        style === "block"
          ? `\n${olds.map(({ hash }) => `      - ${written(hash)}${comment}\n`).join("")}`
          : ` [${olds.map(({ hash }) => written(hash)).join(style === "braces" ? ", " : " , ")}]${comment}\n`;
      const text = `keys:\n${before}  alice:\n    hashes:${list}${after}`.replaceAll("\n", eol);
      const result = rotated(text, olds);
      const items = olds.flatMap(({ hash, until }) => (until === undefined ? [] : [{ hash, until }]));
      const wanted = parse(text);
      wanted.keys.alice.hashes = [NEW, ...items];
      expect(parse(result)).toEqual(wanted);
      expect(result).toStartWith(`keys:${eol}${before.replaceAll("\n", eol)}  alice:${eol}    hashes:`);
      expect(result).toEndWith(after.replaceAll("\n", eol));
    }),
    { numRuns: 300 },
  );
});
