// `postern env`: what is printed for a client, and what for one that is not there.

import { describe, expect, test } from "bun:test";
import { CLIENTS } from "../../../src/cli/env/table.ts";
import { env } from "../../../src/cli/env.ts";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { hashOf, virtualKey } from "../../support/keys.ts";

const CONFIG = "server: { base_path: /gw }\nproviders: { demo: { type: mock, models: [echo] } }\n";
const KEY = virtualKey("env");

async function outcome(
  argv: readonly string[],
  stdin = CONFIG,
  variables: Readonly<Record<string, string>> = {},
) {
  const io = fakeIo({ stdin, env: variables, now: () => Date.parse("2026-11-21T00:00:00Z") });
  const code = await run(["env", ...argv, "--config", "-"], io);
  return { code, out: io.out(), err: io.err() };
}

describe("env openai", () => {
  test("two variables, then snippets and limits as comments", async () => {
    const { code, out, err } = await outcome(["openai", "--key", "sk-postern-x"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [url, key, ...rest] = out.trimEnd().split("\n");
    expect(url).toBe("export OPENAI_BASE_URL=http://127.0.0.1:4000/gw/v1");
    expect(key).toBe("export OPENAI_API_KEY=sk-postern-x");
    expect(rest.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
    for (const part of ["new OpenAI()", "OpenAI()", '"demo/echo"', "Known limits"])
      expect(out).toContain(part);
  });

  test("without --key it refers to the variable that the banner uses", async () => {
    expect((await outcome(["openai"])).out).toContain("\nexport OPENAI_API_KEY=$POSTERN_KEY\n");
  });

  test("a shell that evaluates it has both variables and nothing else happens", async () => {
    const { out } = await outcome(["openai", "--key", "a'b $(touch /x)"], `${CONFIG}x-a: 1\n`);
    const shell = Bun.spawnSync(["sh", "-c", `${out}\nprintf '%s\\n' "$OPENAI_BASE_URL" "$OPENAI_API_KEY"`]);
    expect(shell.stderr.toString()).toBe("");
    expect(shell.stdout.toString()).toBe("http://127.0.0.1:4000/gw/v1\na'b $(touch /x)\n");
  });

  test("secrets that are not set do not matter", async () => {
    expect((await outcome(["openai"], `providers: { openai: { api_key: '\${NOT_SET}' } }\n`)).code).toBe(0);
  });

  test("a bad configuration is said with its problems", async () => {
    const { code, out, err } = await outcome(["openai"], "servr: {}\n");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("servr");
  });
});

describe("a gateway on a unix socket", () => {
  const SOCKET = "server: { listen: 'unix:/run/p.sock' }\n";

  test("the OpenAI SDKs are shown how", async () => {
    const { out } = await outcome(["openai"], SOCKET);
    expect(out).toContain("export OPENAI_BASE_URL=http://localhost/v1\n");
    expect(out).toContain('socketPath: "/run/p.sock"');
    expect(out).toContain('uds="/run/p.sock"');
  });

  test("the Anthropic SDK for Node is shown how", async () => {
    const { out } = await outcome(["anthropic"], SOCKET);
    expect(out).toContain('socketPath: "/run/p.sock"');
  });

  test.each(Object.keys(CLIENTS).filter((client) => CLIENTS[client]?.sockets !== true))(
    "%s is said to be unable",
    async (client) => {
      const { code, out, err } = await outcome([client], SOCKET);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain("cannot use a unix socket (/run/p.sock): give server.listen a host and a port");
    },
  );
});

describe("the models that are named", () => {
  const PROVIDERS =
    "providers: { a: { base_url: 'http://127.0.0.1:1', models: [x/y, z, '!z'] }, b: { base_url: 'http://127.0.0.1:2', model: p } }\n" +
    "models: { fast: a/x/y, slow: b/any }\n";
  const listed = (out: string) => /^# Models of the configuration: (.*)$/m.exec(out)?.[1]?.split(", ");
  const keyed = (settings: string) =>
    `${PROVIDERS}keys: { me: { hash: '${hashOf(KEY)}', user: u, ${settings} } }\n`;

  test("public names, then declared ids and pins that the provider's own list allows", async () => {
    expect(listed((await outcome(["openai"], PROVIDERS)).out)).toEqual(["fast", "slow", "a/x/y", "b/p"]);
  });

  test.each([
    ["models_allowed: [fast]", ["fast"]],
    ["models_allowed: ['b/*']", ["slow", "b/p"]],
    ["providers_allowed: [a]", ["fast", "a/x/y"]],
    ["aliases: { mine: fast, other: b/p }", ["fast", "slow", "mine", "other", "a/x/y", "b/p"]],
  ])("for a key with %s", async (settings, models) => {
    const { out } = await outcome(["openai", "--key", KEY], keyed(settings));
    expect(listed(out)).toEqual(models);
    expect(out).toContain(`model: "${models[0]}"`);
    expect(out).not.toContain("# !");
  });

  test("the key of $POSTERN_KEY counts, and is not printed", async () => {
    const { out } = await outcome(["openai"], keyed("models_allowed: [fast]"), { POSTERN_KEY: KEY });
    expect(listed(out)).toEqual(["fast"]);
    expect(out).not.toContain(KEY);
  });

  test.each([
    ["an unknown key", "sk-postern-other", "", "answered with 401"],
    ["a disabled key", KEY, "disabled: true", "answered with 403: the key me is disabled"],
    ["an expired key", KEY, "expires: 2026-01-31", "answered with 403: the key me expired"],
  ])("%s is said to be one", async (_what, key, settings, text) => {
    const { code, out } = await outcome(["openai", "--key", key], keyed(settings));
    expect(code).toBe(0);
    expect(out.replaceAll("\n#  ", "")).toContain(text);
  });
});

describe("clients that are not there", () => {
  const ALL = `there is: ${Object.keys(CLIENTS).join(", ")}`;

  test.each([
    ["opnai", `unknown client "opnai" (did you mean openai?); ${ALL}`],
    ["xyzzy", `unknown client "xyzzy"; ${ALL}`],
    ["toString", `unknown client "toString"; ${ALL}`],
  ])("%s", async (client, message) => {
    const { code, out, err } = await outcome([client]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`postern: ${message}\nSee \`postern env --help\`.\n`);
  });

  test("none", async () => {
    expect((await outcome([])).err).toContain("env needs a client; there is: openai, anthropic");
    expect(env(["openai", "more"], fakeIo())).rejects.toThrow("too many words");
  });
});
