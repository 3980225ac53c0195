// Lets more than 256 upstream calls run at once: Bun reads its cap from the environment at process start only.

const VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/** Above what the file descriptors of one process allow anyway; Bun takes at most 65535. */
const LIMIT = "65336";

/** Where a compiled binary's own files appear to be. */
const INSIDE_BINARY = /^(?:\/\$bunfs\/|B:[\\/]~BUN[\\/])/;

/**
 * Replaces this process by itself with a higher cap, keeping pid and arguments; returns where that is done already,
 * was set by the operator, or is impossible (the gateway then runs with Bun's 256). On Windows, which cannot replace
 * a process, a child does the work and this call ends with the child's exit code.
 */
export async function raiseRequestLimit(): Promise<void> {
  if (process.env[VARIABLE]) return;
  // In a compiled binary argv[1] is a path inside it; from source it is the script and must stay.
  const compiled = INSIDE_BINARY.test(process.argv[1] ?? "");
  const args = [...process.execArgv, ...process.argv.slice(compiled ? 2 : 1)];
  const env = { ...process.env, [VARIABLE]: LIMIT };
  if (process.platform === "win32") {
    // Ctrl+C reaches the whole console group: the child drains, and this process waits for it.
    process.on("SIGINT", () => {});
    const child = Bun.spawn([process.execPath, ...args], { env, stdio: ["inherit", "inherit", "inherit"] });
    process.exit(await child.exited);
  }
  try {
    process.execve?.(process.execPath, [process.argv0, ...args], env);
  } catch {
    // The executable was moved or deleted since: better 256 calls at once than none.
  }
}
