// `key rotate --write` beside a running gateway: nobody is locked out, and the old key ends when it should.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBinary } from "../support/binary.ts";
import { until } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";

const YAML = `# people\nproviders:\n  demo: { type: mock, models: [echo] }\n${TESTER}`;

function rotate(gateway: Gateway, ...args: readonly string[]): string {
  const child = Bun.spawnSync([ensureBinary(), "key", "rotate", "tester", "--write", ...args], {
    cwd: gateway.dir,
    env: { PORT: String(gateway.port) },
    timeout: 20_000,
  });
  expect({ code: child.exitCode, err: child.stderr.toString() }).toMatchObject({ code: 0 });
  return child.stdout.toString().split("\n")[0] ?? "";
}

async function statusFor(gateway: Gateway, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  return (await gateway.fetch("/v1/models", { headers })).status;
}

test("both keys are accepted for a while; without a grace the old ones are refused at once", async () => {
  const gateway = await startGateway(YAML);
  const before = readFileSync(join(gateway.dir, "config.yaml"), "utf8");
  const second = rotate(gateway, "--grace", "24h");
  await until("the second key", async () => (await statusFor(gateway, second)) === 200 || undefined);
  expect(await statusFor(gateway, TEST_KEY)).toBe(200);

  const third = rotate(gateway, "--grace", "0");
  await until("the third key", async () => (await statusFor(gateway, third)) === 200 || undefined);
  expect([await statusFor(gateway, TEST_KEY), await statusFor(gateway, second)]).toEqual([401, 401]);

  const after = readFileSync(join(gateway.dir, "config.yaml"), "utf8");
  expect(after.split("\n").length).toBe(before.split("\n").length);
  expect(after.replace(/hashes: .*?\]/, "")).toBe(before.replace(/hash: "[^"]*"/, ""));
  await gateway.stop();
});

test("the old key ends by itself when its time has come", async () => {
  const gateway = await startGateway(YAML);
  const second = rotate(gateway, "--grace", "2s");
  await until("the second key", async () => (await statusFor(gateway, second)) === 200 || undefined);
  await until(
    "the end of the old one",
    async () => (await statusFor(gateway, TEST_KEY)) === 401 || undefined,
  );
  expect(await statusFor(gateway, second)).toBe(200);
  await gateway.stop();
});
