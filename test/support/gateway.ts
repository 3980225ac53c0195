// Runs the compiled gateway as a child process on a free port, with a configuration written for the test.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ensureBinary } from "./binary.ts";
import { until, within } from "./deadline.ts";
import { TEST_KEY, UPSTREAM_KEY } from "./keys.ts";
import { type LineBuffer, readLines } from "./lines.ts";

export interface GatewayOptions {
  /** Text of config.yaml. Without a `listen:` line the helper adds `127.0.0.1:${PORT}`. */
  readonly yaml: string;
  /** Beside PATH, HOME, PORT and UP_KEY nothing of the test's own environment reaches the gateway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further files of the configuration's folder: relative path → content. */
  readonly files?: Readonly<Record<string, string>>;
  /** How the gateway is reached, where that is not plain HTTP on the port. */
  readonly reach?: "http" | "https" | { readonly unix: string };
}

export type LogLine = Readonly<Record<string, unknown>>;

export interface Gateway {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The folder of config.yaml, also the working directory of the process. */
  readonly dir: string;
  readonly exited: Promise<number>;
  /** Lines of stdout so far. */
  stdout(): readonly string[];
  stderr(): string;
  /** Log lines so far, those that are JSON. */
  log(): readonly LogLine[];
  /** The first log line, past or coming, that the test recognises. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>;
  /** A request without credentials; redirects are never followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** A JSON POST with the test key as Bearer; a string body goes out as it is. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGKILL"): void;
  /** SIGTERM, a second one after three seconds; resolves with the exit code. Idempotent. */
  stop(): Promise<number>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function withListen(yaml: string): string {
  if (/^\s+listen:|listen: /m.test(yaml)) return yaml;
  const line = `  listen: 127.0.0.1:\${PORT}`;
  return /^server:\s*$/m.test(yaml)
    ? yaml.replace(/^server:\s*$/m, `server:\n${line}`)
    : `server:\n${line}\n${yaml}`;
}

/** Writes the configuration's folder; returns its path. */
export function writeConfiguration(options: GatewayOptions): string {
  const dir = mkdtempSync(join(tmpdir(), "postern-test-"));
  chmodSync(dir, 0o755);
  for (const [path, content] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  writeFileSync(join(dir, "config.yaml"), withListen(options.yaml));
  return dir;
}

interface Child {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly stdout: LineBuffer;
  readonly stderr: LineBuffer;
  readonly port: number;
  readonly dir: string;
}

async function launch(options: GatewayOptions): Promise<Child> {
  const dir = writeConfiguration(options);
  const port = await freePort();
  const child = Bun.spawn([ensureBinary(), "serve", "--config", join(dir, "config.yaml")], {
    cwd: dir,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: dir,
      PORT: String(port),
      UP_KEY: UPSTREAM_KEY,
      ...options.env,
    },
  });
  return { process: child, stdout: readLines(child.stdout), stderr: readLines(child.stderr), port, dir };
}

function reachOf(options: GatewayOptions, child: Child): { url: string; extra: BunFetchRequestInit } {
  const { reach = "http" } = options;
  if (reach === "http") return { url: `http://127.0.0.1:${child.port}`, extra: {} };
  if (reach === "https") {
    return { url: `https://127.0.0.1:${child.port}`, extra: { tls: { rejectUnauthorized: false } } };
  }
  return { url: "http://localhost", extra: { unix: resolve(child.dir, reach.unix) } };
}

async function stopChild(child: Child): Promise<number> {
  child.process.kill("SIGTERM");
  const again = setTimeout(() => child.process.kill("SIGTERM"), 3_000);
  const last = setTimeout(() => child.process.kill("SIGKILL"), 6_000);
  const code = await child.process.exited;
  clearTimeout(again);
  clearTimeout(last);
  rmSync(child.dir, { recursive: true, force: true });
  return code;
}

async function becomeReady(child: Child, reach: Gateway["fetch"]): Promise<void> {
  await until("readyz", async () => {
    if (child.process.exitCode !== null) {
      throw new Error(`the gateway exited with ${child.process.exitCode}:\n${child.stderr.text()}`);
    }
    return reach("/readyz", { headers: { connection: "close" }, signal: AbortSignal.timeout(2_000) }).then(
      (answer) => (answer.status === 200 ? true : undefined),
      () => undefined,
    );
  });
}

/** Starts the gateway and waits until `/readyz` answers 200. Rejects with its stderr when it exits instead. */
export async function startGateway(config: string | GatewayOptions): Promise<Gateway> {
  const options = typeof config === "string" ? { yaml: config } : config;
  const child = await launch(options);
  const { url, extra } = reachOf(options, child);
  const reach = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { redirect: "manual", ...extra, ...init } as BunFetchRequestInit);
  try {
    await becomeReady(child, reach);
  } catch (error) {
    child.process.kill("SIGKILL");
    rmSync(child.dir, { recursive: true, force: true });
    throw error;
  }
  return gatewayOf(child, url, reach);
}

function gatewayOf(child: Child, url: string, reach: Gateway["fetch"]): Gateway {
  let stopped: Promise<number> | undefined;
  const parsed = () => child.stdout.lines.flatMap(parseLogLine);
  return {
    url,
    port: child.port,
    pid: child.process.pid,
    dir: child.dir,
    exited: child.process.exited,
    stdout: () => child.stdout.lines,
    stderr: () => child.stderr.text(),
    log: parsed,
    logged: (matches) => until("a log line", () => parsed().find(matches)),
    fetch: reach,
    post: (path, body, headers = {}) =>
      reach(path, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${TEST_KEY}`, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    signal: (name) => child.process.kill(name),
    stop: () => {
      stopped ??= stopChild(child);
      return stopped;
    },
  };
}

function parseLogLine(line: string): LogLine[] {
  if (!line.startsWith("{")) return [];
  return [JSON.parse(line) as LogLine];
}

/** Runs a command of the binary to its end, in the folder of a written configuration. */
export async function runPostern(
  args: readonly string[],
  options: GatewayOptions,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const dir = writeConfiguration(options);
  const child = Bun.spawn([ensureBinary(), ...args], {
    cwd: dir,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"] ?? "", HOME: dir, PORT: "0", UP_KEY: UPSTREAM_KEY, ...options.env },
  });
  const output = Promise.all([child.stdout.text(), child.stderr.text()]);
  try {
    const code = await within(`postern ${args.join(" ")} to end`, child.exited);
    const [stdout, stderr] = await output;
    return { code, stdout, stderr };
  } finally {
    child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Resident memory of a process in MiB, from /proc. */
export function rssMb(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return (pages * 4096) / 2 ** 20;
}
