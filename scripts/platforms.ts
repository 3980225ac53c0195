// Every platform that Postern is built for.

export interface Platform {
  readonly name: string;
  /** Bun's name of it. */
  readonly target: string;
  /** The npm package that holds Bun's runtime for it, and the runtime's path in there. */
  readonly package: string;
  readonly runtime: string;
  /** From the root. */
  readonly outfile: string;
}

export const PLATFORMS: readonly Platform[] = [
  platform("linux-x64", "linux-x64", "linux-x64"),
  platform("linux-x64-musl", "linux-x64-musl", "linux-x64-musl"),
  platform("linux-arm64", "linux-arm64", "linux-aarch64"),
  platform("linux-arm64-musl", "linux-arm64-musl", "linux-aarch64-musl"),
  platform("macos-x64", "darwin-x64", "darwin-x64"),
  platform("macos-arm64", "darwin-arm64", "darwin-aarch64"),
  platform("windows-x64", "windows-x64", "windows-x64", ".exe"),
];

function platform(name: string, target: string, packaged: string, suffix = ""): Platform {
  return {
    name,
    target: `bun-${target}`,
    package: `@oven/bun-${packaged}`,
    runtime: `bin/bun${suffix}`,
    outfile: `dist/postern-${name}${suffix}`,
  };
}
