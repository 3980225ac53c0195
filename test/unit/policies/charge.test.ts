import { describe, expect, test } from "bun:test";
import type { Price } from "../../../src/exchange.ts";
import { toUsage, type Usage } from "../../../src/formats/usage.ts";
import { type Charge, type ChargeFacts, chargeOf } from "../../../src/policies/charge.ts";

const usage = (counts: Partial<Usage>): Usage => {
  const { doubt, ...rest } = counts;
  const known = toUsage({
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    reasoningTokens: 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
    ...rest,
  });
  return doubt === undefined ? known : { ...known, doubt };
};

/** A nano-dollar a token of input, a thousand a token of output, so that a cost tells both counts. */
const PRICE: Price = {
  source: "config",
  match: "*",
  input: 1_000_000n,
  output: 1_000_000_000n,
  cacheRead: 500_000n,
  cacheWrite: 1_000_000n,
  cacheWrite1h: 1_000_000n,
  audioInput: 1_000_000n,
  audioOutput: 1_000_000_000n,
  request: 0n,
  tiers: [],
};

/** A whole answer that reported nothing. */
const FACTS: ChargeFacts = {
  price: PRICE,
  paid: true,
  estimate: { inputTokens: 90, outputTokens: 400 },
  usage: undefined,
  complete: true,
  status: 200,
  textBytes: 70,
  sentMsAgo: 1000,
  reached: true,
};

const REPORTED = usage({ inputTokens: 80, outputTokens: 30 });
const INTERIM = usage({ inputTokens: 80, outputTokens: 1, doubt: "interim" });
const CLAMPED = usage({ inputTokens: 2e9, outputTokens: 30 });
const CUT = { complete: false } as const;

const short = (charge: Charge) =>
  charge.kind === "release" ? "release" : [Number(charge.costNanoUsd), charge.tokens, ...charge.flags];

describe("what is charged", () => {
  test.each<[string, Partial<ChargeFacts>, ReturnType<typeof short>]>([
    ["reported usage, exactly", { usage: REPORTED }, [30_080, 110]],
    ["reported usage of a stream that was cut behind it", { ...CUT, usage: REPORTED }, [30_080, 110]],
    ["reported usage of an error", { usage: REPORTED, status: 500 }, [30_080, 110]],
    ["reported usage, whatever was held", { usage: usage({ outputTokens: 9999 }) }, [9_999_000, 9999]],
    ["reported usage of nothing", { usage: usage({}) }, [0, 0]],
    ["an error without usage", { status: 400 }, "release"],
    ["a server's error without usage", { status: 503, textBytes: 0 }, "release"],
    ["an error in a stream that names a status", { ...CUT, status: 529 }, "release"],
    ["nothing sent", { reached: false, status: undefined, ...CUT }, "release"],
    ["nothing sent, long ago", { reached: false, status: undefined, ...CUT, sentMsAgo: 9e9 }, "release"],
    ["whole without usage: bytes", {}, [20_090, 110, "estimated"]],
    ["whole without usage: more bytes than were held", { textBytes: 7000 }, [2_000_090, 2090, "estimated"]],
    ["whole without usage or text", { textBytes: 0 }, [90, 90, "estimated"]],
    ["whole without usage: time does not count", { sentMsAgo: 60_000 }, [20_090, 110, "estimated"]],
    ["cut: time, when it makes more", { ...CUT }, [100_090, 190, "estimated"]],
    ["cut: bytes, when they make more", { ...CUT, textBytes: 700 }, [200_090, 290, "estimated"]],
    ["cut: never more than was held", { ...CUT, sentMsAgo: 60_000 }, [400_090, 490, "estimated"]],
    ["cut: bytes, never more than was held", { ...CUT, textBytes: 70_000 }, [400_090, 490, "estimated"]],
    [
      "no answer at all",
      { ...CUT, status: undefined, textBytes: 0, sentMsAgo: 2500 },
      [250_090, 340, "estimated"],
    ],
    [
      "no answer yet, sent just now",
      { ...CUT, status: undefined, textBytes: 0, sentMsAgo: 0 },
      [90, 90, "estimated"],
    ],
    ["a part of a token's time", { ...CUT, textBytes: 0, sentMsAgo: 1 }, [1090, 91, "estimated"]],
    ["a clock that went back", { ...CUT, textBytes: 0, sentMsAgo: -5000 }, [90, 90, "estimated"]],
    [
      "cut after usage that was not the last: its input",
      { ...CUT, usage: INTERIM },
      [100_080, 180, "estimated"],
    ],
    [
      "cut after usage that was not the last: not less output than it said",
      { ...CUT, usage: { ...INTERIM, outputTokens: 600 } },
      [600_080, 680, "estimated"],
    ],
    ["whole, but the last usage never came", { usage: INTERIM }, [20_080, 100, "estimated"]],
    ["counts that no answer has", { usage: CLAMPED }, [20_090, 110, "estimated"]],
    ["counts that no answer has, cut", { ...CUT, usage: CLAMPED }, [100_090, 190, "estimated"]],
    ["no price", { price: undefined, usage: REPORTED }, [0, 110, "unpriced"]],
    ["no price and no usage", { price: undefined }, [0, 110, "estimated", "unpriced"]],
    ["no price and an error", { price: undefined, status: 404 }, "release"],
    ["calls that cost nothing", { paid: false, price: undefined, usage: REPORTED }, [0, 0]],
  ])("%s", (_, facts, expected) => {
    expect(short(chargeOf({ ...FACTS, ...facts }))).toEqual(expected);
  });

  test("the parts of the input are kept when only the output is estimated", () => {
    const cached = usage({ inputTokens: 80, cacheReadTokens: 60, outputTokens: 1, doubt: "interim" });
    const charge = chargeOf({ ...FACTS, complete: false, usage: cached });
    expect(charge).toMatchObject({
      costNanoUsd: 100_050n,
      usage: { inputTokens: 80, cacheReadTokens: 60, outputTokens: 100 },
    });
  });

  test("usage that was reported is handed on as it is", () => {
    expect(chargeOf({ ...FACTS, usage: REPORTED })).toMatchObject({ usage: REPORTED });
  });
});
