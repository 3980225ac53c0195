// A running gateway takes over its configuration however it is written, and nothing that is bad.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ensureBinary } from "../support/binary.ts";
import { until, within } from "../support/deadline.ts";
import { freePort, type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { hashOf, virtualKey } from "../support/keys.ts";
import { readLines } from "../support/lines.ts";
import { liveYaml, modelIds, replaceFile, rewrite, untilLive } from "../support/live-config.ts";
import { scratch } from "../support/scratch.ts";
import {
  chatChunk,
  DONE,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
  pacedStream,
} from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;
let config: string;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway({ yaml: liveYaml({ marker: "first" }) });
  config = join(gateway.dir, "config.yaml");
});

afterAll(async () => {
  expect(await gateway?.stop()).toBe(0);
  await upstream?.stop();
});

/** A provider that is the test's upstream. */
function up(more = ""): string {
  return `up: { base_url: "${upstream.url}/v1", auth: bearer, api_key: "key-one"${more} }`;
}

function removeAndWrite(text: string): void {
  unlinkSync(config);
  writeFileSync(config, text);
}

function writeWithBackup(text: string): void {
  renameSync(config, `${config}~`);
  writeFileSync(config, text);
  unlinkSync(`${config}~`);
}

function emptyThenWrite(text: string): void {
  writeFileSync(config, "");
  writeFileSync(config, text);
}

/** As a file bind-mounted on its own is changed: no folder that the gateway could watch is told. */
function writeUnderAnotherName(text: string): void {
  const name = join(scratch(), "source.yaml");
  linkSync(config, name);
  writeFileSync(name, text);
}

describe("the configuration file", () => {
  const WAYS: [string, (text: string) => void][] = [
    ["written in place", (text) => writeFileSync(config, text)],
    ["emptied and written", emptyThenWrite],
    ["replaced by a rename", (text) => replaceFile(config, text)],
    ["replaced by a second rename", (text) => replaceFile(config, text)],
    ["removed and written anew", removeAndWrite],
    ["written beside a backup, as editors do", writeWithBackup],
    ["written where no watched folder is", writeUnderAnotherName],
  ];

  test.each(WAYS.map(([name, write], i) => [name, write, `way-${i}`] as const))(
    "%s is live",
    async (_, write, marker) => {
      write(liveYaml({ marker }));
      await untilLive(gateway, marker);
    },
  );

  test("behind the links of a Kubernetes volume is live after every swap", async () => {
    const swap = (version: number): void => {
      const folder = join(gateway.dir, `..v${version}`);
      mkdirSync(folder);
      writeFileSync(join(folder, "config.yaml"), liveYaml({ marker: `swap-${version}` }));
      symlinkSync(`..v${version}`, join(gateway.dir, "..data_tmp"));
      renameSync(join(gateway.dir, "..data_tmp"), join(gateway.dir, "..data"));
      rmSync(join(gateway.dir, `..v${version - 1}`), { recursive: true, force: true });
    };
    swap(1);
    symlinkSync("..data/config.yaml", `${config}.link`);
    renameSync(`${config}.link`, config);
    await untilLive(gateway, "swap-1");
    for (const version of [2, 3, 4]) {
      swap(version);
      await untilLive(gateway, `swap-${version}`);
    }
    unlinkSync(config);
    writeFileSync(config, liveYaml({ marker: "file-again" }));
    await untilLive(gateway, "file-again");
  });
});

describe("a bad file", () => {
  test("leaves the last good one in force, and each problem is logged once", async () => {
    rewrite(gateway, { marker: "before-bad" });
    await untilLive(gateway, "before-bad");
    const before = gateway.log().length;
    replaceFile(config, liveYaml({ marker: "bad", server: ["max_bdy: 1MiB"], more: ["nonsense: 1"] }));
    await gateway.logged(({ path }) => path === "nonsense");
    gateway.signal("SIGHUP");
    await gateway.logged(({ msg }) => String(msg).startsWith("the configuration is still bad"));
    expect(await modelIds(gateway)).toContain("before-bad");
    const problems = gateway
      .log()
      .slice(before)
      .filter(({ level }) => level === "error");
    expect(problems.map(({ path, line, column }) => [path, line, column])).toEqual([
      ["server.max_bdy", 3, 3],
      ["nonsense", 10, 1],
    ]);
    rewrite(gateway, { marker: "after-bad" });
    await untilLive(gateway, "after-bad");
    await gateway.logged(({ msg }) => String(msg).includes("good again"));
  });

  test("that is gone for a while changes nothing until it is back", async () => {
    const text = readFileSync(config, "utf8");
    const before = gateway.log().length;
    unlinkSync(config);
    await until("a log line", () =>
      gateway
        .log()
        .slice(before)
        .find(({ level }) => level === "error"),
    );
    expect(await modelIds(gateway)).toContain("after-bad");
    writeFileSync(config, text.replace("after-bad", "back"));
    await untilLive(gateway, "back");
  });
});

describe("what a reload changes", () => {
  test("are keys, at once: a revoked one is refused, a new one works", async () => {
    const bob = virtualKey("bob");
    const carol = virtualKey("carol");
    const statusOf = async (key: string): Promise<number> =>
      (await gateway.fetch("/v1/key", { headers: { authorization: `Bearer ${key}` } })).status;
    rewrite(gateway, { marker: "keys-1", keys: [`bob: { hash: "${hashOf(bob)}" }`] });
    await untilLive(gateway, "keys-1");
    expect(await Promise.all([bob, carol].map(statusOf))).toEqual([200, 401]);
    rewrite(gateway, { marker: "keys-2", keys: [`carol: { hash: "${hashOf(carol)}" }`] });
    await untilLive(gateway, "keys-2");
    expect(await Promise.all([bob, carol].map(statusOf))).toEqual([401, 200]);
    const line = await gateway.logged(({ added }) => String(added).includes("keys.carol"));
    expect(line["removed"]).toContain("keys.bob");
    expect(gateway.stdout().join("\n")).not.toContain(hashOf(carol));
  });

  test("are secrets in files, when nothing else does", async () => {
    mkdirSync(join(gateway.dir, "secrets"));
    const secret = join(gateway.dir, "secrets", "up");
    writeFileSync(secret, "key-one\n");
    const providers = [`up: { base_url: "${upstream.url}/v1", api_key: "\${file:secrets/up}" }`];
    rewrite(gateway, { marker: "secret", providers });
    await untilLive(gateway, "secret");
    const sent = async (): Promise<string | undefined> => {
      upstream.reset();
      await (await gateway.post("/v1/chat/completions", { model: "up/m" })).text();
      return upstream.requests[0]?.headers["authorization"];
    };
    expect(await sent()).toBe("Bearer key-one");
    for (const key of ["key-two", "key-six"]) {
      replaceFile(secret, `${key}\n`);
      await until("the new secret", async () => ((await sent()) === `Bearer ${key}` ? true : undefined));
    }
  });

  test("are included files that come, change and go, in a folder that was not there", async () => {
    const folder = join(gateway.dir, "conf.d");
    rewrite(gateway, { marker: "including", more: ["include: [conf.d/*.yaml]"] });
    await untilLive(gateway, "including");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.yaml"), "models: { included-a: demo/m }\n");
    await untilLive(gateway, "included-a");
    writeFileSync(join(folder, "b.yaml"), "models: { included-b: demo/m }\n");
    await untilLive(gateway, "included-b");
    writeFileSync(join(folder, "a.yaml"), "models: { included-c: demo/m }\n");
    await untilLive(gateway, "included-c");
    unlinkSync(join(folder, "b.yaml"));
    await until("the model to go", async () =>
      (await modelIds(gateway)).includes("included-b") ? undefined : true,
    );
    expect(await modelIds(gateway)).toContain("included-c");
  });

  test("is nothing for a stream that is under way", async () => {
    rewrite(gateway, { marker: "with-up", providers: [up()] });
    await untilLive(gateway, "with-up");
    const stream = pacedStream();
    upstream.answer(() => stream.response);
    const answer = gateway.post("/v1/chat/completions", { model: "up/m", stream: true });
    stream.send(firstChunk("one"));
    const reader = (await answer).body?.getReader();
    const first = await reader?.read();
    rewrite(gateway, { marker: "without-up" });
    await untilLive(gateway, "without-up");
    expect((await gateway.post("/v1/chat/completions", { model: "up/m" })).status).toBe(404);
    stream.send(chatChunk("two") + lastChunk() + DONE);
    stream.end();
    let text = new TextDecoder().decode(first?.value);
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) break;
      text += new TextDecoder().decode(part.value);
    }
    expect(text).toContain("two");
    expect(text).toEndWith(DONE);
  });

  test("is not the counter of a mock provider that stays as it is", async () => {
    const second = "second: { type: mock, mock: { fail: { every: 2, status: 500 } } }";
    const status = async (): Promise<number> =>
      (await gateway.post("/v1/chat/completions", { model: "second/m", messages: [] })).status;
    rewrite(gateway, { marker: "count-1", providers: [second] });
    await untilLive(gateway, "count-1");
    const first = await status();
    rewrite(gateway, { marker: "count-2", providers: [second] });
    await untilLive(gateway, "count-2");
    expect([first, await status()]).toEqual([400, 500]);
  });

  test("does not include the address: that is said, and it stays", async () => {
    replaceFile(config, liveYaml({ marker: "moved" }).replace(`\${PORT}`, "1"));
    const line = await gateway.logged(({ settings }) => settings !== undefined);
    expect([line["level"], line["settings"]]).toEqual(["warn", ["server.listen"]]);
    await untilLive(gateway, "moved");
  });
});

describe("SIGHUP", () => {
  test("reloads, and says when nothing has changed", async () => {
    rewrite(gateway, { marker: "hangup" });
    gateway.signal("SIGHUP");
    await untilLive(gateway, "hangup");
    gateway.signal("SIGHUP");
    await gateway.logged(({ msg }) => msg === "the configuration has not changed");
  });

  test("says that what came from standard input cannot be read again", async () => {
    const child = Bun.spawn([ensureBinary(), "serve", "--config", "-"], {
      stdin: new Blob([liveYaml({ marker: "piped" })]),
      stdout: "pipe",
      stderr: "pipe",
      env: { PORT: String(await freePort()) },
    });
    const [stdout, stderr] = [readLines(child.stdout), readLines(child.stderr)];
    try {
      await until("the start", () => (stderr.text().includes("try it:") ? true : undefined));
      child.kill("SIGHUP");
      await until("the answer", () => stdout.lines.find((line) => line.includes("standard input")));
    } finally {
      child.kill("SIGTERM");
    }
    expect(await within("the end", child.exited)).toBe(0);
  });
});

describe("an address that a gateway listens on", () => {
  test("is not shared with a second one", async () => {
    const second = await within(
      "the second one to give up",
      runPostern(["serve", "--config", "config.yaml"], {
        yaml: liveYaml({ marker: "second" }).replace(`\${PORT}`, String(gateway.port)),
      }),
    );
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(String(gateway.port))]);
  });
});
