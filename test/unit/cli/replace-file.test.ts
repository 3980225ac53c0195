// Replacing a file's content in one step.

import { expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, withNeighbour } from "../../../src/cli/replace-file.ts";
import { scratch } from "../../support/scratch.ts";

const OLD = new TextEncoder().encode("old\n");

function oldFile(mode = 0o644): string {
  const path = join(scratch({ "a.yaml": OLD }), "a.yaml");
  chmodSync(path, mode);
  return path;
}

test("the content is new, mode and folder are as before", () => {
  const path = oldFile(0o604);
  expect(replaceFile(path, OLD, "new ü\n", "x")).toBe(true);
  expect(readFileSync(path, "utf8")).toBe("new ü\n");
  expect(statSync(path).mode & 0o777).toBe(0o604);
  expect(readdirSync(join(path, ".."))).toEqual(["a.yaml"]);
});

test("a file that changed meanwhile stays as it is", () => {
  const path = oldFile();
  writeFileSync(path, "theirs\n");
  expect(replaceFile(path, OLD, "new\n", "x")).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("theirs\n");
  expect(readdirSync(join(path, ".."))).toEqual(["a.yaml"]);
});

test("the neighbour is private, beside the file, and gone afterwards whatever happens", () => {
  const path = oldFile();
  let seen = "";
  const use = (neighbour: string) => {
    seen = neighbour;
    expect(statSync(neighbour).mode & 0o777).toBe(0o600);
    expect(readFileSync(neighbour, "utf8")).toBe("text");
    throw new Error("boom");
  };
  expect(() => withNeighbour(path, "text", "x", use)).toThrow("boom");
  expect(seen).toBe(join(path, "..", ".a.yaml.x.tmp"));
  expect(existsSync(seen)).toBe(false);
});

test("a neighbour of that name that somebody else made is left alone", () => {
  const path = oldFile();
  const taken = join(path, "..", ".a.yaml.x.tmp");
  writeFileSync(taken, "theirs");
  expect(() => withNeighbour(path, "text", "x", () => {})).toThrow("EEXIST");
  expect(readFileSync(taken, "utf8")).toBe("theirs");
});
