// Looks for LLM servers on this machine: one question to each usual port, all at once, half a second for everything.

import { localServerType } from "../catalog/local-servers.ts";
import { readModelIds } from "../formats/model-list.ts";
import { readAtMost } from "../lib/byte-reader.ts";
import { isRecord, type JsonRecord, parseJson } from "../lib/json-value.ts";

export interface FoundServer {
  readonly port: number;
  /** The preset; undefined when it could be any OpenAI-compatible server. */
  readonly type: string | undefined;
  /** Ids as the server lists them. */
  readonly models: readonly string[];
}

/** For all ports together, answers included. */
const LIMIT_MS = 500;

/** A list of models that is longer comes from no server of one's own. */
const MAX_BYTES = 4 * 2 ** 20;

/** Every server that answers `/v1/models` with a list, in the order of the ports. */
export async function findServers(ports: readonly number[]): Promise<readonly FoundServer[]> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const found = await Promise.all(ports.map((port) => ask(port, signal)));
  return found.filter((server) => server !== undefined);
}

async function ask(port: number, signal: AbortSignal): Promise<FoundServer | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v1/models`, {
      signal,
      redirect: "manual",
      proxy: false,
      keepalive: false,
      headers: { accept: "application/json", "user-agent": "postern" },
    });
    // A gateway of this kind is nobody's upstream: it would call itself.
    if (!response.ok || response.headers.has("x-postern-request-id")) return undefined;
    const body = await readAtMost(response.body, MAX_BYTES);
    const models = body === undefined ? undefined : readModelIds(body);
    if (body === undefined || models === undefined) return undefined;
    return { port, type: localServerType(port, entriesOf(body)), models };
  } catch {
    return undefined;
  }
}

/** The entries of a list in OpenAI's shape. */
function entriesOf(body: Uint8Array): readonly JsonRecord[] {
  const list = parseJson(new TextDecoder().decode(body));
  const data = isRecord(list) ? list["data"] : undefined;
  return Array.isArray(data) ? data.filter(isRecord) : [];
}
