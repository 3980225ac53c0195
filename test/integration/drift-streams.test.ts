// Every stream sample through the gateway, however it is cut: read strictly, and by the official SDKs (docs/drift.md).

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { driftPage } from "../support/drift-page.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TEST_KEY, TESTER } from "../support/keys.ts";
import { type SampleUpstream, sampleUpstream, WIRE_CHUNKS } from "../support/sample-upstream.ts";
import { answering, SDK_READERS } from "../support/sdk-readers.ts";
import { CONTENT_SAMPLES } from "../support/wire-samples/content.ts";
import { FAILURE_SAMPLES } from "../support/wire-samples/failures.ts";
import { FRAMING_SAMPLES } from "../support/wire-samples/framing.ts";
import { bytesOf, type Reading, readStrictly } from "../support/wire-samples/sample.ts";
import { TOOL_SAMPLES } from "../support/wire-samples/tools.ts";
import { type HeadedSample, TRANSPORT_SAMPLES } from "../support/wire-samples/transport.ts";

const SAMPLES: readonly HeadedSample[] = [
  ...FRAMING_SAMPLES,
  ...CONTENT_SAMPLES,
  ...TOOL_SAMPLES,
  ...TRANSPORT_SAMPLES,
  ...FAILURE_SAMPLES,
];
const NUMBERED = SAMPLES.map((sample, number) => [sample.quirk, sample, number] as const);
/** Longer ones are not cut into chunks of a few bytes. */
const LONG_BYTES = 100_000;

let upstream: SampleUpstream;
let gateway: Gateway;

beforeAll(async () => {
  const served = SAMPLES.map((sample) => ({
    bytes: bytesOf(sample),
    headers: [`content-type: ${sample.contentType ?? "text/event-stream"}`],
  }));
  upstream = await sampleUpstream(served);
  gateway = await startGateway(`
providers:
  up: { base_url: "${upstream.url}/v1", auth: none }
  untouched: { base_url: "${upstream.url}/v1", auth: none, normalize: off }
  openai: { base_url: "${upstream.url}/v1", api_key: k }
${TESTER}`);
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const sizesFor = (sample: HeadedSample): readonly number[] =>
  WIRE_CHUNKS.filter((size) => size === 0 || size > 1000 || bytesOf(sample).length < LONG_BYTES);

function ask(sample: HeadedSample, model: string, asksUsage = true): Promise<Response> {
  const path = sample.endpoint === "completions" ? "/v1/completions" : "/v1/chat/completions";
  const options = asksUsage ? { stream_options: { include_usage: true } } : {};
  return gateway.post(path, { model, stream: true, ...options });
}

/** While nothing has gone out yet, a failure is an ordinary error. */
const failsAtOnce = ({ text, error }: Reading): boolean => error !== undefined && text === "";

/** The words of an error with a status: those of the upstream, where it said any. */
const wordsOf = ({ error = "" }: Reading): string =>
  error.startsWith("The upstream's stream ended") ? "ended before its answer began" : error;

async function read(sample: HeadedSample, model: string): Promise<Reading> {
  const response = await ask(sample, model);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) {
    const { error } = JSON.parse(bytes.toString()) as { error: { message: string } };
    return { text: "", error: error.message };
  }
  expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  if (sample.wellFormed) expect(bytes.equals(bytesOf(sample))).toBe(true);
  return readStrictly(bytes.toString("latin1"), sample.endpoint);
}

describe("a strict reader understands, however the bytes are cut", () => {
  test.each(NUMBERED)("%s", async (_, sample, number) => {
    const readings = sizesFor(sample).map((size) => read(sample, `up/${upstream.model(number, size)}`));
    for (const reading of await Promise.all(readings)) {
      if (failsAtOnce(sample.expect)) expect(reading.error).toContain(wordsOf(sample.expect));
      else expect(reading).toEqual(sample.expect);
    }
  });
});

describe("a client that did not ask for usage gets none", () => {
  const metered = NUMBERED.filter(
    ([
      ,
      {
        expect: { usage },
      },
    ]) => usage !== undefined,
  );
  test.each(metered)("%s", async (_, sample, number) => {
    const text = await (await ask(sample, `up/${upstream.model(number, 7)}`, false)).text();
    const { usage, ...rest } = sample.expect;
    expect(readStrictly(Buffer.from(text).toString("latin1"), sample.endpoint)).toEqual(rest);
    expect(text).not.toContain('"usage":{');
  });
});

describe.each([
  ["normalize: off", "untouched"],
  ["a first-party provider", "openai"],
])("%s touches nothing", (_, provider) => {
  // What is not called a stream is no stream to anybody then, and nothing comes of a stream that is cut.
  const passing = NUMBERED.filter(
    ([, sample]) => sample.contentType === undefined && sample.expect.error === undefined,
  );
  test.each(passing)("%s", async (_, sample, number) => {
    const response = await ask(sample, `${provider}/${upstream.model(number, 0)}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, bytesOf(sample).length).equals(bytesOf(sample))).toBe(true);
  });
});

/** The gateway in the place of the server that an SDK believes to call. */
function through(model: string): typeof fetch {
  const call = (_url: unknown, init: RequestInit = {}): Promise<Response> => {
    const body = JSON.stringify({ ...JSON.parse(String(init.body)), model });
    const headers = { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}` };
    return gateway.fetch("/v1/chat/completions", { ...init, headers, body });
  };
  return Object.assign(call, { preconnect: () => {} }) as typeof fetch;
}

describe("every SDK reads it, and docs/drift.md says so", () => {
  const rows = new Map<string, Map<string, readonly [Reading, Reading]>>();
  const chat = NUMBERED.filter(([, { endpoint }]) => endpoint === undefined);

  test.each(chat)("%s", async (quirk, sample, number) => {
    const row = new Map<string, readonly [Reading, Reading]>();
    rows.set(quirk, row);
    const bytes = bytesOf(sample);
    for (const [name, sdk] of Object.entries(SDK_READERS)) {
      const size = bytes.length < LONG_BYTES ? 7 : 1400;
      const reading = await sdk(through(`up/${upstream.model(number, size)}`));
      if (failsAtOnce(sample.expect)) expect(reading.error).toContain(wordsOf(sample.expect));
      else expect(reading).toEqual(sample.expect);
      row.set(name, [await sdk(answering(bytes, bytes.length < LONG_BYTES ? 7 : 1400)), reading]);
    }
  });

  test("docs/drift.md is what came of it (else: UPDATE=1 bun test test/integration/drift-streams.test.ts)", async () => {
    const page = driftPage(SAMPLES, rows);
    const file = new URL("../../docs/drift.md", import.meta.url);
    if (process.env["UPDATE"] === "1") await Bun.write(file, page);
    expect(await Bun.file(file).text()).toBe(page);
  });
});
