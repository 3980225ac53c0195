// From argv to an exit code: finds the command, prints help, and turns whatever goes wrong into one line.

import { splitCommandLine } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { CommandError, EXIT, type Io, UsageError } from "./io.ts";

/** Runs one command line (without the program's own name). Never throws: errors end in an exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return report(error, io);
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const line = splitCommandLine(argv);
  if (line.command === "help" || line.help) {
    const { helpText } = await import("./help.ts");
    const topic = line.command === "help" ? line.args : [line.command ?? "", ...line.args];
    io.stdout(helpText(topic));
    return EXIT.ok;
  }
  const name = line.command ?? "serve";
  const row = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (row?.load === undefined) {
    const { unknownCommand } = await import("./help.ts");
    throw unknownCommand(name);
  }
  const command = await row.load();
  return await command(line.args, io);
}

function report(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    const help = ["postern", ...(error.command === "" ? [] : [error.command]), "--help"].join(" ");
    io.stderr(`postern: ${error.message}\nSee \`${help}\`.\n`);
    return error.exitCode;
  }
  if (error instanceof CommandError) {
    io.stderr(`postern: ${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  io.stderr(`postern: internal error, please report it: ${text.split("\n", 1)[0]}\n`);
  return EXIT.bad;
}
