// Paths of providers' own APIs: what they ask for, of which model, where they lead, and whose envelope a refusal takes.

import { describe, expect, test } from "bun:test";
import type { Dialect, Place } from "../../../src/exchange.ts";
import { inOwnDialect } from "../../../src/http/native-places.ts";
import { placeOf } from "../../../src/http/places.ts";

const CONFIGURED: Readonly<Record<string, Dialect>> = {
  gemini: "gemini",
  "my-google": "gemini",
  vertex: "vertex",
  bedrock: "bedrock",
  openai: "openai",
  // Named like a preset, and another thing.
  azure: "bedrock",
};

const HERE = { project: "p-1", location: "l-1" };

/** `action model stream path`, or `code family`. */
function said(place: Place): string {
  if (place.kind === "key") return "key";
  if (place.kind === "problem") return `${place.error.code} ${place.family}`;
  const { endpoint, native, modelId } = place;
  if (native === undefined) return `${endpoint.name} ${endpoint.family}`;
  const path = native.pathFor(native.model, native.vertex ?? HERE);
  return [endpoint.native ?? endpoint.name, native.model ?? modelId, native.stream, path].join(" ");
}

function at(method: string, path: string, upgrade = false): string {
  return said(inOwnDialect(placeOf(method, path, upgrade), (name) => CONFIGURED[name]));
}

describe("a path of a provider's own", () => {
  test.each([
    [
      "/gemini/v1beta/models/gemini-x:generateContent",
      "generate_content gemini-x false v1beta/models/gemini-x:generateContent",
    ],
    ["/providers/my-google/v1/models/g:countTokens", "gemini_count_tokens g false v1/models/g:countTokens"],
    [
      "/gemini/v1beta/models/g:streamGenerateContent/",
      "stream_generate_content g true v1beta/models/g:streamGenerateContent",
    ],
    [
      "/vertex/v1/publishers/google/models/g:generateContent",
      "generate_content g false v1/projects/p-1/locations/l-1/publishers/google/models/g:generateContent",
    ],
    [
      "/vertex/v1/projects/p-2/locations/l-2/publishers/anthropic/models/claude-x@1:streamRawPredict",
      "stream_raw_predict claude-x@1 true v1/projects/p-2/locations/l-2/publishers/anthropic/models/claude-x%401:streamRawPredict",
    ],
    [
      "/bedrock/model/us.anthropic.claude-x%3A0/converse-stream",
      "converse_stream us.anthropic.claude-x:0 true model/us.anthropic.claude-x%3A0/converse-stream",
    ],
    ["/azure/model/m/invoke", "invoke m false model/m/invoke"],
    ["/openai/v1/chat/completions", "chat openai"],
    ["/openai/responses", "responses openai"],
    ["/anthropic/v1/messages", "messages anthropic"],
  ])("POST %s", (path, expected) => {
    expect(at("POST", path)).toBe(expected);
  });

  test.each([
    ["/gemini/v1beta/models", "models  false v1beta/models"],
    ["/gemini/v1beta/models/gemini-x", "models gemini-x false v1beta/models/gemini-x"],
    ["/anthropic/v1/models", "models openai"],
  ])("GET %s", (path, expected) => {
    expect(at("GET", path)).toBe(expected);
  });

  test.each([
    ["POST", "/gemini/v1beta/models/g:unknown", "unsupported_endpoint gemini"],
    ["GET", "/gemini/v1beta/models/g:generateContent", "unsupported_endpoint gemini"],
    ["POST", "/gemini/v1beta/models/a%252e:generateContent", "invalid_request gemini"],
    ["POST", "/bedrock/model/a%3Fb/invoke", "invalid_request bedrock"],
    ["DELETE", "/bedrock/model/m/invoke", "unsupported_endpoint bedrock"],
    [
      "POST",
      "/vertex/v1/projects/P_1/locations/l/publishers/google/models/g:generateContent",
      "invalid_request gemini",
    ],
    ["POST", "/gemini/v1/chat/completions", "unsupported_endpoint gemini"],
    ["POST", "/fireworks/v1/messages/batches", "unsupported_endpoint anthropic"],
  ])("%s %s is %s", (method, path, expected) => {
    expect(at(method, path)).toBe(expected);
  });

  test("of a preset that is not configured has its clients' envelope all the same", () => {
    const place = placeOf("POST", "/gemini/nothing", false);
    expect(said(inOwnDialect(place, () => undefined))).toBe("unsupported_endpoint gemini");
  });

  test("as a WebSocket is told to fall back", () => {
    expect(at("GET", "/gemini/v1beta/models/g:generateContent", true)).toBe("upgrade_required gemini");
  });
});
