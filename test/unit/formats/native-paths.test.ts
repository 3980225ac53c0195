import { describe, expect, test } from "bun:test";
import { bedrockPath, parseBedrockPath } from "../../../src/formats/bedrock-path.ts";
import {
  asksEvents,
  geminiModelsPath,
  geminiPath,
  parseGeminiPath,
} from "../../../src/formats/gemini-path.ts";
import type { NativeAction } from "../../../src/formats/native-action.ts";
import { parseVertexPath, vertexModelsPath, vertexPath } from "../../../src/formats/vertex-path.ts";

const PLACE = { project: "own-project", location: "europe-west1" };

const gemini = (path: string, method = "POST") => parseGeminiPath(method, path.split("/"));
const vertex = (path: string, method = "POST") => parseVertexPath(method, path.split("/"));
const bedrock = (path: string, method = "POST") => parseBedrockPath(method, path.split("/"));

/** Of what a path is refused for. */
const problemOf = (read: { kind: string; problem?: string }) =>
  read.kind === "problem" ? read.problem : read.kind;

describe("Gemini", () => {
  test.each<[string, NativeAction]>([
    ["generateContent", "generate_content"],
    ["streamGenerateContent", "stream_generate_content"],
    ["countTokens", "gemini_count_tokens"],
    ["embedContent", "embed_content"],
    ["batchEmbedContents", "batch_embed_contents"],
  ])(":%s", (word, action) => {
    for (const version of ["v1", "v1beta"]) {
      const path = `${version}/models/gemini-2.5-flash:${word}`;
      const read = gemini(path);
      expect(read).toEqual({
        kind: "call",
        call: { action, version, model: "gemini-2.5-flash", stream: action === "stream_generate_content" },
      });
      if (read.kind === "call") expect(geminiPath(read.call)).toBe(path);
    }
  });

  test("the list of models, and one of them", () => {
    expect(gemini("v1/models", "GET")).toEqual({ kind: "models", version: "v1", modelId: undefined });
    const one = gemini("v1beta/models/gemini-x", "GET");
    expect(one).toEqual({ kind: "models", version: "v1beta", modelId: "gemini-x" });
    if (one.kind === "models") expect(geminiModelsPath(one)).toBe("v1beta/models/gemini-x");
  });

  test.each<[string, string]>([
    ["POST", "v1beta/models/gemini-x:predict"],
    ["POST", "v1beta/models/gemini-x:toString"],
    ["POST", "v1beta/models/gemini-x"],
    ["POST", "v1beta/models"],
    ["GET", "v1beta/models:generateContent"],
    ["DELETE", "v1beta/models/gemini-x:generateContent"],
    ["POST", "v1alpha/models/gemini-x:generateContent"],
    ["POST", "models/gemini-x:generateContent"],
    ["POST", "v1beta/tunedModels/x:generateContent"],
    ["POST", "v1beta/models/a/b:generateContent"],
    ["POST", "v1beta/models:x/gemini-x:generateContent"],
    ["POST", "v1/interactions"],
    ["POST", "v1beta/../v1/models/x:generateContent"],
    ["POST", ""],
  ])("%s %s is not offered", (method, path) => {
    expect(problemOf(gemini(path, method))).toBe("unsupported");
  });

  test("a path that names no model", () => {
    expect(problemOf(gemini("v1beta/models:generateContent"))).toBe("bad_model");
    expect(problemOf(gemini("v1beta/models/:generateContent"))).toBe("bad_model");
  });

  test("another model can be put in its place", () => {
    const read = gemini("v1beta/models/alias:countTokens");
    if (read.kind !== "call") throw new Error("no call");
    expect(geminiPath(read.call, "a b/c")).toBe("v1beta/models/a%20b%2Fc:countTokens");
  });

  test.each([
    ["alt=sse", true],
    ["$alt=sse&pageSize=1", true],
    ["alt=json", false],
    ["", false],
  ])("%p asks for events: %p", (query, expected) => {
    expect(asksEvents(new URLSearchParams(query))).toBe(expected);
  });
});

describe("model ids", () => {
  test.each([
    "..",
    "a%2F..%2Fb",
    "%2E%2E",
    "a%3Fb",
    "a%23b",
    "a%0Ab",
    "a%00",
    "a%2541",
    "a%25",
    "a%",
    "%FF",
    "a%5Cb",
    ".",
  ])("%s is refused everywhere", (id) => {
    expect(problemOf(gemini(`v1/models/${id}:generateContent`))).toBe("bad_model");
    expect(problemOf(gemini(`v1/models/${id}`, "GET"))).toBe("bad_model");
    expect(problemOf(bedrock(`model/${id}/converse`))).toBe("bad_model");
    expect(problemOf(vertex(`v1/publishers/google/models/${id}:generateContent`))).toBe("bad_model");
    expect(problemOf(vertex(`v1/publishers/anthropic/models/${id}:rawPredict`))).toBe("bad_model");
  });

  test.each<[string, string, string]>([
    ["us.anthropic.claude-x%3A0", "us.anthropic.claude-x:0", "us.anthropic.claude-x%3A0"],
    ["us.anthropic.claude-x:0", "us.anthropic.claude-x:0", "us.anthropic.claude-x%3A0"],
    ["a'(b)*!", "a'(b)*!", "a%27%28b%29%2A%21"],
    ["gr%C3%B6%C3%9Fe", "größe", "gr%C3%B6%C3%9Fe"],
    [".x", ".x", ".x"],
  ])("%s is read once and written again", (segment, model, forwarded) => {
    const read = bedrock(`model/${segment}/invoke`);
    expect(read).toMatchObject({ call: { model } });
    if (read.kind === "call") expect(bedrockPath(read.call)).toBe(`model/${forwarded}/invoke`);
  });

  test("what is not offered is said before what is wrong with the id", () => {
    expect(problemOf(bedrock("model/a%25/other"))).toBe("unsupported");
    expect(problemOf(gemini("v1/models/a%25:other"))).toBe("unsupported");
  });
});

describe("Bedrock", () => {
  test.each<[string, NativeAction, boolean]>([
    ["converse", "converse", false],
    ["converse-stream", "converse_stream", true],
    ["invoke", "invoke", false],
    ["invoke-with-response-stream", "invoke_stream", true],
    ["count-tokens", "bedrock_count_tokens", false],
  ])("%s", (word, action, stream) => {
    const read = bedrock(`model/amazon.nova-lite-v1%3A0/${word}`);
    expect(read).toEqual({ kind: "call", call: { action, model: "amazon.nova-lite-v1:0", stream } });
    if (read.kind === "call") expect(bedrockPath(read.call)).toBe(`model/amazon.nova-lite-v1%3A0/${word}`);
  });

  test("the slash of an ARN may be encoded or not", () => {
    const arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x";
    for (const id of [encodeURIComponent(arn), arn]) {
      const read = bedrock(`model/${id}/converse`);
      expect(read).toMatchObject({ call: { model: arn } });
      if (read.kind === "call")
        expect(bedrockPath(read.call)).toBe(`model/${encodeURIComponent(arn)}/converse`);
    }
  });

  test.each<[string, string]>([
    ["GET", "model/x/converse"],
    ["GET", "inference-profiles"],
    ["POST", "model/x/async-invoke"],
    ["POST", "model/x/y/converse"],
    ["POST", "model/converse"],
    ["POST", "model/x/converse/more"],
    ["POST", "guardrail/x/version/1/apply"],
    ["POST", "models/x/converse"],
    ["POST", ""],
  ])("%s %s is not offered", (method, path) => {
    expect(problemOf(bedrock(path, method))).toBe("unsupported");
  });

  test("an empty id is none", () => {
    expect(problemOf(bedrock("model//converse"))).toBe("bad_model");
  });
});

describe("Vertex", () => {
  const OWN = "projects/my-project-1/locations/us-central1";

  test.each<[string, NativeAction, string, string | undefined, boolean]>([
    ["google/models/gemini-x:generateContent", "generate_content", "google", "gemini-x", false],
    ["google/models/gemini-x:streamGenerateContent", "stream_generate_content", "google", "gemini-x", true],
    ["google/models/gemini-x:countTokens", "gemini_count_tokens", "google", "gemini-x", false],
    ["google/models/gemini-x:embedContent", "embed_content", "google", "gemini-x", false],
    [
      "anthropic/models/claude-x%4020251001:rawPredict",
      "raw_predict",
      "anthropic",
      "claude-x@20251001",
      false,
    ],
    [
      "anthropic/models/claude-x%4020251001:streamRawPredict",
      "stream_raw_predict",
      "anthropic",
      "claude-x@20251001",
      true,
    ],
    ["anthropic/models/count-tokens:rawPredict", "raw_count_tokens", "anthropic", undefined, false],
  ])("%s", (rest, action, publisher, model, stream) => {
    const path = `v1/${OWN}/publishers/${rest}`;
    const place = { project: "my-project-1", location: "us-central1" };
    const read = vertex(path);
    expect(read).toEqual({ kind: "call", call: { action, version: "v1", place, publisher, model, stream } });
    if (read.kind === "call") expect(vertexPath(read.call, PLACE)).toBe(path);
  });

  test("the short form gets the project and location it left out", () => {
    const read = vertex("v1beta1/publishers/google/models/gemini-x:generateContent");
    expect(read).toMatchObject({ call: { place: undefined, version: "v1beta1" } });
    if (read.kind === "call")
      expect(vertexPath(read.call, PLACE)).toBe(
        "v1beta1/projects/own-project/locations/europe-west1/publishers/google/models/gemini-x:generateContent",
      );
  });

  test("lists of models, as Google's SDK asks for them", () => {
    const list = vertex("v1beta1/publishers/google/models", "GET");
    expect(list).toMatchObject({ kind: "models", publisher: "google", place: undefined, modelId: undefined });
    if (list.kind === "models")
      expect(vertexModelsPath(list, PLACE)).toBe("v1beta1/publishers/google/models");
    const one = vertex("v1beta1/publishers/google/models/gemini-x", "GET");
    if (one.kind === "models")
      expect(vertexModelsPath(one, PLACE)).toBe(
        "v1beta1/projects/own-project/locations/europe-west1/publishers/google/models/gemini-x",
      );
  });

  test.each<[string, string]>([
    ["POST", `v1/${OWN}/publishers/google/models/x:rawPredict`],
    ["POST", `v1/${OWN}/publishers/anthropic/models/x:generateContent`],
    ["POST", `v1/${OWN}/publishers/meta/models/x:rawPredict`],
    ["POST", `v1/${OWN}/publishers/google/models/x:predict`],
    ["POST", `v1/${OWN}/endpoints/openapi/chat/completions`],
    ["POST", `v1/${OWN}/publishers/google/models/a/b:generateContent`],
    ["POST", `v2/${OWN}/publishers/google/models/x:generateContent`],
    ["POST", "v1/projects/p/publishers/google/models/x:generateContent"],
    ["GET", `v1/${OWN}/publishers/google/models/x/y`],
    ["POST", `v1/${OWN}/publishers/google/models`],
    ["POST", ""],
  ])("%s %s is not offered", (method, path) => {
    expect(problemOf(vertex(path, method))).toBe("unsupported");
  });

  test.each(["My-Project", "a.b", "a%2Fb", "a:b", "", "..", "a_b"])(
    "%p is no project and no location",
    (name) => {
      const rest = "publishers/google/models/x:generateContent";
      expect(problemOf(vertex(`v1/projects/${name}/locations/us/${rest}`))).toBe("bad_place");
      expect(problemOf(vertex(`v1/projects/p/locations/${name}/${rest}`))).toBe("bad_place");
    },
  );
});

test("a refusal shows what was asked for, but not all of a long path", () => {
  const read = gemini(`v1/${"x".repeat(500)}`);
  if (read.kind !== "problem") throw new Error("no problem");
  expect(read.message).toStartWith("POST v1/xxx");
  expect(read.message).toContain("streamGenerateContent");
  expect(read.message.length).toBeLessThan(400);
});
