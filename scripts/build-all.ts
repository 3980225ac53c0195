// Builds the executable for every platform into dist/, with checksums, and starts those that can be started here.

import { createReadStream, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { compile, megabytes, ROOT, readCommit } from "./compile.ts";
import { isSigned, sign } from "./macho-signature.ts";
import { PLATFORMS } from "./platforms.ts";
import { fetchRuntimes } from "./runtimes.ts";
import { checkStart } from "./start-check.ts";

const SUMS = "dist/SHA256SUMS";

async function sha256(file: string): Promise<string> {
  const digest = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(join(ROOT, file))) digest.update(chunk as Uint8Array);
  return digest.digest("hex");
}

/** Bun signs for Apple silicon; for Intel it leaves the signature of its own runtime, which fits no more. */
function requireSignature(file: string): void {
  if (!isSigned(file)) sign(file, "postern");
  if (!isSigned(file)) throw new Error(`${file} has no valid signature\n`);
}

async function buildAll(): Promise<boolean> {
  const commit = readCommit();
  const packages = fetchRuntimes(PLATFORMS.map((platform) => platform.package));
  const sums: string[] = [];
  let good = true;
  for (const platform of PLATFORMS) {
    const { name, target, outfile } = platform;
    const runtime = join(packages, platform.package, platform.runtime);
    const { bytes } = compile(outfile, commit, { target, runtime });
    if (target.includes("darwin")) requireSignature(join(ROOT, outfile));
    sums.push(`${await sha256(outfile)}  ${basename(outfile)}\n`);
    const { started, note } = checkStart(platform, commit);
    good &&= started !== false;
    process.stdout.write(
      `${name.padEnd(17)} ${outfile.padEnd(30)} ${megabytes(bytes).padStart(8)}  ${note}\n`,
    );
  }
  writeFileSync(join(ROOT, SUMS), sums.join(""));
  process.stdout.write(`${SUMS}\n`);
  return good;
}

try {
  process.exitCode = (await buildAll()) ? 0 : 1;
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
