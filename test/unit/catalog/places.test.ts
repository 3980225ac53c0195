// Regions, locations and resources: how they may be spelled, and the addresses that come of them.

import { describe, expect, test } from "bun:test";
import { isPlaceName, placedUrl } from "../../../src/catalog/places.ts";
import { PROVIDERS } from "../../../src/catalog/providers.ts";

describe("addresses", () => {
  test.each([
    ["bedrock", "eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com"],
    ["vertex", "europe-west4", "https://europe-west4-aiplatform.googleapis.com"],
    ["vertex", "global", "https://aiplatform.googleapis.com"],
    ["vertex", "eu", "https://aiplatform.eu.rep.googleapis.com"],
    ["azure", "acme-ai", "https://acme-ai.services.ai.azure.com/openai/v1"],
  ])("of %s at %s", (type, place, url) => {
    const { baseUrl = "", place: setting = "region" } = PROVIDERS[type] ?? {};
    expect(placedUrl(baseUrl, setting, place)).toBe(url);
  });
});

test.each(["us-east-1", "global", "a", "acme2"])("%s may be part of a host name", (text) => {
  expect(isPlaceName(text)).toBe(true);
});

test.each(["", "us_east", "US", "a.b", "a/b", "-a", "a-", "x@evil.example", "a".repeat(64)])(
  "%p may not",
  (text) => {
    expect(isPlaceName(text)).toBe(false);
  },
);
