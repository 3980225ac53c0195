import { describe, expect, test } from "bun:test";
import { answering, SDK_READERS } from "../../support/sdk-readers.ts";
import { CONTENT_SAMPLES } from "../../support/wire-samples/content.ts";
import { FAILURE_SAMPLES } from "../../support/wire-samples/failures.ts";
import { FRAMING_SAMPLES } from "../../support/wire-samples/framing.ts";
import { bytesOf, run } from "../../support/wire-samples/sample.ts";
import { TOOL_SAMPLES } from "../../support/wire-samples/tools.ts";

/** Chat samples of a size that is worth cutting into chunks of a few bytes. */
const SAMPLES = [...FRAMING_SAMPLES, ...CONTENT_SAMPLES, ...TOOL_SAMPLES, ...FAILURE_SAMPLES].filter(
  (sample) => sample.endpoint === undefined && bytesOf(sample).length < 100_000,
);

describe.each(Object.entries(SDK_READERS))("after repair, %s reads", (_, read) => {
  test.each(SAMPLES.map((sample) => [sample.quirk, sample] as const))("%s", async (_, sample) => {
    const { output } = run([bytesOf(sample)]);
    expect(await read(answering(Buffer.from(output, "latin1")))).toEqual(sample.expect);
  });
});
