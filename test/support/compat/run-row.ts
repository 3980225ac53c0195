// Plays the six columns of one row of the compatibility matrix. A cell is `pass`, or the reason why not.

import { until, within } from "../deadline.ts";
import { type Conversation, type Reach, setEnv, TOOL } from "./conversation.ts";
import type { Row } from "./rows.ts";
import { CAP, type CompatScene, keyOf, LIMIT, PAID, type RequestRow } from "./scene.ts";
import { ANSWERS, PROMPTS, type SeenCall } from "./upstream.ts";
import { COST_NANO_USD } from "./usage.ts";

export const COLUMNS = ["call", "stream", "tools", "402", "429", "abort"] as const;
export type Column = (typeof COLUMNS)[number];
export type Cells = Readonly<Record<Column, string>>;

/** The key that one cell uses, so that its rows can be told apart. */
export function keyNameOf(row: number, column: Column): string {
  return `row-${row}-${column}`;
}

/** Runs a cell as soon as there is room. */
export type Slot = <T>(run: () => Promise<T>) => Promise<T>;

interface Cell {
  readonly scene: CompatScene;
  readonly row: Row;
  readonly keyName: string;
  readonly client: Conversation;
  /** A prompt of its own, which tells its calls at the upstream apart, too. */
  prompt(words: string): string;
  /** Its calls that reached the upstream. */
  upstreamCalls(): readonly SeenCall[];
}

/** All six; one after the other where that must be. `slot` says when a cell may begin. */
export async function runRow(scene: CompatScene, row: Row, rowNumber: number, slot: Slot): Promise<Cells> {
  const play = async (column: Column) =>
    [column, await slot(() => runCell(scene, row, rowNumber, column))] as const;
  const results: (readonly [Column, string])[] = [];
  if (row.readsEnvLate === true) for (const column of COLUMNS) results.push(await play(column));
  else results.push(...(await Promise.all(COLUMNS.map(play))));
  return Object.fromEntries(results) as Cells;
}

async function runCell(scene: CompatScene, row: Row, rowNumber: number, column: Column): Promise<string> {
  if (column === "abort" && row.cannot !== undefined) return row.cannot.abort;
  const keyName = keyNameOf(rowNumber, column);
  const mark = `[${keyName}]`;
  const reach = await reachFor(scene, row, keyOf(keyName));
  const restore = row.readsEnvLate === true ? setEnv(reach.env ?? {}) : () => {};
  try {
    const cell: Cell = {
      scene,
      row,
      keyName,
      client: row.open(reach),
      prompt: (words) => `${words} ${mark}`,
      upstreamCalls: () => scene.upstream.calls.filter(({ body }) => body.includes(mark)),
    };
    await within(`${row.client} ${row.route} ${column}`, PLAYS[column](cell), 25_000);
    return "pass";
  } catch (error) {
    return shortOf(error);
  } finally {
    restore();
  }
}

const PLAYS: Readonly<Record<Column, (cell: Cell) => Promise<void>>> = {
  call: async (cell) => {
    same("text", await cell.client.ask(cell.prompt(PROMPTS.hello)), ANSWERS.hello);
    await paidFor(cell, 1);
  },
  stream: async (cell) => {
    const pieces = await Array.fromAsync(
      cell.client.stream(cell.prompt(PROMPTS.hello), new AbortController().signal),
    );
    same("text", pieces.join(""), ANSWERS.hello);
    if (pieces.length < 2) throw new Error("the stream came as one piece");
    await paidFor(cell, 1);
  },
  tools: async (cell) => {
    same("text", await cell.client.useTool(cell.prompt(PROMPTS.weather), false), ANSWERS.afterTool);
    same("streamed text", await cell.client.useTool(cell.prompt(PROMPTS.weather), true), ANSWERS.afterTool);
    await paidFor(cell, 4);
    if (!cell.upstreamCalls().every(({ body }) => body.includes(TOOL.name)))
      throw new Error("a call without the tool");
  },
  "402": async (cell) => {
    await refused(cell, 402, CAP, await errorOf(cell.client.ask(cell.prompt(PROMPTS.hello))), 1);
    const stream = Array.fromAsync(
      cell.client.stream(cell.prompt(PROMPTS.hello), new AbortController().signal),
    );
    await refused(cell, 402, CAP, await errorOf(stream), 2);
  },
  "429": async (cell) => {
    const hold = new AbortController();
    await holdOn(cell.scene, cell.keyName, hold.signal);
    try {
      await refused(
        cell,
        429,
        LIMIT,
        await errorOf(cell.client.ask(cell.prompt(PROMPTS.hello))),
        cell.row.tries,
      );
    } finally {
      hold.abort();
    }
  },
  abort: async (cell) => {
    const stop = new AbortController();
    try {
      for await (const piece of cell.client.stream(cell.prompt(PROMPTS.slow), stop.signal)) {
        if (!ANSWERS.slow.startsWith(piece)) throw new Error(`an odd first piece: ${piece}`);
        stop.abort();
        break;
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    await until("the upstream to be let go", () =>
      cell.upstreamCalls().every(({ gone }) => gone) ? true : undefined,
    );
    const rows = await rowsWhen(cell, 1);
    same("end", rows[0]?.ended, "client_closed");
  },
};

async function reachFor(scene: CompatScene, row: Row, key: string): Promise<Reach> {
  const reach = { baseUrl: scene.gateway.url + row.base, key, model: row.model };
  if (row.setUp === undefined) return reach;
  const text = await scene.setUpText(row.setUp.client, key);
  if (row.setUp.code !== undefined) {
    const printed = row.setUp.code.exec(text)?.[1];
    if (printed === undefined) throw new Error(`\`postern env ${row.setUp.client}\` prints no base URL`);
    return { ...reach, baseUrl: printed };
  }
  const env = exportsIn(text);
  if (Object.keys(env).length === 0) throw new Error(`\`postern env ${row.setUp.client}\` exports nothing`);
  return { ...reach, env };
}

/** The variables that a set-up text sets. */
export function exportsIn(text: string): Readonly<Record<string, string>> {
  const lines = text.matchAll(/^export ([A-Z_]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
}

/** Every call reached the upstream with the provider's credential, without the key, and cost what it should. */
async function paidFor(cell: Cell, count: number): Promise<void> {
  const calls = cell.upstreamCalls();
  same("calls at the upstream", calls.length, count);
  for (const { headers, target, body, provider } of calls) {
    same("upstream", provider, cell.row.provider);
    if (PAID[provider]?.(headers) !== true)
      throw new Error("the upstream was not paid with the provider's credential");
    if (JSON.stringify([headers, target, body]).includes(keyOf(cell.keyName)))
      throw new Error("the key went upstream");
  }
  const costs = (await rowsWhen(cell, count)).map((row) => row.cost_nano_usd);
  same("costs", costs.join(), Array(count).fill(COST_NANO_USD[cell.row.format]).join());
}

async function refused(
  cell: Cell,
  status: number,
  policy: string,
  error: unknown,
  count: number,
): Promise<void> {
  const { name, message } = error as Error;
  if (!message.includes(`Request blocked by gateway policies: ${policy}.`))
    throw new Error(`the client shows: ${message}`);
  const expected = cell.row.errors?.[status === 402 ? 402 : 429];
  if (expected !== undefined) same("the error's name", name, expected);
  const rows = (await rowsWhen(cell, count)).filter((row) => row.status === status);
  same("refusals", rows.length, count);
  same("calls at the upstream", cell.upstreamCalls().length, 0);
}

/** Takes the one call that the key may have at a time, until the signal. */
export async function holdOn(scene: CompatScene, keyName: string, signal: AbortSignal): Promise<void> {
  const answer = await scene.gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${keyOf(keyName)}` },
    body: JSON.stringify({
      model: "smart",
      stream: true,
      messages: [{ role: "user", content: PROMPTS.slow }],
    }),
    signal,
  });
  same("status of the call that holds the limit", answer.status, 200);
  // An answer that nobody reads is given up with the next garbage collection.
  answer.text().catch(() => {});
}

/** The key's rows, once there are so many; calls that go on have none yet. */
async function rowsWhen(cell: Cell, count: number): Promise<readonly RequestRow[]> {
  return await until(`${count} rows`, async () => {
    const rows = await cell.scene.rowsOf(cell.keyName);
    return rows.length >= count ? rows : undefined;
  });
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  const result = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in result) return result.error;
  throw new Error(`no error but ${JSON.stringify(result.value)}`);
}

export function same(what: string, is: unknown, expected: unknown): void {
  if (is !== expected) throw new Error(`${what}: ${String(is)} instead of ${String(expected)}`);
}

/** One line for the page, without what changes from run to run. */
export function shortOf(error: unknown): string {
  const message = error instanceof Error ? `${error.message}` : String(error);
  return (
    message
      .replaceAll(/127\.0\.0\.1:\d+/g, "HOST")
      .replaceAll(/\s+/g, " ")
      .slice(0, 200) || "an error without a message"
  );
}
