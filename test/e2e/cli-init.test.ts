// `init` of the compiled binary: from an empty folder to a gateway that answers, and what it finds on the way.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_PORTS } from "../../src/catalog/local-servers.ts";
import { ensureBinary } from "../support/binary.ts";
import { startGateway } from "../support/gateway.ts";
import { scratch } from "../support/scratch.ts";

const SECRET = "canary-provider-key-77aa";

function postern(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawnSync([ensureBinary(), ...args], { cwd, env, timeout: 20_000 });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

test("what it writes is good, and answers its first request", async () => {
  const cwd = scratch();
  expect(postern(cwd, ["init"])).toMatchObject({ code: 0, out: "" });
  expect(readdirSync(cwd)).toEqual(["config.yaml"]);
  const checked = postern(cwd, ["check", "--json"]);
  expect(JSON.parse(checked.out)).toEqual({ ok: true, problems: [] });

  const yaml = readFileSync(join(cwd, "config.yaml"), "utf8");
  const gateway = await startGateway({ yaml: yaml.replace("127.0.0.1:4000", `127.0.0.1:\${PORT}`) });
  const answer = await gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "hello", messages: [{ role: "user", content: "Hello" }] }),
  });
  expect(answer.status).toBe(200);
  await gateway.stop();
});

test("a second time it changes nothing", () => {
  const cwd = scratch({ "config.yaml": "# mine\n" });
  const { code, out, err } = postern(cwd, ["init"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(
    "postern: ./config.yaml is there already and was not changed; name another file with --config, or print it with --print\n",
  );
  expect(readFileSync(join(cwd, "config.yaml"), "utf8")).toBe("# mine\n");
});

test("a key in the environment is named, and never written or printed", () => {
  const cwd = scratch();
  const env = { ANTHROPIC_API_KEY: SECRET, MISTRAL_API_KEY: SECRET };
  const { code, out, err } = postern(cwd, ["init"], env);
  expect(code).toBe(0);
  const yaml = readFileSync(join(cwd, "config.yaml"), "utf8");
  expect(out + err + yaml).not.toContain(SECRET);
  expect(yaml).toContain("\n  anthropic: {}\n");
  expect(yaml).toContain("\n  mistral: {}\n");
  expect(JSON.parse(postern(cwd, ["check", "--json"], env).out)).toEqual({ ok: true, problems: [] });
});

/** A server on the first of the usual ports that is free; the machine may have servers of its own on the others. */
function serveOnUsualPort() {
  for (const port of LOCAL_PORTS) {
    try {
      const body = { object: "list", data: [{ id: "org/model-x", owned_by: "vllm" }] };
      return Bun.serve({ hostname: "127.0.0.1", port, fetch: () => Response.json(body) });
    } catch {}
  }
  throw new Error("every one of the usual ports is taken");
}

test("a server on a usual port is found, past a proxy of the environment", async () => {
  const server = serveOnUsualPort();
  const cwd = scratch();
  // Not spawnSync: this process is the server.
  const child = Bun.spawn([ensureBinary(), "init", "--print"], {
    cwd,
    env: { HTTP_PROXY: "http://127.0.0.1:9" },
    stderr: "pipe",
  });
  const [yaml, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  await server.stop(true);
  expect(code).toBe(0);
  expect(err).toMatch(new RegExp(`^  vllm(-\\d+)? +http://127.0.0.1:${server.port}/v1 \\(1 model\\)$`, "m"));
  expect(yaml).toMatch(/clients ask for vllm(-\d+)?\/org\/model-x\./);
});
