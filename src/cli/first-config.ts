// The text of a first configuration: what was found on this machine, and comments for what comes next.

import { PROVIDERS } from "../catalog/providers.ts";
import type { FoundServer } from "./find-servers.ts";

/** A credential in the environment: its value is of no concern here. */
export interface FoundKey {
  /** The preset, which is also the provider's name. */
  readonly provider: string;
  readonly variable: string;
}

/** A server with the name it gets in the configuration. */
interface NamedServer extends FoundServer {
  readonly name: string;
  readonly baseUrl: string;
}

export interface Findings {
  readonly keys: readonly FoundKey[];
  readonly servers: readonly FoundServer[];
}

/** Ids that can stand in a comment and in an example as they are. */
const PLAIN_ID = /^[\w./:@+-]{1,120}$/;

/** The configuration as text; it holds names of variables, never a credential. */
export function firstConfig(findings: Findings): string {
  const servers = nameServers(findings.servers);
  const example = servers.flatMap(({ name, models }) =>
    models.filter((id) => PLAIN_ID.test(id)).map((id) => `${name}/${id}`),
  )[0];
  return [
    HEAD,
    ...findings.keys.map(keyEntry),
    ...servers.map(serverEntry),
    ...(findings.keys.length + servers.length === 0 ? [NOTHING_FOUND] : []),
    tail(example ?? `${findings.keys[0]?.provider ?? "internal-vllm"}/MODEL`),
  ].join("\n");
}

/** A line for each provider of the configuration, for the person who asked for it. */
export function foundLines({ keys, servers }: Findings): readonly string[] {
  const rows = [
    ["demo", "answers by itself, without a network"],
    ...keys.map(({ provider, variable }) => [provider, `its key is in ${variable}`]),
    ...nameServers(servers).map(({ name, baseUrl, models }) => [name, `${baseUrl} (${modelCount(models)})`]),
  ];
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", what]) => `  ${name.padEnd(width)}  ${what}`);
}

/** A server is called like its preset; the second of a kind, and one that could be any, by its port as well. */
function nameServers(servers: readonly FoundServer[]): readonly NamedServer[] {
  const taken = new Set<string>();
  return servers.map((server) => {
    const { type, port } = server;
    const name = type === undefined ? `local-${port}` : taken.has(type) ? `${type}-${port}` : type;
    taken.add(name);
    return { ...server, name, baseUrl: `http://127.0.0.1:${port}/v1` };
  });
}

const HEAD = `# yaml-language-server: $schema=./config.schema.json
#
# A first configuration, written by \`postern init\`. \`postern schema > config.schema.json\` makes the schema named above,
# so that an editor explains every setting; \`postern check\` says what is wrong with this file.

server:
  listen: 127.0.0.1:4000

providers:
  # Answers from this file, without a network: for a first try.
  demo:
    type: mock
    models: [hello]
`;

const NOTHING_FOUND = `  # A hosted provider needs only its name; the key is read from its usual variable, here OPENAI_API_KEY.
  # openai: {}

  # Your own server; with or without /v1, both lead to the right place.
  # internal-vllm:
  #   base_url: http://127.0.0.1:8000/v1
`;

function keyEntry({ provider, variable }: FoundKey): string {
  return `  # ${PROVIDERS[provider]?.title}; the key is read from ${variable}.\n  ${provider}: {}\n`;
}

function serverEntry({ name, type, port, baseUrl, models }: NamedServer): string {
  const preset = type === undefined ? undefined : PROVIDERS[type];
  const id = models.find((model) => PLAIN_ID.test(model));
  const call = id === undefined ? "" : `; clients ask for ${name}/${id}`;
  const comment = `  # ${preset?.title ?? "A server"} on port ${port} of this machine, with ${modelCount(models)}${call}.`;
  const settings = [
    ...(type === undefined || type === name ? [] : [`    type: ${type}`]),
    ...(preset?.baseUrl === baseUrl ? [] : [`    base_url: ${baseUrl}`]),
  ];
  return `${[comment, settings.length === 0 ? `  ${name}: {}` : `  ${name}:`, ...settings].join("\n")}\n`;
}

function modelCount(models: readonly string[]): string {
  return models.length === 1 ? "1 model" : `${models.length} models`;
}

function tail(example: string): string {
  return `# Names of your own for models. Clients keep the name when you change what stands behind it.
models:
  hello: demo/hello
  # fast: ${example}

keys:
  # Callers on this machine need no key. Refused as soon as the gateway listens elsewhere.
  local:
    anonymous: true

  # \`postern key new alice-laptop --write\` adds an entry like this one; only the key's hash is kept.
  # alice-laptop:
  #   hash: sha256:…
`;
}
