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
  check: `postern check [--config FILE] [--probe] [--allow-missing-env] [--json]

Validates the file, its includes and secrets exactly as serve would. Prints every problem as
FILE:LINE:COLUMN  PATH: MESSAGE, and, when all is well, the URL of each provider's chat requests.
Exits 0 when the gateway would start, else 1.

  --probe              also ask each provider for its models, and say what is wrong where that
                       fails: base URL, key, network; exits 1 then
${CONFIG_OPTION}
  --allow-missing-env  unset environment variables are warnings, not errors
${JSON_OPTION}

Example:  postern check --probe
`,
  init: `postern init [--config FILE] [--print]

Writes a first configuration for what is found on this machine: keys of providers in the
environment, of which it names the variables only, and servers on the usual ports (vLLM, SGLang,
Ollama, LM Studio, llama.cpp, LocalAI, TGI). Exits 1 when the file is there already.

  --print, -           print it instead of writing it
  --config FILE        the file to write; default $POSTERN_CONFIG, ./config.yaml

Example:  postern init && postern serve
`,
  key: `postern key new NAME [--write] [--config FILE] [--json]
       postern key rotate NAME [--grace DURATION] [--write] [--config FILE] [--json]

new makes a virtual key, prints it once, and the entry for \`keys:\` that holds only its hash. Exits 1
when the configuration has a key of that name. rotate makes a new key for an entry that is there;
the old key is accepted for a while longer.

  --write              change the entry in the file; every other line stays as it is
  --grace DURATION     of rotate, for example 30m, 24h, 7d; 0 ends the old key now (default: 24h)
${CONFIG_OPTION}
${JSON_OPTION}

Example:  postern key new alice-laptop --write
          postern key rotate alice-laptop --grace 24h --write
`,
  env: `postern env CLIENT [--key KEY] [--config FILE]

Prints what makes a client use this gateway: variables or a file, a short snippet, known limits.
CLIENT: openai, anthropic, google-genai, langchain, llamaindex, ai-sdk, aws-sdk, claude-code, codex,
        gemini-cli, opencode, aider, cline, continue, cursor, open-webui

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
  spend: `postern spend [--by NAME] [--window WINDOW | --from TIME --to TIME] [--bucket BUCKET]
               [--csv | --json] [--config FILE]

Prints what was spent, the most expensive first. Reads the store; the gateway may run meanwhile.
Times are UTC. Exits 1 when there is no store yet.

  --by NAME            key, user, workspace, provider, model, policy or tag:NAME (default: key)
  --window WINDOW      the current minute, hour, day, week or month, or total (default: day)
  --from TIME          a time, a date, or a duration before now such as 24h; without --to up to now
  --to TIME            the same; this instant itself is not in it
  --bucket BUCKET      split each row by hour, day, week or month
  --csv                print CSV
${CONFIG_OPTION}
${JSON_OPTION}

Example:  postern spend --by model --window month
          postern spend --by user --from 2026-11-01 --to 2026-12-01 --csv > november.csv
`,
  logs: `postern logs [--follow] [FILTERS] [--limit N] [--json] [--config FILE]
       postern logs ID [--json] [--config FILE]

Prints the requests that are kept, newest first, or one whole. Reads the store; the gateway may run
meanwhile. Exits 1 when there is no store yet, or no request of that ID.

  --follow             then print new requests as they end, until stopped
  --key NAME  --user NAME  --workspace NAME  --provider NAME  --policy NAME  --code CODE
                       only those of that key, user, …
  --model NAME         the upstream's id or provider/model; else the name that callers asked for
  --status STATUS      a status such as 429, or a class such as 4xx
  --since TIME         a time, a date, or a duration before now such as 1h
  --until TIME         the same; this instant itself is not in it
  --limit N            at most so many (default: 100; with --follow 10 old ones)
${CONFIG_OPTION}
  --json               print a JSON object per line; of one request, the object

Example:  postern logs --follow --key alice-laptop --status 4xx --since 1h
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
