// How a set-up text is laid out: what to paste first, then notes and limits as comments.

import { type Site, shellWord } from "./site.ts";

export interface SetUp {
  /** Variables and their values, written for a shell. */
  readonly exports?: readonly (readonly [string, string])[];
  /** Variables that must not be set. */
  readonly unset?: readonly string[];
  /** Files, and what is to stand in them. */
  readonly files?: readonly { readonly path: string; readonly lines: readonly string[] }[];
  /** What this configuration lacks for this client, in whole sentences. */
  readonly missing?: readonly string[];
  /** Code and steps; an empty line parts them. */
  readonly notes?: readonly string[];
  /** Models of providers with this endpoint are listed, as they are called on `/v1`. */
  readonly lists?: string;
  /** How the client is told of a certificate authority of one's own. */
  readonly authority?: (certificate: string) => string;
  /** Whole sentences. */
  readonly limits: readonly string[];
}

const WIDTH = 116;
const MAX_LISTED = 8;

/** The text that is printed. Where no file and no form is to be filled in, a shell can evaluate the whole. */
export function layOut(site: Site, setUp: SetUp): string {
  const { exports = [], unset = [], files = [], notes = [], missing = [] } = setUp;
  const blocks = [
    [...exports.map(([name, value]) => `export ${name}=${value}`), ...unset.map((name) => `unset ${name}`)],
    ...files.flatMap(({ path, lines }) => [[`# In ${path}:`, ...lines]]),
    comments([...missing, ...site.doubts].flatMap((sentence) => wrapped("! ", sentence))),
    comments(notes),
    comments(setUp.lists === undefined ? [] : modelLines(site, setUp.lists)),
    comments(authorityLines(site, setUp)),
    comments(["Known limits", ...setUp.limits.flatMap((limit) => wrapped("- ", limit))]),
  ];
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.join("\n")).join("\n\n")}\n`;
}

/** `export NODE_EXTRA_CA_CERTS=…`, as most programs that run on Node.js take it. */
export function nodeAuthority(certificate: string): string {
  return `export NODE_EXTRA_CA_CERTS=${certificate}`;
}

function comments(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "#" : `# ${line}`));
}

function modelLines({ models, v1, key }: Site, endpoint: string): string[] {
  const ask = `curl -H "Authorization: Bearer ${key}" ${shellWord(v1)}/models`;
  const fitting = models.filter(({ endpoints }) => endpoints.includes(endpoint));
  if (fitting.length === 0) return [`Models: ${ask}`];
  const shown = fitting.slice(0, MAX_LISTED).map(({ id }) => id);
  const rest = fitting.length > MAX_LISTED ? ", …" : "";
  return [...wrapped("", `Models of the configuration: ${shown.join(", ")}${rest}`), `All models: ${ask}`];
}

function authorityLines({ certificate }: Site, { authority }: SetUp): string[] {
  if (certificate === undefined || authority === undefined) return [];
  return [
    "The gateway serves HTTPS. If its certificate is not of a public authority, name the authority's file:",
    `  ${authority(certificate)}`,
  ];
}

/** One sentence over several lines; the lines that go on are set in. */
function wrapped(mark: string, sentence: string): string[] {
  const lines: string[] = [];
  let line = mark;
  for (const word of sentence.split(" ")) {
    if (line.length + word.length > WIDTH && line.trim() !== mark.trim()) {
      lines.push(line.trimEnd());
      line = " ".repeat(mark.length);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
