// Joining a provider's base URL with an endpoint's path: one table, checked as functions and on the wire.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { joinUrl, providerRoot } from "../../src/upstream/url.ts";
import { ask, keySection, yamlOf } from "../support/callers.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

/** What stands after the origin in `base_url`, and where `chat/completions` leads. */
const ROWS: readonly (readonly [string, string])[] = [
  ["", "/v1/chat/completions"],
  ["/", "/v1/chat/completions"],
  ["/v1", "/v1/chat/completions"],
  ["/v1/", "/v1/chat/completions"],
  ["/openai/v1", "/openai/v1/chat/completions"],
  ["/openai/v1/", "/openai/v1/chat/completions"],
  ["/v1/chat/completions", "/v1/chat/completions"],
  ["/v1/chat/completions/", "/v1/chat/completions"],
  ["/openai/v1/chat/completions", "/openai/v1/chat/completions"],
  ["/v1/completions", "/v1/chat/completions"],
  ["/v1/embeddings", "/v1/chat/completions"],
  ["/v1/responses", "/v1/chat/completions"],
  ["/v1/models", "/v1/chat/completions"],
  ["/api", "/api/chat/completions"],
  ["/api/", "/api/chat/completions"],
  ["/api/chat/completions", "/api/chat/completions"],
  ["/v1beta/openai", "/v1beta/openai/chat/completions"],
  ["/v1beta/openai/", "/v1beta/openai/chat/completions"],
  ["/api/v3", "/api/v3/chat/completions"],
  ["/compatible-mode/v1", "/compatible-mode/v1/chat/completions"],
  ["/inference/v1", "/inference/v1/chat/completions"],
  ["/api/openai/v1", "/api/openai/v1/chat/completions"],
  ["/v1/openai", "/v1/openai/chat/completions"],
  ["/V1", "/V1/chat/completions"],
  ["/v10", "/v10/chat/completions"],
  ["/environments/production/sync/v1", "/environments/production/sync/v1/chat/completions"],
  ["/a%20b/v1", "/a%20b/v1/chat/completions"],
];

let upstream: FakeUpstream;
let gateway: Gateway;
let yaml: string;

beforeAll(async () => {
  upstream = fakeUpstream();
  const providers = ROWS.map(([path], index) => [`p${index}`, { base_url: upstream.url + path }]);
  yaml = yamlOf({ providers: Object.fromEntries(providers), keys: keySection({ caller: {} }) });
  gateway = await startGateway(yaml);
});

beforeEach(() => upstream.reset());

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

describe("a base URL", () => {
  test.each(ROWS)("https://h%s leads to %s", (path, expected) => {
    expect(joinUrl(providerRoot(`https://h${path}`), "chat/completions")).toBe(`https://h${expected}`);
  });

  test.each(["http://10.0.0.7:8000", "https://h:8443", "http://[::1]:8000"])(
    "of %s keeps its origin",
    (origin) => {
      expect(joinUrl(providerRoot(origin), "chat/completions")).toBe(`${origin}/v1/chat/completions`);
      expect(joinUrl(providerRoot(`${origin}/api`), "models", "?a=1")).toBe(`${origin}/api/models?a=1`);
    },
  );

  test.each(ROWS.map(([path, expected], index) => ({ path, expected, name: `p${index}` })))(
    "ending in $path is called at $expected, by every way",
    async ({ expected, name }) => {
      const root = expected.slice(0, -"/chat/completions".length);
      const ways = [
        { path: "/v1/chat/completions", model: `${name}/m` },
        { path: `/providers/${name}/v1/chat/completions`, model: "m" },
        { path: `/providers/${name}/chat/completions`, model: "m" },
        { path: `/providers/${name}/v1/embeddings`, body: { model: "m", input: "x" } },
        { path: `/providers/${name}/responses`, body: { model: "m", input: "x" } },
      ];
      for (const way of ways) expect((await ask(gateway, { as: "caller", ...way })).status).toBeLessThan(500);
      const chat = `${root}/chat/completions`;
      expect(upstream.requests.map(({ path }) => path)).toEqual([
        chat,
        chat,
        chat,
        `${root}/embeddings`,
        `${root}/responses`,
      ]);
    },
  );

  test("leads to the upstream's list of models as well", async () => {
    upstream.answer(() => Response.json({ object: "list", data: [] }));
    for (const index of ROWS.keys())
      await ask(gateway, { as: "caller", method: "GET", path: `/providers/p${index}/v1/models` });
    expect(upstream.requests.map(({ path }) => path)).toEqual(
      ROWS.map(([, expected]) => expected.replace("/chat/completions", "/models")),
    );
  });

  test("check prints the joined chat URL of each provider", async () => {
    const { code, stdout, stderr } = await runPostern(["check"], { yaml });
    expect(code).toBe(0);
    for (const [, expected] of ROWS) expect(stdout + stderr).toContain(`${upstream.url}${expected}`);
  });

  test.each(["", "not a url", "h/v1", "ftp://h/v1", "file:///etc/passwd", "//h/v1", "http://"])(
    "%p is refused when the file is read",
    async (base_url) => {
      const bad = yamlOf({ providers: { up: { base_url } } });
      const { code, stdout, stderr } = await runPostern(["check"], { yaml: bad });
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(/config\.yaml:\d+:\d+ {2}providers\.up\.base_url: /);
    },
  );
});
