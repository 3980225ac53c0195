// Many calls at once that end in every way there is: the books are right at every moment and add up in the end.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { keySection } from "../support/callers.ts";
import { freePort } from "../support/gateway.ts";
import { eventually, policies, type RequestRow, read, spend } from "../support/money-account.ts";
import {
  buy,
  CENT,
  type MoneyScene,
  meteredAnswer,
  moneyScene,
  order,
  type Purchase,
  upProvider,
} from "../support/money-scene.ts";
import {
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  type SeenRequest,
} from "../support/upstream.ts";

const CLIENTS = 12;
const CALLS_EACH = 25;
const KEYS = ["k0", "k1", "k2"];
/** Less than all calls would cost: some are refused. */
const LIMIT = 600 * CENT;

const POLICIES = {
  Cap: { limit_usd: LIMIT / 1e9, window: "total" },
  "Each key": { limit_usd: 1_000, window: "month", each: "key" },
  "Each model": { limit_usd: 1_000, window: "total", each: "model", enabled: false },
};

let upstream: FakeUpstream;
let scene: MoneyScene;

/** Called when the upstream has the request of this `user`. */
const arrived = new Map<string, () => void>();

/** Behaves as the request's model says. */
function answerOf(request: SeenRequest): Response | Promise<Response> {
  switch (request.method === "GET" ? "" : request.json()["model"]) {
    case "fails":
      return Response.json({ error: { message: "no", type: "server_error" } }, { status: 500 });
    case "silent":
      arrived.get(String(request.json()["user"]))?.();
      return new Promise<Response>(() => {});
    case "cut":
      return eventStream(firstChunk("one two three"));
    default:
      return meteredAnswer(request);
  }
}

beforeAll(async () => {
  upstream = fakeUpstream(answerOf);
  const up = { ...upProvider(upstream.url), timeouts: { first_byte: "500ms" } };
  scene = await moneyScene({
    providers: { up, nobody: upProvider(`http://127.0.0.1:${await freePort()}`) },
    keys: keySection(Object.fromEntries(KEYS.map((name) => [name, {}]))),
    pricing: { models: { "*": { input: 0, output: 10_000 } } },
    spend_policies: POLICIES,
    rate_limits: { Many: { concurrent: 1_000, requests: "100000/day", tokens: "100000000/day" } },
  });
});
afterAll(async () => {
  await scene?.stop();
  await upstream?.stop();
});

const KINDS = ["plain", "stream", "less", "fails", "cut", "nobody", "silent", "leaves", "is gone"] as const;

/** One call; how it ends for its caller does not matter here. */
async function callOnce(kind: (typeof KINDS)[number], as: string, tokens: number): Promise<void> {
  const { gateway } = scene;
  const ways: Record<typeof kind, Purchase> = {
    plain: { model: "up/m" },
    stream: { model: "up/m", body: { stream: true } },
    less: { model: "up/m", used: 1 },
    fails: { model: "up/fails" },
    cut: { model: "up/cut", body: { stream: true } },
    nobody: { model: "nobody/m" },
    silent: { model: "up/silent" },
    leaves: { model: "up/cut", body: { stream: true } },
    "is gone": { model: "up/silent" },
  };
  if (kind === "leaves") {
    const answer = await order(gateway, tokens, { as, ...ways[kind] });
    await answer.body?.cancel();
  } else if (kind === "is gone") {
    await hangUp(as, tokens, ways[kind]);
  } else {
    await buy(gateway, tokens, { as, ...ways[kind] });
  }
}

/** A call that is given up as soon as the upstream has it. */
async function hangUp(as: string, tokens: number, purchase: Purchase): Promise<void> {
  const leaving = new AbortController();
  const user = crypto.randomUUID();
  arrived.set(user, () => leaving.abort());
  const more = { as, ...purchase, body: { user }, signal: leaving.signal };
  await order(scene.gateway, tokens, more).then(
    (refused) => refused.text(),
    () => {},
  );
}

async function client(number: number): Promise<void> {
  for (let i = 0; i < CALLS_EACH; i++) {
    const kind = KINDS[Math.floor(Math.random() * KINDS.length)] ?? "plain";
    await callOnce(kind, KEYS[(number + i) % KEYS.length] ?? "k0", 1 + Math.floor(Math.random() * 10));
  }
}

function sumOf(rows: readonly { readonly cost_nano_usd: number }[]): number {
  return rows.reduce((sum, { cost_nano_usd }) => sum + cost_nano_usd, 0);
}

/** Reloads that change nothing which a counter depends on. */
async function reloadAllTheWhile(isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round++) {
    const changing = { ...POLICIES["Each model"], limit_usd: 1_001 + round };
    await scene.reload({ spend_policies: { ...POLICIES, "Each model": changing } });
  }
}

test("the cap is never passed by what is spent and held, and rows, counters and sums agree", async () => {
  let over = false;
  const watching = (async () => {
    const beyond: unknown[] = [];
    while (!over) {
      const cap = (await policies(scene.gateway)).find(({ name }) => name === "Cap");
      // Cut streams may cost what came; none of these calls costs more than it holds.
      if (cap !== undefined && cap.spent_nano_usd + cap.reserved_nano_usd > LIMIT) beyond.push(cap);
    }
    return beyond;
  })();
  const reloading = reloadAllTheWhile(() => over);
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  over = true;
  expect(await watching).toEqual([]);
  await reloading;

  const unsettled = async () =>
    (await policies(scene.gateway)).filter(
      ({ reserved_nano_usd: held = 0, metric, used }) => held > 0 || (metric === "concurrent" && used !== 0),
    );
  await eventually(unsettled, []);
  const requests = async () =>
    (await read<{ rows: RequestRow[] }>(scene.gateway, "requests?limit=5000")).rows;
  await eventually(async () => (await requests()).length, CLIENTS * CALLS_EACH);
  const rows = await requests();
  expect(sumOf(rows)).toBeGreaterThan(0);
  for (const row of rows) expect(sumOf(row.attempts)).toBe(row.cost_nano_usd);
  const counters = await policies(scene.gateway);
  const counted = (name: string) =>
    counters.filter((row) => row.name === name).map(({ subject, spent_nano_usd: spent }) => [subject, spent]);
  const costBy = (member: "key" | "target", value: string | null) =>
    sumOf(rows.filter((row) => row[member] === value));
  expect(counted("Cap")).toEqual([[null, sumOf(rows)]]);
  for (const [subject, spent] of counted("Each key")) expect(spent).toBe(costBy("key", String(subject)));
  for (const [subject, spent] of counted("Each model")) expect(spent).toBe(costBy("target", String(subject)));
  expect(counted("Each key")).toHaveLength(KEYS.length);
  await eventually(async () => sumOf((await spend(scene.gateway, "by=key&window=total")).rows), sumOf(rows));
});
