// `postern version` and `postern schema`: what scripts read.

import { expect, test } from "bun:test";
import packageJson from "../../../package.json" with { type: "json" };
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";

async function output(...argv: string[]): Promise<string> {
  const io = fakeIo();
  expect(await run(argv, io)).toBe(0);
  expect(io.err()).toBe("");
  return io.out();
}

test("version for people", async () => {
  expect(await output("version")).toBe(
    `postern ${packageJson.version} (commit unknown, bun ${Bun.version})\n`,
  );
  expect(await output("--version")).toBe(await output("version"));
});

test("version for scripts", async () => {
  expect(JSON.parse(await output("version", "--json"))).toEqual({
    version: packageJson.version,
    commit: "unknown",
    runtime: `bun ${Bun.version}`,
  });
});
