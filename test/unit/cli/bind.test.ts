// Where a listener cannot be opened, and why: told with the setting; a socket file left over from a crash is replaced.

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { type BoundListener, bind } from "../../../src/cli/bind.ts";
import { CommandError } from "../../../src/cli/io.ts";
import type { AdminPlane } from "../../../src/http/admin/plane.ts";
import type { DataPlane } from "../../../src/http/data-plane.ts";
import { scratch } from "../../support/scratch.ts";
import { configOf } from "../../support/snapshots.ts";

/** Nobody asks it anything. */
const PLANE = {} as DataPlane;
const ADMINISTRATION = {} as AdminPlane;

const open: BoundListener[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
  for (const server of servers.splice(0)) server.close();
});

async function bound(listen: string, more = ""): Promise<BoundListener> {
  const { config } = configOf(`server: { listen: "${listen}"${more} }\n`);
  const listener = await bind(config, PLANE, ADMINISTRATION);
  open.push(listener);
  return listener;
}

async function refusal(listen: string): Promise<string> {
  const thrown = await bound(listen).then(
    () => "was bound",
    (error: unknown) => error,
  );
  return thrown instanceof CommandError ? thrown.message : String(thrown);
}

async function listening(path: string): Promise<Server> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

describe("a port", () => {
  test("of 0 is any that is free", async () => {
    const listener = await bound("127.0.0.1:0");
    expect(listener.port).toBeGreaterThan(0);
    expect(await refusal(`127.0.0.1:${listener.port}`)).toMatch(
      /^cannot listen on 127\.0\.0\.1:\d+ \(server\.listen\): another process listens there/,
    );
  });
});

describe("a unix socket", () => {
  test("is there with the mode asked for, and has no port", async () => {
    const path = join(scratch(), "x.sock");
    const listener = await bound(`unix:${path}`, ', listen_mode: "0600"');
    expect([statSync(path).mode & 0o777, listener.port]).toEqual([0o600, undefined]);
  });

  test("that nobody answers on is replaced", async () => {
    const folder = scratch();
    const path = join(folder, "x.sock");
    const child = Bun.spawnSync([
      process.execPath,
      "-e",
      `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
    ]);
    expect([child.signalCode, existsSync(path)]).toEqual(["SIGKILL", true]);
    await bound(`unix:${path}`);
    expect(await refusal(`unix:${path}`)).toContain("another process listens there");
  });

  test("that another process answers on is left to it", async () => {
    const path = join(scratch(), "x.sock");
    await listening(path);
    expect(await refusal(`unix:${path}`)).toContain("another process listens there");
    expect(existsSync(path)).toBe(true);
  });

  test("is never put in the place of a file", async () => {
    const folder = scratch({ "x.sock": "precious" });
    expect(await refusal(`unix:${join(folder, "x.sock")}`)).toContain("a file that is no socket is there");
    expect(await Bun.file(join(folder, "x.sock")).text()).toBe("precious");
  });
});
