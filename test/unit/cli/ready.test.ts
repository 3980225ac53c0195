// `postern ready`: waits for the gateway of a configuration.

import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";
import { fakeIo } from "../../support/fake-io.ts";
import { scratch } from "../../support/scratch.ts";

const servers: { stop(force: boolean): unknown }[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) void server.stop(true);
});

function serverThat(answers: (request: Request) => Response): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answers });
  servers.push(server);
  return server.port ?? 0;
}

async function outcome(listen: string, ...options: readonly string[]) {
  const io = fakeIo({ stdin: `server: { listen: '${listen}' }\n` });
  const code = await run(["ready", "--config", "-", ...options], io);
  return { code, out: io.out(), err: io.err() };
}

test("a gateway that is ready", async () => {
  const asked: string[] = [];
  const port = serverThat((request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("ok");
  });
  expect(await outcome(`127.0.0.1:${port}`)).toEqual({
    code: 0,
    out: `http://127.0.0.1:${port} is ready\n`,
    err: "",
  });
  expect(asked).toEqual(["/readyz"]);
});

test("a gateway that becomes ready while it is asked", async () => {
  let tries = 0;
  const port = serverThat(() => new Response("", { status: ++tries < 3 ? 503 : 200 }));
  expect((await outcome(`127.0.0.1:${port}`)).code).toBe(0);
  expect(tries).toBe(3);
});

test("a gateway on a unix socket", async () => {
  const unix = join(scratch(), "p.sock");
  servers.push(Bun.serve({ unix, fetch: () => new Response("ok") }));
  expect(await outcome(`unix:${unix}`)).toMatchObject({ code: 0, out: `unix:${unix} is ready\n` });
});

describe("what is said when the time is up", () => {
  test("an answer other than 200", async () => {
    const port = serverThat(() => new Response("", { status: 503 }));
    expect(await outcome(`127.0.0.1:${port}`, "--timeout", "150ms")).toEqual({
      code: 1,
      out: "",
      err: `postern: http://127.0.0.1:${port} is not ready after 150ms: it answers 503\n`,
    });
  });

  test("a redirect is no answer of the gateway", async () => {
    const port = serverThat(() => Response.redirect("/elsewhere", 302));
    expect((await outcome(`127.0.0.1:${port}`, "--timeout", "0")).err).toContain("it answers 302");
  });

  test("nothing there", async () => {
    const port = serverThat(() => new Response(""));
    for (const server of servers.splice(0)) await server.stop(true);
    expect((await outcome(`127.0.0.1:${port}`, "--timeout=0")).err).toContain("nothing listens there");
    expect((await outcome("unix:/nonexistent.sock", "--timeout=0")).err).toContain("no such socket");
  });

  test("a server that never answers", async () => {
    const silent = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data() {} } });
    servers.push(silent);
    expect((await outcome(`127.0.0.1:${silent.port}`, "--timeout=50ms")).err).toContain("no answer");
  });
});

test.each(["soon", "10", "-1s"])("--timeout=%s is wrong usage", async (timeout) => {
  expect(await outcome("127.0.0.1:4000", `--timeout=${timeout}`)).toMatchObject({ code: 2, out: "" });
});
