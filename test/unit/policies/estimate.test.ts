import { describe, expect, test } from "bun:test";
import type { Call, Price } from "../../../src/exchange.ts";
import { ENDPOINTS, type EndpointName } from "../../../src/formats/table.ts";
import { scanTopLevel } from "../../../src/lib/json-scan.ts";
import { estimateCall, estimateCost } from "../../../src/policies/estimate.ts";

function callOf(endpoint: EndpointName, text: string | undefined): Call {
  const body = text === undefined ? undefined : Buffer.from(text);
  return {
    endpoint: ENDPOINTS[endpoint],
    body,
    members: body === undefined ? { members: [], bodyStart: 0 } : scanTopLevel(body.toString("latin1")),
    requestedModel: "m",
    stream: false,
    asksUsage: false,
  };
}

const json = (endpoint: EndpointName, body: object) => callOf(endpoint, JSON.stringify(body));
const outputOf = (call: Call, maxOutput?: number, reserve: "full" | number = "full") =>
  estimateCall(call, maxOutput, reserve).outputTokens;
const inputOf = (call: Call) => estimateCall(call, undefined, "full").inputTokens;

describe("the input", () => {
  test("is a third of the body's bytes, rounded up", () => {
    expect(inputOf(callOf("chat", '{"a":1}'))).toBe(3);
    expect(inputOf(callOf("chat", '{"a":"你好"}'))).toBe(5);
    expect(inputOf(callOf("models", undefined))).toBe(0);
  });

  const image = "iVBORw0KGgo".repeat(2000);
  const text = "word ".repeat(4000);
  const rest = (body: object, media: string) => Math.ceil((JSON.stringify(body).length - media.length) / 3);

  test.each<[string, (data: string) => object]>([
    ["an image of chat", (data) => ({ content: [{ image_url: { url: `data:image/png;base64,${data}` } }] })],
    ["an image of Responses", (data) => ({ input: [{ image_url: `data:image/jpeg;base64,${data}` }] })],
    ["a file", (data) => ({ file: { file_data: `data:application/pdf;base64,${data}` } })],
    ["an image of Messages", (data) => ({ source: { type: "base64", media_type: "image/png", data } })],
    ["audio", (data) => ({ input_audio: { data, format: "wav" } })],
  ])("%s counts as 1,600 tokens, whatever its bytes", (_, part) => {
    const body = part(image);
    expect(inputOf(json("chat", body))).toBe(rest(body, image) + 1600);
    const spaced = JSON.stringify(body, null, 2);
    expect(inputOf(callOf("chat", spaced))).toBe(Math.ceil((spaced.length - image.length) / 3) + 1600);
  });

  test("several images count several times, and the text beside them as text", () => {
    const body = { a: text, b: [`data:image/png;base64,${image}`, `data:image/png;base64,${image}`] };
    expect(inputOf(json("chat", body))).toBe(rest(body, image + image) + 3200);
  });

  test.each<[string, object]>([
    ["text in a member of that name", { data: text }],
    ["a data URL of text", { url: `data:text/plain,${text}` }],
    ["a data URL within text", { content: `see "data:image/png;base64,${image}" there` }],
    ["a tool's arguments, quotes escaped", { arguments: JSON.stringify({ data: image }) }],
    ["text that only begins and ends like base64", { data: `${image} ${text} ${image}` }],
    ["base64 under another name", { content: image }],
  ])("%s counts as text", (_, body) => {
    expect(inputOf(json("chat", body))).toBe(Math.ceil(JSON.stringify(body).length / 3));
  });

  test("small media in large bodies, and media in small bodies, count by their bytes", () => {
    const small = { data: "QUJD".repeat(100), content: text };
    expect(inputOf(json("chat", small))).toBe(Math.ceil(JSON.stringify(small).length / 3));
    const alone = { data: "QUJD".repeat(500) };
    expect(inputOf(json("chat", alone))).toBe(Math.ceil(JSON.stringify(alone).length / 3));
  });
});

describe("the output that is held", () => {
  test.each<[string, EndpointName, object, number | undefined, "full" | number, number]>([
    ["neither limit known", "chat", {}, undefined, "full", 4096],
    ["the request's", "chat", { max_tokens: 100 }, undefined, "full", 100],
    ["the request's newer name", "chat", { max_completion_tokens: 100 }, undefined, "full", 100],
    ["both names: the larger", "chat", { max_tokens: 5, max_completion_tokens: 100 }, undefined, "full", 100],
    ["Responses", "responses", { max_output_tokens: 100 }, undefined, "full", 100],
    ["Messages", "messages", { max_tokens: 100 }, undefined, "full", 100],
    ["completions", "completions", { max_tokens: 100 }, undefined, "full", 100],
    ["another endpoint's name limits nothing", "responses", { max_tokens: 1 }, undefined, "full", 4096],
    ["the model's", "chat", {}, 8192, "full", 8192],
    ["the smaller of both", "chat", { max_tokens: 100_000 }, 8192, "full", 8192],
    ["reserve_output", "chat", { max_tokens: 1000 }, 8192, 300, 300],
    ["reserve_output with neither limit known", "chat", {}, undefined, 300, 300],
    ["reserve_output above the unknown", "chat", {}, undefined, 9000, 4096],
    ["several answers", "chat", { max_tokens: 100, n: 3 }, undefined, "full", 300],
    ["reserve_output for each of several answers", "chat", { n: 3 }, undefined, 300, 900],
    ["best_of", "completions", { max_tokens: 100, n: 2, best_of: 5 }, undefined, "full", 500],
    ["best_of is no word of chat", "chat", { max_tokens: 100, best_of: 5 }, undefined, "full", 100],
    ["n of 0", "chat", { max_tokens: 100, n: 0 }, undefined, "full", 100],
    ["null", "chat", { max_tokens: null }, undefined, "full", 4096],
    ["a text", "chat", { max_tokens: "5" }, undefined, "full", 4096],
    ["a list", "chat", { max_tokens: [5], n: [2] }, undefined, "full", 4096],
    ["-1, which some servers read as no limit", "chat", { max_tokens: -1 }, undefined, "full", 4096],
    ["0", "chat", { max_tokens: 0 }, undefined, "full", 0],
    ["a fraction", "chat", { max_tokens: 10.2 }, undefined, "full", 11],
    ["an absurd limit", "chat", { max_tokens: 1e300 }, undefined, "full", 1_000_000_000],
    ["an absurd number of answers", "chat", { max_tokens: 5000, n: 1e18 }, undefined, "full", 1_000_000_000],
    ["embeddings have none", "embeddings", { max_tokens: 100, n: 3 }, 8192, "full", 0],
    ["counting has none", "count_tokens", { max_tokens: 100 }, 8192, "full", 0],
  ])("%s", (_, endpoint, body, maxOutput, reserve, expected) => {
    expect(outputOf(json(endpoint, body), maxOutput, reserve)).toBe(expected);
  });

  test("of members that are there twice the larger counts, in either order", () => {
    expect(outputOf(callOf("chat", '{"max_tokens":1,"max_tokens":700}'))).toBe(700);
    expect(outputOf(callOf("chat", '{"max_tokens":700,"max_tokens":1}'))).toBe(700);
    expect(outputOf(callOf("chat", '{"max\\u005ftokens" : 7e2 }'))).toBe(700);
  });

  test("a list of models has none", () => {
    expect(outputOf(callOf("models", undefined), 8192)).toBe(0);
  });
});

describe("what is held in money", () => {
  const rates = (input: bigint, output: bigint) => ({
    ...{ input, output, cacheRead: 1n, cacheWrite: 1n, cacheWrite1h: 1n, audioInput: 1n, audioOutput: 1n },
  });
  const price: Price = {
    source: "config",
    match: "*",
    request: 7n,
    ...rates(3_000_000_000n, 15_000_000_000n),
    tiers: [{ above: 200_000, ...rates(6_000_000_000n, 22_500_000_000n) }],
  };

  test("input, output and the request itself", () => {
    expect(estimateCost({ inputTokens: 100, outputTokens: 10 }, price)).toBe(450_007n);
  });

  test("at the rates of its size", () => {
    expect(estimateCost({ inputTokens: 200_001, outputTokens: 10 }, price)).toBe(1_200_231_007n);
  });

  test("rounded half up", () => {
    const half = { ...price, ...rates(500_000n, 0n), request: 0n };
    expect(estimateCost({ inputTokens: 1, outputTokens: 0 }, half)).toBe(1n);
  });
});
