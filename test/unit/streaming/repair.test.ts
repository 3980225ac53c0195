import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CHUNK_SIZES, cutAt, cuts, inChunksOf } from "../../support/splitting.ts";
import { CONTENT_SAMPLES } from "../../support/wire-samples/content.ts";
import { FAILURE_SAMPLES } from "../../support/wire-samples/failures.ts";
import { FRAMING_SAMPLES } from "../../support/wire-samples/framing.ts";
import { bytesOf, readStrictly, run, type Sample } from "../../support/wire-samples/sample.ts";
import { TOOL_SAMPLES } from "../../support/wire-samples/tools.ts";

const SAMPLES: readonly Sample[] = [
  ...FRAMING_SAMPLES,
  ...CONTENT_SAMPLES,
  ...TOOL_SAMPLES,
  ...FAILURE_SAMPLES,
];
const NAMED = SAMPLES.map((sample) => [sample.quirk, sample] as const);

describe("a strict client reads", () => {
  test.each(NAMED)("%s", (_, sample) => {
    const { output, transform } = run([bytesOf(sample)], { endpoint: sample.endpoint ?? "chat" });
    expect(readStrictly(output, sample.endpoint)).toEqual(sample.expect);
    expect(transform.whole).toBe(sample.expect.error === undefined);
    expect(transform.broken).toBe(false);
  });
});

describe("what is well formed passes byte for byte", () => {
  test.each(NAMED.filter(([, sample]) => sample.wellFormed))("%s", (_, sample) => {
    const bytes = bytesOf(sample);
    const { output } = run([bytes], { endpoint: sample.endpoint ?? "chat" });
    expect(output).toBe(Buffer.from(bytes).toString("latin1"));
  });
});

describe("the same comes out wherever the chunks end", () => {
  test.each(NAMED)("%s", (_, sample) => {
    const bytes = bytesOf(sample);
    const endpoint = sample.endpoint ?? "chat";
    const whole = run([bytes], { endpoint }).output;
    if (bytes.length > 100_000) {
      expect(run(inChunksOf(1400, bytes), { endpoint }).output === whole).toBe(true);
      return;
    }
    for (const size of CHUNK_SIZES) expect(run(inChunksOf(size, bytes), { endpoint }).output).toBe(whole);
    fc.assert(
      fc.property(cuts, (places) => {
        expect(run(cutAt(places, bytes), { endpoint }).output).toBe(whole);
      }),
      { numRuns: 20 },
    );
  });
});

describe("usage for a client that did not ask", () => {
  test.each(NAMED.filter(([, sample]) => sample.expect.usage !== undefined))("%s", (_, sample) => {
    const endpoint = sample.endpoint ?? "chat";
    const { output, transform } = run([bytesOf(sample)], { endpoint, hideUsage: true });
    const { usage, ...others } = sample.expect;
    expect(readStrictly(output, endpoint)).toEqual(others);
    expect([transform.usage?.inputTokens, transform.usage?.outputTokens]).toEqual([...(usage ?? [])]);
  });
});
