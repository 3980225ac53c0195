// The table of platforms: what it names is there to be fetched, and each file is told from the others.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PLATFORMS } from "../../../scripts/platforms.ts";
import { PROJECT_ROOT } from "../../support/binary.ts";

const LOCK = readFileSync(join(PROJECT_ROOT, "bun.lock"), "utf8");

test.each(PLATFORMS.map(({ name, package: packaged }) => [name, packaged]))(
  "%s has its runtime in the lock file, in the version that runs",
  (_, packaged) => {
    expect(LOCK).toMatch(new RegExp(`^ *"${packaged}": \\["${packaged}@${Bun.version}", .*"sha512-`, "m"));
  },
);

test("there are Linux with both C libraries, macOS and Windows, each under a name of its own", () => {
  const names = PLATFORMS.map(({ name }) => name).sort();
  expect(names).toEqual([
    "linux-arm64",
    "linux-arm64-musl",
    "linux-x64",
    "linux-x64-musl",
    "macos-arm64",
    "macos-x64",
    "windows-x64",
  ]);
  expect(new Set(PLATFORMS.map(({ outfile }) => outfile)).size).toBe(PLATFORMS.length);
});
