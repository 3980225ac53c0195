// What `serve` says when it is up: where it is, and one line that works as pasted.

import type { Config } from "../config/schema.ts";

interface Started {
  readonly config: Config;
  /** `http://127.0.0.1:4000` with the base path; undefined on a unix socket. */
  readonly address: string | undefined;
  readonly version: string;
  /** A model that the first call can use; undefined = none is known beforehand. */
  readonly model: string | undefined;
}

/** The lines for stderr, the last one with its newline. */
export function banner({ config, address, version, model }: Started): string {
  const where = address ?? config.server.listen;
  const names = Object.keys(config.providers);
  const lines = [
    `postern ${version} is listening on ${where}`,
    names.length === 0 ? "no providers yet: add one under `providers`" : `providers: ${names.join(", ")}`,
  ];
  return `${[...lines, "try it:", `  ${curl(config, address, model)}`].join("\n")}\n`;
}

function curl(config: Config, address: string | undefined, model: string | undefined): string {
  const keyless = Object.values(config.keys).some((key) => key.anonymous && !key.disabled);
  const auth = keyless ? "" : ` -H "authorization: Bearer $POSTERN_KEY"`;
  const target =
    address ??
    `--unix-socket ${word(config.server.listen.slice("unix:".length))} http://localhost${config.server.base_path}`;
  if (model === undefined) return `curl ${target}/v1/models${auth}`;
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] });
  return `curl ${target}/v1/chat/completions${auth} -H "content-type: application/json" -d ${word(body)}`;
}

/** A text as one word of a shell's command line. */
function word(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
