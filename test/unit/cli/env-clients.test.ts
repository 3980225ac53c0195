// What `postern env` prints for each client: base URLs by the rules of each SDK, and what the configuration lacks.

import { describe, expect, test } from "bun:test";
import { siteOf } from "../../../src/cli/env/site.ts";
import { CLIENTS } from "../../../src/cli/env/table.ts";
import { loadConfig } from "../../../src/config/load.ts";

const ROOT = "http://127.0.0.1:4000/gw";
const MOCK = "server: { base_path: /gw }\nproviders: { demo: { type: mock, models: [echo] } }\n";
const OF_CLAUDE = "{ type: anthropic, api_key: abc, models: [claude-x] }";
const KEY = "sk-postern-AZ09";
const NO_KEY = "";

function printed(client: string, file = MOCK, key = KEY): string {
  const { config, problems } = loadConfig("-", { env: {}, stdin: file });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return CLIENTS[client]?.setUp(siteOf(config, key === NO_KEY ? undefined : key)) ?? "";
}

/** The text without comment marks and without the line breaks of long sentences. */
function plain(text: string): string {
  return text.replaceAll(/\n# {3}/g, " ").replaceAll(/^# ?/gm, "");
}

describe.each(Object.keys(CLIENTS))("%s", (client) => {
  test("is told the address with base path, the key, and its limits", () => {
    const out = printed(client);
    expect(out).toContain(ROOT);
    expect(out).toContain(KEY);
    expect(out).toContain("# Known limits\n# - ");
    expect(out).toEndWith("\n");
  });

  test("without a key refers to the variable", () => {
    expect(printed(client, MOCK, NO_KEY)).toContain("POSTERN_KEY");
  });

  test("has lines that fit a terminal, but for code", () => {
    const prose = printed(client)
      .split("\n")
      .filter((line) => /^# [-!] /.test(line));
    for (const line of prose) expect(line.length).toBeLessThanOrEqual(120);
  });

  test("has a page in docs/clients that names it", async () => {
    const page = await Bun.file(new URL(`../../../docs/clients/${client}.md`, import.meta.url)).text();
    expect(page).toStartWith("# ");
    expect(page).toContain(`postern env ${client}`);
    expect(page).toContain("## Known limits");
  });
});

test.each([
  ["openai", "export NODE_EXTRA_CA_CERTS=/tls/gw.pem"],
  ["codex", "export CODEX_CA_CERTIFICATE=/tls/gw.pem"],
  ["aider", "export SSL_CERT_FILE=/tls/gw.pem"],
  ["gemini-cli", "export NODE_EXTRA_CA_CERTS=/tls/gw.pem"],
])("%s is told how to trust a certificate of one's own", (client, line) => {
  const { config } = loadConfig("-", { env: {}, stdin: MOCK });
  if (config === undefined) throw new Error("the configuration is bad");
  const site = { ...siteOf(config, KEY), certificate: "/tls/gw.pem" };
  expect(CLIENTS[client]?.setUp(site)).toContain(`#   ${line}`);
  expect(printed(client)).not.toContain("gateway serves HTTPS");
});

const EVALUABLE = [
  ["openai", ["OPENAI_BASE_URL"]],
  ["anthropic", ["ANTHROPIC_BASE_URL"]],
  ["google-genai", ["GOOGLE_GEMINI_BASE_URL"]],
  ["langchain", ["OPENAI_BASE_URL", "OPENAI_API_BASE"]],
  ["llamaindex", ["OPENAI_BASE_URL"]],
  ["aws-sdk", ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"]],
  ["claude-code", ["ANTHROPIC_BASE_URL"]],
  ["aider", ["OPENAI_API_BASE"]],
  ["open-webui", ["OPENAI_API_BASE_URL"]],
] as const;

test.each(EVALUABLE)("a shell can evaluate all that is printed for %s", (client, variables) => {
  const out = printed(client, MOCK, "it's $(touch /x)");
  const shell = Bun.spawnSync([
    "sh",
    "-c",
    `${out}\n${variables.map((name) => `printf '%s\\n' "$${name}"`).join("\n")}`,
  ]);
  expect(shell.stderr.toString()).toBe("");
  for (const line of shell.stdout.toString().trimEnd().split("\n")) expect(line).toStartWith(ROOT);
});

describe("Messages", () => {
  test.each([
    ["the provider of the preset's name", `anthropic: ${OF_CLAUDE}`, `${ROOT}/anthropic`, "claude-x"],
    ["another name of that type", `"my claude": ${OF_CLAUDE}`, `${ROOT}/providers/my%20claude`, "claude-x"],
    [
      "a server that offers them",
      "vl: { base_url: 'http://127.0.0.1:1', model: q, endpoints: [chat, messages] }",
      ROOT,
      "vl/q",
    ],
  ])("at %s", (_what, provider, base, model) => {
    const file = `server: { base_path: /gw }\nproviders: { ${provider} }\n`;
    expect(printed("anthropic", file)).toContain(`export ANTHROPIC_BASE_URL=${base}\n`);
    expect(printed("anthropic", file)).toContain(`model: "${model}"`);
    expect(printed("claude-code", file)).toContain(`export ANTHROPIC_BASE_URL=${base}\n`);
    expect(printed("ai-sdk", file)).toContain(`createAnthropic({ baseURL: "${base}/v1"`);
    expect(printed("langchain", file)).toContain(`anthropicApiUrl: "${base}"`);
  });

  test("nowhere: the setting that adds them", () => {
    const out = plain(printed("claude-code", "providers: { a: { base_url: 'http://127.0.0.1:1' } }\n"));
    expect(out).toContain("add `anthropic: {}` under `providers:` and set ANTHROPIC_API_KEY");
    expect(out).toContain("add `messages` to its `endpoints`");
    expect(out).toContain("export ANTHROPIC_BASE_URL=http://127.0.0.1:4000/anthropic\n");
  });

  test("on the endpoint for all models Claude Code is told which model stands for its own", () => {
    const out = printed("claude-code");
    for (const name of ["ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"])
      expect(out).toContain(`export ${name}=demo/echo\n`);
    expect(out).toContain("unset ANTHROPIC_API_KEY\n");
  });

  test("a subscription's key stands in a header of its own", () => {
    const file = `providers: { anthropic: ${OF_CLAUDE} }\n`;
    expect(printed("claude-code", file)).toContain(`ANTHROPIC_CUSTOM_HEADERS='X-Api-Key: ${KEY}'`);
    expect(printed("claude-code", file, NO_KEY)).toContain(
      'ANTHROPIC_CUSTOM_HEADERS="X-Api-Key: $POSTERN_KEY"',
    );
  });
});

describe("native paths", () => {
  test("without a provider for them: the setting that adds it, and the path it will have", () => {
    expect(plain(printed("google-genai"))).toContain(
      "add `gemini: {}` under `providers:` and set GOOGLE_API_KEY or GEMINI_API_KEY.",
    );
    expect(printed("gemini-cli")).toContain(`export GOOGLE_GEMINI_BASE_URL=${ROOT}/gemini\n`);
    expect(plain(printed("aws-sdk"))).toContain("add `bedrock: { region: … }` under `providers:`");
    expect(plain(printed("aws-sdk"))).toContain(
      "set AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    );
    expect(printed("ai-sdk")).toContain(`createGoogleGenerativeAI({ baseURL: "${ROOT}/gemini/v1beta"`);
  });

  test("Gemini CLI is warned of plain http to another machine", () => {
    const wide = "admin: { key: 0123456789abcdef0123456789abcdef }\nserver: { listen: '10.0.0.1:4000' }\n";
    expect(plain(printed("gemini-cli", wide))).toContain("It accepts http:// on this machine only");
    expect(plain(printed("gemini-cli"))).not.toContain("on this machine only");
  });
});

describe("files", () => {
  test("Codex's settings are TOML, with a model that offers Responses", () => {
    const file =
      "providers: { a: { base_url: 'http://127.0.0.1:1', endpoints: [chat], models: [x] }, demo: { type: mock, models: [echo] } }\n";
    const toml = /config\.toml:\n([\s\S]*?)\n\n# /.exec(printed("codex", file))?.[1] ?? "";
    expect(Bun.TOML.parse(toml)).toEqual({
      model_provider: "postern",
      model: "demo/echo",
      model_providers: {
        postern: {
          name: "Postern",
          base_url: "http://127.0.0.1:4000/v1",
          env_key: "POSTERN_KEY",
          wire_api: "responses",
          supports_websockets: false,
        },
      },
    });
  });

  test("no provider that offers Responses is said", () => {
    const file = "providers: { a: { base_url: 'http://127.0.0.1:1', endpoints: [chat] } }\n";
    expect(plain(printed("codex", file))).toContain("No provider of this configuration offers `responses`");
  });

  test("opencode's are JSON with the models that chat", () => {
    const json = /opencode\.json:\n([\s\S]*?)\n\n# /.exec(printed("opencode"))?.[1] ?? "";
    expect(JSON.parse(json)).toMatchObject({
      model: "postern/demo/echo",
      provider: {
        postern: { options: { baseURL: `${ROOT}/v1` }, models: { "demo/echo": { name: "demo/echo" } } },
      },
    });
  });

  test.each([
    [KEY, KEY],
    [NO_KEY, `\${{ secrets.POSTERN_KEY }}`],
  ])("Continue's are YAML, with the key %p", (key, shown) => {
    const yaml = /config\.yaml:\n([\s\S]*?)\n\n# /.exec(printed("continue", MOCK, key))?.[1] ?? "";
    expect(Bun.YAML.parse(yaml)).toMatchObject({
      schema: "v1",
      models: [{ provider: "openai", model: "demo/echo", apiBase: `${ROOT}/v1`, apiKey: shown }],
    });
  });

  test("Gemini CLI's are the one setting that it needs", () => {
    const json = /settings\.json:\n(.*)\n/.exec(printed("gemini-cli"))?.[1] ?? "";
    expect(JSON.parse(json)).toEqual({ security: { auth: { selectedType: "gemini-api-key" } } });
  });
});
