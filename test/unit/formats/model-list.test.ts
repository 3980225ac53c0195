import { expect, test } from "bun:test";
import { readModelIds } from "../../../src/formats/model-list.ts";

const ids = (body: unknown) =>
  readModelIds(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));

test.each<[string, unknown, readonly string[] | undefined]>([
  ["OpenAI", { object: "list", data: [{ id: "a", object: "model" }, { id: "b" }] }, ["a", "b"]],
  ["vLLM", { data: [{ id: "org/a", root: "org/a", parent: null, permission: [{}] }] }, ["org/a"]],
  ["Together: a bare array", [{ id: "org/a", type: "chat" }], ["org/a"]],
  ["llama-server: both lists", { models: [{ name: "x.gguf" }], data: [{ id: "a.gguf" }] }, ["a.gguf"]],
  ["Ollama's tags", { models: [{ name: "a:8b", model: "a:8b" }] }, ["a:8b"]],
  ["Ollama without models", { object: "list", data: null }, []],
  ["Anthropic", { data: [{ type: "model", id: "a", display_name: "A" }], has_more: false }, ["a"]],
  ["Gemini", { models: [{ name: "models/a" }], nextPageToken: "t" }, ["a"]],
  ["Gemini's OpenAI route", { data: [{ id: "models/a", object: "model" }] }, ["a"]],
  ["plain ids", { data: ["a", "b"] }, ["a", "b"]],
  ["a list in a list", { data: { data: [{ id: "a" }] } }, ["a"]],
  ["an id twice, entries without one", { data: [{ id: "a" }, { id: "a" }, {}, null, { id: "" }, 3] }, ["a"]],
  ["an error", { error: { message: "no" } }, undefined],
  ["a page", "<html></html>", undefined],
])("%s", (_, body, expected) => {
  expect(ids(body)).toEqual(expected);
});
