// The random admin key: told once, to whoever may know it, and the same for all who ask.

import { beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { keyDigest } from "../../../src/auth/virtual-keys.ts";
import { createRandomAdminKey } from "../../../src/cli/admin-key.ts";
import { CommandError } from "../../../src/cli/io.ts";
import { type FakeIo, fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";

const KEY = /sk-postern-admin-[A-Za-z0-9_-]{43}/;
const uid = process.getuid?.();

let io: FakeIo;
let store: string;
let file: string;

beforeEach(() => {
  io = fakeIo();
  store = join(scratch(), "postern.db");
  file = `${store}.admin-key`;
});

function digest(more: { isTerminal?: boolean; path?: string } = {}): string {
  return createRandomAdminKey({ io, isTerminal: more.isTerminal ?? false, uid })(more.path ?? store);
}

describe("on a terminal", () => {
  test("it is printed, and written nowhere", () => {
    expect(digest({ isTerminal: true })).toBe(keyDigest(KEY.exec(io.err())?.[0] ?? ""));
    expect([io.out(), existsSync(file)]).toEqual(["", false]);
  });

  test("it is asked for once", () => {
    const source = createRandomAdminKey({ io, isTerminal: true, uid });
    expect(source(store)).toBe(source(store));
    expect(io.err().match(new RegExp(KEY, "g"))).toHaveLength(1);
  });
});

describe("without a terminal", () => {
  test("it is in a file for its owner only, and nowhere else", () => {
    const expected = digest();
    expect(expected).toBe(keyDigest(readFileSync(file, "utf8").trim()));
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(io.err()).toContain(file);
    expect(io.err() + io.out()).not.toMatch(KEY);
  });

  test("it outlives a restart", () => {
    const first = digest();
    const written = readFileSync(file, "utf8");
    expect(digest()).toBe(first);
    expect(readFileSync(file, "utf8")).toBe(written);
  });

  test("a store in memory leaves only stderr", () => {
    expect(digest({ path: ":memory:" })).toBe(keyDigest(KEY.exec(io.err())?.[0] ?? ""));
  });

  test("a folder that cannot be written is an error with the way out", () => {
    const path = join(scratch(), "not-there", "postern.db");
    expect(() => digest({ path })).toThrow(CommandError);
    expect(() => digest({ path })).toThrow("set admin.key");
  });
});

describe("a file that somebody else may have touched is replaced", () => {
  const old = `sk-postern-admin-${"a".repeat(43)}`;

  test.skipIf(process.platform === "win32")("when others may read it", () => {
    writeFileSync(file, old);
    chmodSync(file, 0o644);
    expect(digest()).not.toBe(keyDigest(old));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.platform === "win32")("when it is a link, whose target stays as it is", () => {
    const target = join(scratch({ "mine.txt": old }), "mine.txt");
    chmodSync(target, 0o600);
    symlinkSync(target, file);
    expect(digest()).not.toBe(keyDigest(old));
    expect([lstatSync(file).isFile(), readFileSync(target, "utf8")]).toEqual([true, old]);
  });

  test("when it holds anything else", () => {
    for (const text of ["", "guessable", `${old}x`, `${old}\n${old}`]) {
      writeFileSync(file, text, { mode: 0o600 });
      expect(digest()).not.toBe(keyDigest(text.trim()));
      expect(readFileSync(file, "utf8")).toMatch(KEY);
    }
  });
});
