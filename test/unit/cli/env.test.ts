// `postern env`: what is printed for a client, and what for one that is not there.

import { describe, expect, test } from "bun:test";
import { env } from "../../../src/cli/env.ts";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";

const CONFIG = "server: { base_path: /gw }\nproviders: { demo: { type: mock, models: [echo] } }\n";

async function outcome(argv: readonly string[], stdin = CONFIG) {
  const io = fakeIo({ stdin });
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

  test("over a unix socket the snippets say how", async () => {
    const { out } = await outcome(["openai"], "server: { listen: 'unix:/run/p.sock' }\n");
    expect(out).toContain("export OPENAI_BASE_URL=http://localhost/v1\n");
    expect(out).toContain('socketPath: "/run/p.sock"');
    expect(out).toContain('uds="/run/p.sock"');
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

describe("other clients", () => {
  test.each([
    ["langchain", "LangChain (langchain) is not in this version; there is: openai"],
    ["claude-code", "Claude Code (claude-code) is not in this version; there is: openai"],
    ["opnai", 'unknown client "opnai" (did you mean openai?); there is: openai'],
    ["xyzzy", 'unknown client "xyzzy"; there is: openai'],
    ["toString", 'unknown client "toString"; there is: openai'],
  ])("%s", async (client, message) => {
    const { code, out, err } = await outcome([client]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`postern: ${message}\nSee \`postern env --help\`.\n`);
  });

  test("none", async () => {
    expect((await outcome([])).err).toContain("env needs a client; there is: openai");
    expect(env(["openai", "more"], fakeIo())).rejects.toThrow("too many words");
  });
});
