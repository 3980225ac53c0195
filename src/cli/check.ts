// `postern check`: says everything that is wrong with a configuration, or where its providers' requests will go.

import { PROVIDERS } from "../catalog/providers.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import type { Config, ProviderConfig } from "../config/schema.ts";
import { ENDPOINTS } from "../formats/table.ts";
import { joinUrl, providerRoot } from "../upstream/url.ts";
import { readConfiguration } from "./configuration.ts";
import { EXIT, type Io, UsageError } from "./io.ts";
import { parseOptions } from "./options.ts";

/** Exit code 0 when `serve` would start with this configuration, else 1. */
export async function check(args: readonly string[], io: Io): Promise<number> {
  if (args.includes("--probe")) throw new UsageError("check --probe is not in this version", "check");
  const { values } = parseOptions("check", args, { "allow-missing-env": "boolean", json: "boolean" });
  const allowMissingEnv = values["allow-missing-env"] ?? false;
  const { path, config, problems } = await readConfiguration(values.config, io, { allowMissingEnv });
  if (values.json) io.stdout(`${JSON.stringify(report(problems), null, 2)}\n`);
  else {
    const lines = [...problems.map(formatProblem), ...(config === undefined ? [] : providerLines(config))];
    io.stdout(lines.map((line) => `${line}\n`).join(""));
    io.stderr(`${summary(path, config, problems)}\n`);
  }
  return config === undefined ? EXIT.bad : EXIT.ok;
}

/** What `check --json` prints: errors without a level, as most readers care for nothing else. */
function report(problems: readonly Problem[]): object {
  return {
    ok: problems.every((problem) => problem.level !== "error"),
    problems: problems.map(({ level, ...problem }) => (level === "error" ? problem : { ...problem, level })),
  };
}

/** Each provider's name and the URL of its chat requests, in two columns. */
function providerLines(config: Config): readonly string[] {
  const entries = Object.entries(config.providers);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, provider]) => `${name.padEnd(width)}  ${chatUrl(provider)}`);
}

function chatUrl(provider: ProviderConfig): string {
  const preset = PROVIDERS[provider.type];
  const baseUrl = provider.base_url ?? preset?.baseUrl;
  if (preset?.local || baseUrl === undefined) return "(built in)";
  return joinUrl(providerRoot(baseUrl), ENDPOINTS.chat.path);
}

function summary(path: string, config: Config | undefined, problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.level === "error").length;
  const facts =
    config === undefined
      ? []
      : [
          count(Object.keys(config.providers).length, "provider"),
          count(Object.keys(config.keys).length, "key"),
        ];
  if (errors > 0) facts.push(count(errors, "error"));
  if (problems.length > errors) facts.push(count(problems.length - errors, "warning"));
  const file = path === "-" ? "standard input" : path;
  return `${file}${config === undefined ? "" : " is good"}: ${facts.join(", ")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
