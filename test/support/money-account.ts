// Reads the account of a gateway from outside: admin API and commands, and waits for what comes a moment later.

import { expect } from "bun:test";
import { until } from "./deadline.ts";
import { type Gateway, runPostern } from "./gateway.ts";
import { ADMIN_KEY } from "./money-scene.ts";

export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
}

/** A row of `GET /admin/v1/requests`. */
export interface RequestRow {
  readonly [more: string]: unknown;
  readonly id: string;
  readonly status: number;
  readonly code: string | null;
  readonly usage: Usage | null;
  readonly cost_usd: string;
  readonly cost_nano_usd: number;
  readonly price: Readonly<Record<string, unknown>> | null;
  readonly policies: {
    readonly matched: readonly string[];
    readonly passed: readonly string[];
    readonly violated: readonly string[];
  };
  readonly attempts: readonly { readonly cost_nano_usd: number }[];
  readonly ended: string;
  readonly flags: readonly string[];
}

/** A row of `GET /admin/v1/policies`. */
export interface PolicyRow {
  readonly [more: string]: unknown;
  readonly name: string;
  readonly subject: string | null;
  readonly spent_nano_usd: number;
  readonly reserved_nano_usd: number;
  readonly metric?: string;
  readonly used?: number;
}

export interface Rollup {
  readonly [more: string]: unknown;
  readonly requests: number;
  readonly cost_nano_usd: number;
}

export interface NamedRollup extends Rollup {
  readonly name: string;
}

export interface Spend {
  readonly [more: string]: unknown;
  readonly total: Rollup;
  readonly rows: readonly NamedRollup[];
}

export async function admin(gateway: Gateway, path: string, init: RequestInit = {}): Promise<Response> {
  return await gateway.fetch(`/admin/v1/${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
    },
  });
}

/** A GET of the admin API that must succeed. */
export async function read<T>(gateway: Gateway, path: string): Promise<T> {
  const answer = await admin(gateway, path);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET /admin/v1/${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

/** The row of this request, as soon as there is one. */
export async function rowOf(gateway: Gateway, id: string): Promise<RequestRow> {
  return await until(`the row of ${id}`, async () => {
    const answer = await admin(gateway, `requests/${id}`);
    return answer.status === 200 ? ((await answer.json()) as RequestRow) : void (await answer.text());
  });
}

/** The row of the request that this answers. */
export async function rowFor(gateway: Gateway, answer: { readonly headers: Headers }): Promise<RequestRow> {
  return await rowOf(gateway, answer.headers.get("x-postern-request-id") ?? "no id");
}

export async function policies(gateway: Gateway): Promise<readonly PolicyRow[]> {
  const { rows } = await read<{ rows: readonly PolicyRow[] }>(gateway, "policies?limit=5000");
  return rows;
}

/** How one counter of a policy stands; undefined = not listed. */
export async function standing(
  gateway: Gateway,
  name: string,
  subject: string | null = null,
): Promise<PolicyRow | undefined> {
  return (await policies(gateway)).find((row) => row.name === name && row.subject === subject);
}

/** Money of a counter in nano-dollars: what is spent, and what is held. */
export async function money(
  gateway: Gateway,
  name: string,
  subject: string | null = null,
): Promise<{ spent: number; held: number } | undefined> {
  const row = await standing(gateway, name, subject);
  return row === undefined ? undefined : { spent: row.spent_nano_usd, held: row.reserved_nano_usd };
}

/** Waits until nothing of the counter is held and so much is spent. */
export async function settled(
  gateway: Gateway,
  name: string,
  spent: number,
  subject: string | null = null,
): Promise<void> {
  await eventually(() => money(gateway, name, subject), { spent, held: 0 });
}

/** Asks until the answer is this; fails with the last answer that was another one. */
export async function eventually<T>(ask: () => Promise<T>, expected: NoInfer<T>): Promise<void> {
  let last: T | undefined;
  await until("the expected answer", async () => {
    last = await ask();
    return Bun.deepEquals(last, expected) ? true : undefined;
  }).catch((error: unknown) => {
    expect(last).toEqual(expected);
    throw error;
  });
}

export async function spend(gateway: Gateway, query: string): Promise<Spend> {
  return await read<Spend>(gateway, `spend?${query}`);
}

/** Runs a command on the store of this configuration and reads what it prints as JSON. */
export async function printed(yaml: string, ...args: readonly string[]): Promise<unknown[]> {
  const { code, stdout, stderr } = await runPostern(args, { yaml });
  if (code !== 0) throw new Error(`postern ${args.join(" ")}: exit ${code}\n${stderr}`);
  return Bun.JSONL.parse(stdout);
}

/** A plain decimal of US dollars in nano-dollars. */
export function nanoOf(usd: string | null): number {
  const [, whole = "", fraction = ""] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(usd ?? "") ?? [];
  if (whole === "") throw new Error(`${usd} is no plain decimal`);
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, "0"));
}
