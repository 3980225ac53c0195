// `postern check`: says everything that is wrong with a configuration, or where its providers' requests will go.

import { bundledPrice } from "../catalog/prices.ts";
import { PROVIDERS } from "../catalog/providers.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import type { Config, ProviderConfig } from "../config/schema.ts";
import { type CommonEndpoint, ENDPOINTS } from "../formats/table.ts";
import { rootOf } from "../gateway/compile-provider.ts";
import { isFine, type Probe } from "../gateway/probe.ts";
import { joinUrl } from "../upstream/url.ts";
import { probeAll, probeSummary, probeText } from "./check-probe.ts";
import { type LoadedConfiguration, readConfiguration } from "./configuration.ts";
import { EXIT, type Io } from "./io.ts";
import { parseOptions } from "./options.ts";

type Probes = ReadonlyMap<string, Probe>;

/** Exit code 0 when `serve` would start with this configuration and, with `--probe`, its providers answer; else 1. */
export async function check(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseOptions("check", args, {
    "allow-missing-env": "boolean",
    probe: "boolean",
    json: "boolean",
  });
  const allowMissingEnv = values["allow-missing-env"] ?? false;
  const isPriced = (type: string, model: string) => bundledPrice(type, model, io.now()) !== undefined;
  const loaded = await readConfiguration(values.config, io, { allowMissingEnv, isPriced });
  const probes = values.probe ? await probesOf(loaded) : undefined;
  if (values.json) io.stdout(`${JSON.stringify(report(loaded, probes), null, 2)}\n`);
  else {
    const lines = [...loaded.problems.map(formatProblem), ...providerLines(loaded.config, probes)];
    io.stdout(lines.map((line) => `${line}\n`).join(""));
    io.stderr(`${summary(loaded, probes)}\n`);
  }
  return isGood(loaded, probes) ? EXIT.ok : EXIT.bad;
}

/** Nothing is called on behalf of a configuration with errors. */
async function probesOf({ config, credentialNames }: LoadedConfiguration): Promise<Probes> {
  return config === undefined ? new Map() : await probeAll(config, credentialNames);
}

function isGood({ config }: LoadedConfiguration, probes: Probes | undefined): boolean {
  return config !== undefined && [...(probes ?? new Map()).values()].every(isFine);
}

/** What `check --json` prints: errors without a level, as most readers care for nothing else. */
function report(loaded: LoadedConfiguration, probes: Probes | undefined): object {
  const { config, problems } = loaded;
  const providers =
    probes === undefined
      ? {}
      : {
          providers: [...probes].map(([name, probe]) => ({
            name,
            url: urlOf(config, name) ?? null,
            ...probe,
          })),
        };
  return {
    ok: isGood(loaded, probes),
    problems: problems.map(({ level, ...problem }: Problem) =>
      level === "error" ? problem : { ...problem, level },
    ),
    ...providers,
  };
}

/** Each provider's name, the URL of its chat requests and what came of probing it, in columns. */
function providerLines(config: Config | undefined, probes: Probes | undefined): readonly string[] {
  const names = Object.keys(config?.providers ?? {});
  const urls = names.map((name) => urlOf(config, name) ?? "(built in)");
  const [nameWidth, urlWidth] = [widest(names), widest(urls)];
  return names.map((name, i) => {
    const start = name.padEnd(nameWidth);
    const probe = probes?.get(name);
    if (probe === undefined) return `${start}  ${urls[i]}`;
    const indent = " ".repeat(nameWidth + 2);
    return `${start}  ${urls[i]?.padEnd(urlWidth)}  ${probeText(probe, indent)}`;
  });
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}

/** The URL of a provider's chat requests, or what its own paths begin with; undefined where no network is in between. */
function urlOf(config: Config | undefined, name: string): string | undefined {
  const provider: ProviderConfig | undefined = config?.providers[name];
  if (provider === undefined) return undefined;
  const preset = PROVIDERS[provider.type];
  const root = preset?.local ? "" : rootOf(provider);
  if (root === "") return undefined;
  return preset?.versionInPath ? root : joinUrl(root, endpointShown(provider).path);
}

/** Chat, as most clients call it, or what the provider offers in its place. */
function endpointShown({ endpoints }: ProviderConfig): CommonEndpoint {
  const { chat, messages } = ENDPOINTS;
  return !endpoints.includes(chat.name) && endpoints.includes(messages.name) ? messages : chat;
}

function summary({ path, config, problems }: LoadedConfiguration, probes: Probes | undefined): string {
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
  if (config !== undefined && probes !== undefined) facts.push(probeSummary(probes));
  const file = path === "-" ? "standard input" : path;
  return `${file}${config === undefined ? "" : " is good"}: ${facts.join(", ")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
