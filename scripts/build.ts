// Builds the executable for this machine: `bun run build` writes dist/postern.

import { compile, megabytes, readCommit } from "./compile.ts";

const outfile = process.platform === "win32" ? "dist/postern.exe" : "dist/postern";
try {
  const { bytes, elapsedMs } = compile(outfile, readCommit());
  process.stdout.write(`${outfile}  ${megabytes(bytes)}  ${elapsedMs} ms\n`);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
