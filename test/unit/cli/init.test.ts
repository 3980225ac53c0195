// `postern init`: what it finds, what it writes, and that it never overwrites.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { PROVIDERS } from "../../../src/catalog/providers.ts";
import { findServers } from "../../../src/cli/find-servers.ts";
import { firstConfig } from "../../../src/cli/first-config.ts";
import { initFor } from "../../../src/cli/init.ts";
import { run } from "../../../src/cli/run.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";
import { keyFile } from "../../support/service-account.ts";
import { type FakeUpstream, fakeUpstream } from "../../support/upstream.ts";

const SECRET = "canary-provider-key-77aa";

let up: FakeUpstream;
beforeAll(() => {
  up = fakeUpstream();
});
afterEach(() => up.reset());
afterAll(() => up.stop());

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly number[];
  readonly cwd?: string;
}

/** Runs it in a folder of its own, looking at no port unless told. */
async function init(args: readonly string[], { env = {}, ports = [], cwd = scratch() }: Given = {}) {
  const io = fakeIo({ cwd, env });
  const code = await initFor(ports, args, io);
  const text = (name = "config.yaml") => readFileSync(join(cwd, name), "utf8");
  expect(io.out() + io.err()).not.toContain(SECRET);
  return { code, cwd, out: io.out(), err: io.err(), text };
}

/** Loads what was written; it must be good without a single word. */
function load(text: string, env: Readonly<Record<string, string>> = {}) {
  const { config, problems } = loadConfig("-", { env, stdin: text });
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error("no configuration");
  return config;
}

function listing(...entries: readonly object[]): () => Response {
  return () => Response.json({ object: "list", data: entries });
}

describe("with nothing to find", () => {
  test("a configuration that answers by itself, for this machine", async () => {
    const { code, out, err, text } = await init([]);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    const { server, providers, models, keys } = load(text());
    expect(server.listen).toBe("127.0.0.1:4000");
    expect(Object.keys(providers)).toEqual(["demo"]);
    expect(models).toEqual({ hello: "demo/hello" });
    expect(keys["local"]?.anonymous).toBe(true);
    expect(err).toBe(`./config.yaml is written, with
  demo  answers by itself, without a network
No provider's key is in the environment, and no server on the usual ports of this machine.
Next: postern check --probe && postern serve
`);
  });

  test("its first line names the schema, and it is small and commented", async () => {
    const { text } = await init([]);
    const lines = text().split("\n");
    expect(lines[0]).toBe("# yaml-language-server: $schema=./config.schema.json");
    expect(lines.length).toBeLessThan(50);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

describe("keys in the environment", () => {
  const secrets = Object.entries(PROVIDERS).flatMap(([name, preset]) =>
    preset.place === undefined ? preset.secrets.map((variable) => [variable, name] as const) : [],
  );

  test.each(secrets)("%s is a provider %s, and only its name is written", async (variable, name) => {
    const env = { [variable]: SECRET };
    const { err, text } = await init([], { env });
    expect(Object.keys(load(text(), env).providers)).toEqual(["demo", name]);
    expect(text()).not.toContain(SECRET);
    expect(text()).toContain(`; the key is read from ${variable}.\n  ${name}: {}\n`);
    expect(err).toMatch(new RegExp(`^  ${name} +its key is in ${variable}$`, "m"));
  });

  test("all of them at once", async () => {
    const env = Object.fromEntries(secrets.map(([variable]) => [variable, SECRET]));
    const { text } = await init([], { env });
    const names = [...new Set(secrets.map(([, name]) => name))];
    expect(Object.keys(load(text(), env).providers)).toEqual(["demo", ...names]);
  });

  test("a key file is one, if it is sound and names its project", async () => {
    const found = async (text: string) => {
      const env = { VERTEX_SERVICE_ACCOUNT_JSON: text };
      const { err, text: written } = await init([], { env });
      return [Object.keys(load(written(), env).providers).at(-1), err.split("\n")[0]];
    };
    expect((await found(keyFile()))[0]).toBe("vertex");
    const note = "note: VERTEX_SERVICE_ACCOUNT_JSON is set, but";
    expect(await found(keyFile({ project_id: undefined }))).toEqual([
      "demo",
      `${note} names no project; vertex is left out`,
    ]);
    expect(await found("{}")).toEqual(["demo", `${note} has no client_email; vertex is left out`]);
  });

  test.each([
    ["AWS_BEARER_TOKEN_BEDROCK", "Amazon Bedrock needs a region", "bedrock"],
    ["AZURE_FOUNDRY_API_KEY", "Azure AI Foundry needs a resource", "azure"],
  ])("%s alone is not enough, and that is said", async (variable, reason, name) => {
    const { err, text } = await init([], { env: { [variable]: SECRET } });
    expect(Object.keys(load(text()).providers)).toEqual(["demo"]);
    const note = `note: ${variable} is set, but ${reason} as well, which nobody else knows; ${name} is left out`;
    expect(err).toStartWith(note);
  });

  test("one that is empty is none", async () => {
    const { text } = await init([], { env: { OPENAI_API_KEY: "" } });
    expect(Object.keys(load(text()).providers)).toEqual(["demo"]);
  });

  test("one that no header can carry is left out, and that is said", async () => {
    const env = { OPENAI_API_KEY: `${SECRET}\n` };
    const { err, text } = await init([], { env });
    expect(Object.keys(load(text(), env).providers)).toEqual(["demo"]);
    expect(err).toStartWith("note: OPENAI_API_KEY is set, but holds a line break");
  });
});

describe("servers on this machine", () => {
  test("one of which nobody knows what it is gets its port as a name", async () => {
    up.answer(listing({ id: "org/Model-1", owned_by: "me", created: 1 }, { id: "b", owned_by: "me" }));
    const { err, text } = await init([], { ports: [up.port] });
    const name = `local-${up.port}`;
    expect(load(text()).providers[name]).toMatchObject({
      type: "openai-compatible",
      base_url: `${up.url}/v1`,
      auth: "none",
    });
    expect(text()).toContain(`with 2 models; clients ask for ${name}/org/Model-1.`);
    expect(text()).toContain(`  # fast: ${name}/org/Model-1\n`);
    expect(err).toContain(`  ${name}  ${up.url}/v1 (2 models)\n`);
    expect(up.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(["GET /v1/models"]);
  });

  test("one that is known by its list gets its preset, and its address where that is not the usual one", async () => {
    up.answer(listing({ id: "q", owned_by: "vllm" }));
    const { text } = await init([], { ports: [up.port] });
    expect(load(text()).providers["vllm"]).toMatchObject({ type: "vllm", base_url: `${up.url}/v1` });
  });

  test("on its usual port the preset says it all; a second one is told by its port", () => {
    const text = firstConfig({
      keys: [],
      servers: [
        { port: 8000, type: "vllm", models: ["a"] },
        { port: 8080, type: "vllm", models: [] },
        { port: 3000, type: undefined, models: ["b"] },
      ],
    });
    expect(text).toContain("\n  vllm: {}\n");
    const { providers } = load(text);
    expect(providers["vllm-8080"]).toMatchObject({ type: "vllm", base_url: "http://127.0.0.1:8080/v1" });
    expect(providers["local-3000"]?.base_url).toBe("http://127.0.0.1:3000/v1");
  });

  test("a model's id that would not be plain text is not repeated", async () => {
    up.answer(listing({ id: "a\nkeys: {}" }, { id: `\${HOME}` }, { id: "x".repeat(500) }, { id: "# {}" }));
    const { text } = await init([], { ports: [up.port] });
    load(text());
    expect(text()).toContain("with 4 models.\n");
    expect(text()).not.toContain("HOME");
  });

  test.each([
    ["a page", () => new Response("<html>")],
    ["JSON that is no list", () => Response.json({ status: "ok" })],
    ["a refusal", () => new Response("", { status: 401 })],
    ["a redirect", () => Response.redirect("/login", 302)],
    [
      "another Postern",
      () => Response.json({ data: [{ id: "a" }] }, { headers: { "x-postern-request-id": "x" } }),
    ],
  ])("%s is no server", async (_, answer) => {
    up.answer(answer);
    expect(await findServers([up.port])).toEqual([]);
  });

  test("one that does not answer is not waited for, and the others are found", async () => {
    const silent = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data() {} } });
    const closed = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data() {} } });
    closed.stop(true);
    up.answer(listing({ id: "a", owned_by: "vllm" }));
    const found = await findServers([silent.port, closed.port, up.port]);
    silent.stop(true);
    expect(found).toEqual([{ port: up.port, type: "vllm", models: ["a"] }]);
  });
});

describe("where it is written", () => {
  test("to the file that --config or the variable names", async () => {
    const given = await init(["--config", "my gateway.yaml"]);
    load(given.text("my gateway.yaml"));
    expect(given.err).toEndWith(
      "Next: postern check --probe --config 'my gateway.yaml' && postern serve --config 'my gateway.yaml'\n",
    );
    const named = await init([], { env: { POSTERN_CONFIG: "named.yaml" } });
    load(named.text("named.yaml"));
  });

  test.each([[["--print"]], [["-"]], [["--config", "-"]]])("%j prints it instead", async (args) => {
    const { code, cwd, out, err } = await init(args);
    expect(code).toBe(0);
    load(out);
    expect(err).toStartWith("Found:\n  demo  ");
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("never over a file, a folder or a link that is there", async () => {
    const cwd = scratch({ "config.yaml": "mine" });
    mkdirSync(join(cwd, "folder"));
    symlinkSync("nowhere", join(cwd, "link.yaml"));
    for (const name of ["config.yaml", "folder", "link.yaml"]) {
      const io = fakeIo({ cwd });
      expect(await run(["init", "--config", name], io)).toBe(1);
      expect(io.err()).toBe(
        `postern: ${name} is there already and was not changed; name another file with --config, or print it with --print\n`,
      );
    }
    expect(readFileSync(join(cwd, "config.yaml"), "utf8")).toBe("mine");
    expect(readdirSync(cwd).sort()).toEqual(["config.yaml", "folder", "link.yaml"]);
  });

  test("not into a folder that is not there", async () => {
    const io = fakeIo({ cwd: scratch() });
    expect(await run(["init", "--config", "none/config.yaml"], io)).toBe(1);
    expect(io.err()).toBe("postern: none/config.yaml cannot be written: there is no such folder\n");
  });
});

test.each([
  [["config.yaml"], '"config.yaml" is no option of init; a file is named with --config'],
  [["-", "-"], "too many words: init takes 1"],
  [["--force"], 'unknown option "--force"; there is --config, --print and --help'],
])("init %j is wrong usage", async (args, message) => {
  const io = fakeIo({ cwd: scratch() });
  expect(await run(["init", ...args], io)).toBe(2);
  expect(io.err()).toBe(`postern: ${message}\nSee \`postern init --help\`.\n`);
});
