// An independent scanner of OpenAI compatibility finds nothing to complain about, with a foreign and with our own mock.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { type Aimock, startAimock } from "../support/aimock.ts";
import { within } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";

let mock: Aimock;
let gateway: Gateway;

beforeAll(async () => {
  mock = await startAimock();
  gateway = await startGateway(`
providers:
  foreign: { base_url: "${mock.url}/v1", auth: none, models: [gpt-4o] }
  demo:
    type: mock
    models: [canary]
    mock:
      reply: CANARY_OK
      script:
        - { when: { contains: "Call the provided tool" }, tool_call: { name: compatcanary_echo, arguments: { value: CANARY_OK } } }
        - { when: { contains: "requested compatibility status" }, reply: '{"status":"ok"}' }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await mock?.stop();
});

interface Report {
  readonly score: number;
  readonly results: readonly { readonly id: string; readonly status: string; readonly summary?: string }[];
}

async function scan(base: string, model: string, profile: string): Promise<Report> {
  const program = join(dirname(Bun.fileURLToPath(import.meta.resolve("compatcanary"))), "cli.js");
  const flags = ["--base-url", `${gateway.url}${base}`, "--model", model, "--profile", profile];
  const child = Bun.spawn(
    [
      ...[Bun.which("node") ?? process.execPath, program, "scan", ...flags],
      ...["--api-key-env", "KEY", "--format", "json", "--fail-on", "never"],
    ],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      env: { PATH: process.env["PATH"] ?? "", KEY: TEST_KEY },
    },
  );
  const output = child.stdout.text();
  expect(await within("the scan", child.exited, 20_000)).toBe(0);
  return JSON.parse(await output) as Report;
}

describe.each(["chat", "modern"])("the %s profile", (profile) => {
  test.each([
    ["/v1", "foreign/gpt-4o"],
    ["/providers/foreign/v1", "gpt-4o"],
    ["/v1", "demo/canary"],
  ])("passes whole on %s with %s", async (base, model) => {
    const { score, results } = await scan(base, model, profile);
    expect(results.filter(({ status }) => status !== "pass")).toEqual([]);
    expect(score).toBe(100);
  });
});
