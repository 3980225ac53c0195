// The help texts, one per command, and the answer to a command that does not exist.

import { closest } from "../lib/did-you-mean.ts";
import { COMMAND_NAMES, COMMANDS } from "./commands.ts";
import { UsageError } from "./io.ts";
import { shown } from "./options.ts";

const CONFIG_OPTION =
  "  --config FILE        the file, or - for standard input; default $POSTERN_CONFIG, ./config.yaml";

const JSON_OPTION = "  --json               print JSON";

/** Usage, options and an example of each command. */
const HELP: Readonly<Record<string, string>> = {
  serve: `postern [serve] [--config FILE]

Runs the gateway. Prints its address on stderr, one log line per request on stdout. SIGTERM and
SIGINT let running requests end within server.drain.

${CONFIG_OPTION}

Example:  postern serve --config config.yaml
`,
  check: `postern check [--config FILE] [--allow-missing-env] [--json]

Validates the file, its includes and secrets exactly as serve would. Prints every problem as
FILE:LINE:COLUMN  PATH: MESSAGE, and, when all is well, the URL of each provider's chat requests.
Exits 0 when the gateway would start, else 1.

${CONFIG_OPTION}
  --allow-missing-env  unset environment variables are warnings, not errors
${JSON_OPTION}

Example:  postern check --config config.yaml --allow-missing-env
`,
  key: `postern key new NAME [--write] [--config FILE] [--json]

Makes a virtual key, prints it once, and the entry for \`keys:\` that holds only its hash. Exits 1
when the configuration has a key of that name.

  --write              insert the entry into the file; every other line stays as it is
${CONFIG_OPTION}
${JSON_OPTION}

Example:  postern key new alice-laptop --write
`,
  env: `postern env CLIENT [--key KEY] [--config FILE]

Prints what makes a client use this gateway: environment variables, a short snippet, known limits.
CLIENT: openai

  --key KEY            the virtual key to print (default: a reference to $POSTERN_KEY)
${CONFIG_OPTION}

Example:  eval "$(postern env openai)"
`,
  ready: `postern ready [--timeout DURATION] [--config FILE]

Waits until the gateway of this configuration answers /readyz. Exits 0 then, 1 when the time is up.

  --timeout DURATION   how long to wait, for example 500ms, 10s, 1m (default: 10s)
${CONFIG_OPTION}

Example:  postern serve & postern ready --timeout 10s
`,
  schema: `postern schema

Prints the JSON Schema of the configuration file, for editors and validators.

Example:  postern schema > config.schema.json
`,
  version: `postern version [--json]

Prints version, commit and runtime.

${JSON_OPTION}

Example:  postern version --json
`,
};

/**
 * The help for a command, or the overview for none.
 *
 * @throws {UsageError} when there is no such command
 */
export function helpText(topic: readonly string[]): string {
  const name = topic[0] ?? "";
  if (name === "" || name === "help") return overview();
  const text = Object.hasOwn(HELP, name) ? HELP[name] : undefined;
  if (text === undefined) throw unknownCommand(name);
  return `Usage: ${text}`;
}

/** The error for a command that this version does not have, with the nearest one that it has. */
export function unknownCommand(name: string): UsageError {
  if (Object.hasOwn(COMMANDS, name)) return new UsageError(`${name} is not in this version`);
  if (/\.ya?ml$/.test(name))
    return new UsageError(`unknown command ${shown(name)}; a file is named with --config`);
  const [near] = closest(name, COMMAND_NAMES, 1);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return new UsageError(`unknown command ${shown(name)}${hint}`);
}

function overview(): string {
  const rows = COMMAND_NAMES.map((name) => `  ${name.padEnd(9)}${COMMANDS[name]?.summary}\n`);
  return `Usage: postern [COMMAND] [--config FILE]

One executable and one YAML file between LLM clients and LLM servers.

${rows.join("")}
${CONFIG_OPTION}

\`postern COMMAND --help\` says more. Exit codes: 0 done, 1 what was checked is bad, 2 wrong usage.

Example:  postern serve --config config.yaml
`;
}
