// Postern as people run it: the compiled binary with key check, allowlists, model splice and log line on.

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
import { BENCH_KEY, type Contender, type Launcher } from "./contender.ts";
import { chatRequest, PUBLIC_MODEL, UPSTREAM_MODEL } from "./payloads.ts";
import { freePort, headOf } from "./ports.ts";

/** The binary to measure. */
export const BINARY = process.env["POSTERN_BINARY"] ?? join(import.meta.dir, "..", "dist", "postern");

export interface RunningPostern extends Contender {
  /** Log lines written since the last call; empties the file, so that it stays small. */
  takeLogLines(): number;
}

/** @throws when there is no binary */
export function requireBinary(): void {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there; \`bun run build\` makes it`);
}

export function posternVersion(): unknown {
  return JSON.parse(Bun.spawnSync([BINARY, "version", "--json"]).stdout.toString());
}

export const postern: Launcher & { launch(upstreamPort: number, core: number | undefined): RunningPostern } =
  {
    name: "postern",
    launch(upstreamPort, core) {
      const dir = mkdtempSync(join(tmpdir(), "postern-bench-"));
      const port = freePort();
      writeFileSync(join(dir, "config.yaml"), configuration(port, upstreamPort));
      const logPath = join(dir, "log");
      // Appending, so that the file can be emptied under the running process.
      const log = openSync(logPath, "a");
      const startedAt = performance.now();
      const child = start([BINARY, "serve", "--config", join(dir, "config.yaml")], {
        core,
        cwd: dir,
        env: { HOME: dir },
        stdout: log,
      });
      const remove = (): void => rmSync(dir, { recursive: true, force: true });
      process.once("exit", remove);
      return {
        name: "postern",
        port,
        pid: child.pid,
        key: BENCH_KEY,
        startedAt,
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

/** Every list that can be there is there, and allows. */
function configuration(port: number, upstreamPort: number): string {
  return `organization: { name: bench, models_allowed: ["*", "!*-preview"], providers_allowed: ["*"] }
server: { listen: 127.0.0.1:${port} }
log: { level: info, format: json }
providers:
  upstream:
    base_url: http://127.0.0.1:${upstreamPort}/v1
    api_key: bench-upstream-credential
    models: ["bench/*", "!*-preview"]
models:
  ${PUBLIC_MODEL}: upstream/${UPSTREAM_MODEL}
workspaces:
  research: { models_allowed: ["*"], providers_allowed: [upstream] }
users:
  bench@example.com: { models_allowed: ["upstream/*", ${PUBLIC_MODEL}] }
keys:
  bench:
    hash: sha256:${new Bun.CryptoHasher("sha256").update(BENCH_KEY).digest("hex")}
    user: bench@example.com
    workspace: research
    models_allowed: ["upstream/*", ${PUBLIC_MODEL}]
    providers_allowed: [upstream]
`;
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
