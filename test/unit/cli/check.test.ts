// `postern check`: what it prints for good and bad configurations.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";
import { type FakeUpstream, fakeUpstream } from "../../support/upstream.ts";

async function outcome(yaml: string, ...options: readonly string[]) {
  const path = join(scratch({ "config.yaml": yaml }), "config.yaml");
  const io = fakeIo({ env: { SET: "value" } });
  const code = await run(["check", "--config", path, ...options], io);
  const short = (text: string) => text.replaceAll(path, "config.yaml");
  return { code, out: short(io.out()), err: short(io.err()) };
}

const GOOD = `providers:
  local:
    base_url: http://127.0.0.1:8000
  api-server:
    base_url: https://h.example/api/
  demo: { type: mock }
`;

test("a good file: where each provider's chat requests go", async () => {
  const { code, out, err } = await outcome(GOOD);
  expect({ code, out }).toEqual({
    code: 0,
    out: "local       http://127.0.0.1:8000/v1/chat/completions\napi-server  https://h.example/api/chat/completions\ndemo        (built in)\n",
  });
  expect(err).toBe("config.yaml is good: 3 providers, 0 keys\n");
});

test("a good file as JSON", async () => {
  const { code, out, err } = await outcome(GOOD, "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out)).toEqual({ ok: true, problems: [] });
});

test("a preset's own address is shown", async () => {
  expect((await outcome("providers: { openai: { api_key: x } }\n")).out).toContain(
    "openai  https://api.openai.com/v1/chat/completions\n",
  );
});

test("of providers with paths of their own, what those begin with is shown, and none is probed", async () => {
  const { code, out } = await outcome(
    `providers:
  gemini: { api_key: x }
  bedrock: { region: us-east-1, api_key: x }
  near: { type: vertex, base_url: "http://127.0.0.1:1/v1", project: p }
  azure: { resource: acme, api_key: x, endpoints: [chat] }
`,
    "--probe",
  );
  expect(code).toBe(0);
  expect(out.replaceAll(/ +/g, " ").split("\n").slice(1)).toEqual([
    "gemini https://generativelanguage.googleapis.com not probed: it has no list of models below /v1",
    "bedrock https://bedrock-runtime.us-east-1.amazonaws.com not probed: it has no list of models below /v1",
    "near http://127.0.0.1:1 not probed: it has no list of models below /v1",
    "azure https://acme.services.ai.azure.com/openai/v1/chat/completions not probed: its `endpoints` have no list of models",
    "",
  ]);
});

test("the models that a budget cannot count are named, those of the bundled prices not among them", async () => {
  const { code, out } = await outcome(`providers:
  openai: { api_key: x, models: [gpt-4o, no-such-model] }
  demo: { type: mock, models: [hello] }
spend_policies:
  cap: { limit_usd: 1, window: day }
`);
  expect({ code, first: out.split("\n")[0] }).toEqual({
    code: 0,
    first:
      "config.yaml:5:10  spend_policies.cap.limit_usd: warning: cannot count calls of openai/no-such-model, demo/hello: there is no price, so they count as 0; pricing.models gives one",
  });
});

describe("a bad file", () => {
  const BAD = "servr: {}\nproviders:\n  a: { base_ur: x }\n";

  test("every problem on a line of its own, then the count", async () => {
    const { code, out, err } = await outcome(BAD);
    expect(code).toBe(1);
    const lines = out.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(/^config\.yaml:\d+:\d+ {2}\S/);
    expect(lines[0]).toStartWith("config.yaml:1:1  servr: ");
    expect(err).toBe(`config.yaml: ${lines.length} errors\n`);
  });

  test("as JSON", async () => {
    const { code, out } = await outcome(BAD, "--json");
    expect(code).toBe(1);
    const { ok, problems } = JSON.parse(out);
    expect(ok).toBe(false);
    expect(problems[0]).toEqual({
      file: expect.stringContaining("config.yaml"),
      line: 1,
      column: 1,
      path: "servr",
      message: expect.any(String),
    });
  });
});

describe("a variable that is not set", () => {
  const YAML = `providers: { a: { base_url: 'http://127.0.0.1:1', api_key: '\${NOT_SET}' } }\n`;

  test("is an error", async () => {
    const { code, out } = await outcome(YAML);
    expect(code).toBe(1);
    expect(out).toContain("NOT_SET");
  });

  test("is a warning with --allow-missing-env, marked in the text and in JSON", async () => {
    const text = await outcome(YAML, "--allow-missing-env");
    expect(text.code).toBe(0);
    expect(text.out).toContain("warning: ");
    expect(text.out).toContain("a  http://127.0.0.1:1/v1/chat/completions\n");
    expect(text.err).toBe("config.yaml is good: 1 provider, 0 keys, 1 warning\n");
    const { ok, problems } = JSON.parse((await outcome(YAML, "--allow-missing-env", "--json")).out);
    expect({ ok, levels: problems.map((problem: { level: string }) => problem.level) }).toEqual({
      ok: true,
      levels: ["warning"],
    });
  });
});

test("a file that cannot be read is a problem like others", async () => {
  const io = fakeIo();
  expect(await run(["check", "--config", "/nonexistent/config.yaml"], io)).toBe(1);
  expect(io.out()).toStartWith("/nonexistent/config.yaml:1:1  ");
});

test("standard input", async () => {
  const io = fakeIo({ stdin: GOOD });
  expect(await run(["check", "--config", "-"], io)).toBe(0);
  expect(io.err()).toBe("standard input is good: 3 providers, 0 keys\n");
});

describe("--probe", () => {
  const LIST = { object: "list", data: [{ id: "a" }] };
  let up: FakeUpstream;
  beforeAll(() => {
    up = fakeUpstream(({ path, headers }) => {
      if (path !== "/v1/models") return new Response("", { status: 404 });
      return headers["authorization"] === "Bearer wrong"
        ? new Response("", { status: 401 })
        : Response.json(LIST);
    });
  });
  afterAll(() => up.stop());

  async function probed(providers: string, ...options: readonly string[]) {
    const { code, out, err } = await outcome(`providers:\n${providers}`, "--probe", ...options);
    return { code, out: out.replaceAll(up.url, "http://up"), err };
  }

  test("all is well: each provider's models are counted", async () => {
    const yaml = `  up: { base_url: ${up.url} }\n  demo: { type: mock }\n`;
    const { code, out, err } = await probed(yaml);
    expect({ code, out: out.replace(/ {3,}/g, "  "), err }).toEqual({
      code: 0,
      out: `up  http://up/v1/chat/completions  reachable (1 model)
demo  (built in)  not probed: it answers by itself
`,
      err: "config.yaml is good: 2 providers, 0 keys, 1 probed, 1 reachable\n",
    });
  });

  test("a wrong base URL, a bad key and a closed port, each with what to do", async () => {
    const yaml = `  api: { base_url: ${up.url}/api }
  key: { base_url: ${up.url}, api_key: wrong }
  closed: { base_url: 'http://127.0.0.1:1' }
`;
    const { code, out, err } = await probed(yaml);
    expect(code).toBe(1);
    expect(out.split("\n").map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
      "api  http://up/api/chat/completions  wrong base URL: http://up/api/models answers 404",
      "  this one works: base_url: http://up/v1",
      "key  http://up/v1/chat/completions  bad key: 401: the credential was not accepted: see `api_key` of the provider",
      "closed  http://127.0.0.1:1/v1/chat/completions  refused: 127.0.0.1:1: nothing listens there (connection refused)",
      "",
    ]);
    expect(err).toBe("config.yaml is good: 3 providers, 0 keys, 3 probed, 0 reachable\n");
  });

  test("as JSON", async () => {
    const yaml = `  up: { base_url: ${up.url} }\n  api: { base_url: ${up.url}/api }\n  demo: { type: mock }\n`;
    const { code, out } = await probed(yaml, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      ok: false,
      problems: [],
      providers: [
        { name: "up", url: "http://up/v1/chat/completions", state: "reachable", detail: "", models: 1 },
        {
          name: "api",
          url: "http://up/api/chat/completions",
          state: "wrong_base_url",
          detail: "http://up/api/models answers 404",
          fix: "http://up/v1",
        },
        { name: "demo", url: null, state: "not_probed", detail: "it answers by itself" },
      ],
    });
  });

  test("nothing is called on behalf of a file with errors", async () => {
    up.reset();
    const yaml = `  up: { base_url: ${up.url} }\n  bad: {}\n`;
    expect(JSON.parse((await probed(yaml, "--json")).out)).toMatchObject({ ok: false, providers: [] });
    expect((await probed(yaml)).err).toBe("config.yaml: 1 error\n");
    expect(up.requests).toEqual([]);
  });
});
