// How servers of one's own are found and told apart: their usual ports, and what their lists of models look like.

import type { JsonRecord } from "../lib/json-value.ts";

interface LocalServer {
  /** The preset. */
  readonly type: string;
  readonly ports: readonly number[];
  /** Whether nothing else is usually found on these ports, so that the port alone says what it is. */
  readonly alone?: true;
  /** Whether its list says so little that it is believed on these ports only. */
  readonly vague?: true;
  /** Whether this entry of a list of models looks like one of its own. */
  readonly lists: (entry: JsonRecord) => boolean;
}

/** From the servers' sources: what each puts into the entries of `/v1/models`. First match first. */
const LOCAL_SERVERS: readonly LocalServer[] = [
  { type: "vllm", ports: [8000], lists: ownedBy("vllm") },
  { type: "sglang", ports: [30000], alone: true, lists: ownedBy("sglang") },
  { type: "ollama", ports: [11434], alone: true, lists: ownedBy("library") },
  { type: "lmstudio", ports: [1234], alone: true, lists: ownedBy("organization_owner") },
  { type: "llamacpp", ports: [8080], lists: ownedBy("llamacpp") },
  { type: "tgi", ports: [8080, 3000], lists: (entry) => entry["owned_by"] === entry["id"] },
  {
    type: "localai",
    ports: [8080],
    vague: true,
    lists: (entry) => !("owned_by" in entry) && !("created" in entry),
  },
];

/** Every port that one of them usually listens on, each once. */
export const LOCAL_PORTS: readonly number[] = [...new Set(LOCAL_SERVERS.flatMap(({ ports }) => ports))];

/**
 * The preset of the server that sent this list of models (its entries, as parsed) on this port; undefined when it
 * could be anything that is OpenAI-compatible.
 */
export function localServerType(port: number, entries: readonly JsonRecord[]): string | undefined {
  const listed = LOCAL_SERVERS.find(
    ({ ports, vague, lists }) =>
      (!vague || ports.includes(port)) && entries.length > 0 && entries.every(lists),
  );
  const usual = LOCAL_SERVERS.find(({ ports, alone }) => alone && ports.includes(port));
  return (listed ?? usual)?.type;
}

function ownedBy(name: string): LocalServer["lists"] {
  return (entry) => entry["owned_by"] === name;
}
