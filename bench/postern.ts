// Postern as people run it: the compiled binary with key check, allowlists, model splice, request row and log line on.

import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, start } from "./children.ts";
import { configuration } from "./configuration.ts";
import { BENCH_KEY, type Contender, type ContenderName, type Launcher } from "./contender.ts";
import { chatRequest, UPSTREAM_MODEL } from "./payloads.ts";
import { freePort, headOf } from "./ports.ts";

/** The binary to measure. */
export const BINARY = process.env["POSTERN_BINARY"] ?? join(import.meta.dir, "..", "dist", "postern");

/** An older build to compare it with. */
const BASELINE = process.env["POSTERN_BASELINE"];

export interface RunningPostern extends Contender {
  /** Its store; nothing is there where the build has none. */
  readonly storePath: string;
  /** Log lines written since the last call; empties the file, so that it stays small. */
  takeLogLines(): number;
}

interface PosternLauncher extends Launcher {
  launch(upstreamPort: number, core: number | undefined): RunningPostern;
}

/** @throws when there is no binary */
export function requireBinary(): void {
  for (const path of [BINARY, BASELINE ?? BINARY])
    if (!existsSync(path)) throw new Error(`${path} is not there; \`bun run build\` makes dist/postern`);
}

export function posternVersion(): unknown {
  return JSON.parse(Bun.spawnSync([BINARY, "version", "--json"]).stdout.toString());
}

export function isPostern(contender: Contender): contender is RunningPostern {
  return "takeLogLines" in contender;
}

export const postern: PosternLauncher = launcher("postern", { policies: false });

/** With two budgets, a rate limit and a price. */
export const withPolicies: PosternLauncher = launcher("policies", { policies: true });

/** The same in front of this store. */
export function withStore(path: string): PosternLauncher {
  return launcher("filled", { policies: true, store: path });
}

/** Undefined when no older build is named. */
export const baseline: PosternLauncher | undefined =
  BASELINE === undefined ? undefined : launcher("before", { policies: false, binary: BASELINE });

interface LaunchOptions {
  readonly policies: boolean;
  readonly binary?: string;
  readonly store?: string;
}

function launcher(name: ContenderName, { policies, binary = BINARY, store }: LaunchOptions): PosternLauncher {
  return {
    name,
    launch(upstreamPort, core) {
      const dir = mkdtempSync(join(tmpdir(), "postern-bench-"));
      const port = freePort();
      writeFileSync(join(dir, "config.yaml"), configuration({ port, upstreamPort, policies, store }));
      const logPath = join(dir, "log");
      // Appending, so that the file can be emptied under the running process.
      const log = openSync(logPath, "a");
      const startedAt = performance.now();
      const child = start([binary, "serve", "--config", join(dir, "config.yaml")], {
        core,
        cwd: dir,
        env: { HOME: dir },
        stdout: log,
      });
      const remove = (): void => rmSync(dir, { recursive: true, force: true });
      process.once("exit", remove);
      return {
        name,
        port,
        pid: child.pid,
        key: BENCH_KEY,
        startedAt,
        storePath: store ?? join(dir, "postern.db"),
        takeLogLines() {
          const lines = readFileSync(logPath).toString("latin1").split('"msg":"request"').length - 1;
          ftruncateSync(log, 0);
          return lines;
        },
        async stop() {
          await end(child);
          closeSync(log);
          remove();
          process.off("exit", remove);
        },
      };
    },
  };
}

/**
 * Makes sure that what is said to be on is on: no key is refused, and the answer names the spliced model.
 *
 * @throws with what is missing
 */
export async function proveFeatures({ port, key }: Contender): Promise<void> {
  const keyless = await headOf(port, chatRequest("", 1024));
  if (!keyless.startsWith("HTTP/1.1 401"))
    throw new Error(`a request without a key was answered: ${keyless}`);
  const good = await headOf(port, chatRequest(key, 1024));
  if (!good.includes(`upstream/${UPSTREAM_MODEL}`)) throw new Error(`the model was not resolved: ${good}`);
}
