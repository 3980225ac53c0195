// The way in: argv → command → exit code. Loads nothing heavy before `serve` has restarted itself.

import { isServe, splitCommandLine } from "./cli/command-line.ts";
import { raiseRequestLimit } from "./cli/request-limit.ts";

const argv = process.argv.slice(2);
if (isServe(splitCommandLine(argv))) await raiseRequestLimit();

const [{ run }, { createProcessIo }] = await Promise.all([
  import("./cli/run.ts"),
  import("./cli/process-io.ts"),
]);
process.exit(await run(argv, createProcessIo()));
