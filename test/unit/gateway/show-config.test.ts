// The configuration as administrators see it: whatever could let somebody in is taken out.

import { expect, test } from "bun:test";
import type { Config } from "../../../src/config/schema.ts";
import { showConfig } from "../../../src/gateway/show-config.ts";
import { configOf } from "../../support/snapshots.ts";

/** A configuration with settings that only later versions have. */
function shown(more: object): unknown {
  const { config } = configOf("providers: { up: { base_url: http://up.test/v1 } }\n");
  return showConfig({ ...config, ...more } as Config);
}

test("addresses lose their user part, query and fragment", () => {
  for (const [address, expected] of [
    ["https://a:b@h.test/x", "https://[secret]@h.test/x"],
    ["https://token@h.test", "https://[secret]@h.test/"],
    ["https://h.test/x?key=abc#def", "https://h.test/x?[secret]"],
    ["https://h.test:8443/x", "https://h.test:8443/x"],
    ["https://", "[secret]"],
  ])
    expect(shown({ tracing: { otlp: { endpoint: address } } })).toMatchObject({
      tracing: { otlp: { endpoint: expected } },
    });
});

test("headers and secrets do, wherever they stand", () => {
  expect(
    shown({
      tracing: { otlp: { headers: { "x-team": "abc" } } },
      alerts: [{ url: "https://h.test/x", secret: "abc", events: ["redaction"] }],
    }),
  ).toMatchObject({
    tracing: { otlp: { headers: { "x-team": "[secret]" } } },
    alerts: [{ url: "https://h.test/x", secret: "[secret]", events: ["redaction"] }],
  });
});

test("names that users chose are no settings, and no empty text is a secret", () => {
  expect(
    shown({
      models: { api_key: "up/m" },
      keys: { k: { aliases: { secret: "up/m" }, tags: { secret: "no" }, secret: "" } },
    }),
  ).toMatchObject({
    models: { api_key: "up/m" },
    keys: { k: { aliases: { secret: "up/m" }, tags: { secret: "no" }, secret: "" } },
  });
});

test("the configuration itself stays as it is", () => {
  const { config } = configOf('admin: { key: "short" }\n');
  expect(showConfig(config)).toMatchObject({ admin: { key: "[secret]" } });
  expect(config.admin.key).toBe("short");
});
