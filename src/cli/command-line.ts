// Which command is meant: splits argv without importing anything, since `serve` restarts itself before the rest loads.

export interface CommandLine {
  /** As typed, known or not; undefined where there is none. */
  readonly command: string | undefined;
  /** Everything else in its order, so that options may stand before the command too. */
  readonly args: readonly string[];
  /** Whether `--help` or `-h` is among them; the flags themselves are taken out. */
  readonly help: boolean;
}

/** Splits the arguments after the program's own name. Never fails: what is wrong is found by the command. */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const dashes = argv.indexOf("--");
  const end = dashes < 0 ? argv.length : dashes;
  const flags = argv.slice(0, end);
  const words = flags.filter((arg) => !isHelp(arg));
  const help = words.length < flags.length;
  const at = commandIndex(words);
  if (at < 0 && words.some(isVersion)) {
    return { command: "version", args: words.filter((arg) => !isVersion(arg)), help };
  }
  const command = at < 0 ? undefined : words[at];
  return { command, args: [...words.filter((_, i) => i !== at), ...argv.slice(end)], help };
}

/** Whether the gateway itself is to run. */
export function isServe(line: CommandLine): boolean {
  return !line.help && (line.command === undefined || line.command === "serve");
}

function commandIndex(words: readonly string[]): number {
  return words.findIndex((word, i) => !word.startsWith("-") && words[i - 1] !== "--config");
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

function isVersion(arg: string): boolean {
  return arg === "--version" || arg === "-v";
}
