// What is known of providers' models: asked once at a time, kept, renewed in the background, waited for with measure.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { compileGlobs } from "../../../src/lib/glob.ts";
import { Secret } from "../../../src/lib/secret.ts";
import { type Discovered, Discovery, type Listing, type Need } from "../../../src/routing/discovery.ts";
import { FakeWheel, fakeProvider } from "../../support/fake-parts.ts";

interface Asked {
  readonly name: string;
  readonly answer: (listing: Listing) => void;
  readonly break: (error: Error) => void;
}

let wheel: FakeWheel;
let asked: Asked[];
let discovery: Discovery;

beforeEach(() => {
  wheel = new FakeWheel();
  asked = [];
  discovery = new Discovery({
    wheel,
    ask: ({ name }) => new Promise((resolve, reject) => asked.push({ name, answer: resolve, break: reject })),
  });
});

const one = fakeProvider({ name: "one" });
const two = fakeProvider({ name: "two" });
const BOTH = [one, two];

function listed(...ids: string[]): Listing {
  return { kind: "listed", ids: new Set(ids) };
}

const FAILED: Listing = { kind: "failed", reason: "why" };

async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await Promise.resolve();
}

/** Answers the newest question to a provider. */
async function answer(provider: Provider, listing: Listing): Promise<void> {
  asked.findLast(({ name }) => name === provider.name)?.answer(listing);
  await settle();
}

function names(): string[] {
  return asked.map(({ name }) => name);
}

/** Who waits: `ended` once it does no more. */
function waiting(
  need: Need | ((found: Discovered) => Need),
  providers: readonly Provider[] = BOTH,
  client: AbortSignal = new AbortController().signal,
): { ended: boolean; found: Promise<Discovered> } {
  const found = discovery.wait(providers, typeof need === "string" ? () => need : need, client);
  const watch = { ended: false, found };
  void found.then(() => {
    watch.ended = true;
  });
  return watch;
}

function idsOf(provider: Provider): string[] {
  return [...discovery.look([provider]).idsOf(provider)];
}

describe("a provider", () => {
  test("is asked nothing before somebody looks", () => {
    wheel.advance(1e6);
    expect(asked).toEqual([]);
  });

  test("is asked once, however many look at the same time", async () => {
    for (let i = 0; i < 100; i++) discovery.look(BOTH);
    const waiters = Array.from({ length: 100 }, () => waiting("all"));
    expect(names()).toEqual(["one", "two"]);
    await answer(one, listed("a"));
    await answer(two, listed("b"));
    for (const { found } of waiters) expect((await found).offering("b")).toEqual([two]);
    expect(names()).toEqual(["one", "two"]);
  });

  test("is asked again a minute later, while the list before is served", async () => {
    discovery.look([one]);
    await answer(one, listed("a"));
    wheel.advance(59_999);
    expect([idsOf(one), asked.length]).toEqual([["a"], 1]);
    wheel.advance(1);
    expect([idsOf(one), asked.length]).toEqual([["a"], 2]);
    expect([idsOf(one), asked.length]).toEqual([["a"], 2]);
    await answer(one, listed("b"));
    expect(idsOf(one)).toEqual(["b"]);
  });

  test("that failed is asked again five seconds later", async () => {
    discovery.look([one]);
    await answer(one, FAILED);
    wheel.advance(4_999);
    expect([discovery.look([one]).unasked, asked.length]).toEqual([[{ provider: one, reason: "why" }], 1]);
    wheel.advance(1);
    discovery.look([one]);
    await answer(one, listed("a"));
    expect([discovery.look([one]).unasked, idsOf(one), asked.length]).toEqual([[], ["a"], 2]);
  });

  test("that fails later keeps the list it had, and is known to have failed", async () => {
    discovery.look([one]);
    await answer(one, listed("a"));
    wheel.advance(60_000);
    discovery.look([one]);
    await answer(one, FAILED);
    expect([idsOf(one), discovery.look([one]).unasked]).toEqual([["a"], [{ provider: one, reason: "why" }]]);
  });

  test("that cannot even be asked has failed", async () => {
    discovery.look([one]);
    asked[0]?.break(new Error("fault"));
    await settle();
    expect(discovery.look([one]).unasked).toEqual([{ provider: one, reason: "it could not be asked" }]);
  });

  test("that has not answered yet is named so", () => {
    discovery.look([one]);
    expect(discovery.look([one]).unasked).toEqual([{ provider: one, reason: "no answer yet" }]);
  });

  test("with an empty list offers nothing, and has been asked", async () => {
    discovery.look([one]);
    await answer(one, listed());
    expect([idsOf(one), discovery.look([one]).unasked]).toEqual([[], []]);
  });
});

describe("a bare id", () => {
  test("is offered by everybody who lists it and whose own list allows it", async () => {
    const patterns = ["*", "!b"];
    const strict = { ...two, models: { owner: "two", patterns, allows: compileGlobs(patterns) } };
    discovery.look([one, strict]);
    await answer(one, listed("a", "b"));
    await answer(strict, listed("a", "b"));
    const { offering } = discovery.look([one, strict]);
    expect([offering("a"), offering("b"), offering("c")]).toEqual([[one, strict], [one], []]);
  });
});

describe("who needs to know", () => {
  test("waits for nobody when nothing is needed", async () => {
    expect(waiting("nothing").found).resolves.toBeDefined();
    expect([names(), wheel.items.size]).toEqual([["one", "two"], 0]);
  });

  test("waits for all answers, and no longer", async () => {
    const waiter = waiting("all");
    await answer(one, listed("a"));
    expect(waiter.ended).toBe(false);
    await answer(two, FAILED);
    expect(waiter.ended).toBe(true);
    expect(wheel.items.size).toBe(0);
  });

  test("waits no longer than two seconds in total", async () => {
    const waiter = waiting("all");
    wheel.advance(1_000);
    await answer(one, listed("a"));
    expect(waiter.ended).toBe(false);
    wheel.advance(1_000);
    await settle();
    expect(waiter.ended).toBe(true);
    const found = await waiter.found;
    expect(found.offering("a")).toEqual([one]);
    expect(found.unasked).toEqual([{ provider: two, reason: "no answer yet" }]);
  });

  test("stops to wait once it is satisfied", async () => {
    const waiter = waiting((found) => (found.offering("a").length > 0 ? "nothing" : "all"));
    await answer(one, listed("a"));
    expect(waiter.ended).toBe(true);
  });

  test("stops to wait when its client leaves", async () => {
    const client = new AbortController();
    const waiter = waiting("all", BOTH, client.signal);
    client.abort();
    await settle();
    expect([waiter.ended, wheel.items.size]).toEqual([true, 0]);
    expect(waiting("all", BOTH, AbortSignal.abort()).found).resolves.toBeDefined();
  });

  test.each<[Need, boolean, boolean, boolean]>([
    // never asked, failed before, listed before
    ["first answers", true, false, false],
    ["first lists", true, true, false],
    ["all", true, true, true],
  ])("%s: waits as far as that goes", async (need, forNew, forFailed, forOld) => {
    discovery.look(BOTH);
    await answer(one, FAILED);
    await answer(two, listed("a"));
    wheel.advance(60_000);
    const fresh = fakeProvider({ name: "three" });
    expect(waiting(need, [fresh]).ended).toBe(false);
    const waits = await Promise.all(
      [fresh, one, two].map(async (provider) => {
        const waiter = waiting(need, [provider]);
        await settle();
        return !waiter.ended;
      }),
    );
    expect(waits).toEqual([forNew, forFailed, forOld]);
  });

  test("is not held up by a list that is new enough", async () => {
    discovery.look([one]);
    await answer(one, listed("a"));
    const waiter = waiting("all", [one]);
    await settle();
    expect([waiter.ended, asked.length]).toEqual([true, 1]);
  });
});

describe("a change of the configuration", () => {
  const same = fakeProvider({ name: "one", timeouts: { ...one.timeouts, idleMs: 1 }, declared: ["x"] });

  test.each<[string, Provider, boolean]>([
    ["nothing", one, true],
    ["nothing that matters", same, true],
    ["the address", fakeProvider({ name: "one", root: "http://else.test/v1" }), false],
    ["the credential", fakeProvider({ name: "one", credential: new Secret("k2") }), false],
    ["the way of sending it", fakeProvider({ name: "one", auth: { kind: "query", parameter: "k" } }), false],
    ["a header", fakeProvider({ name: "one", headers: { "x-team": "ml" } }), false],
    ["the certificates", fakeProvider({ name: "one", tls: { ca: "PEM", insecure: false } }), false],
    ["the proxy", fakeProvider({ name: "one", httpProxy: "http://proxy:1" }), false],
  ])("of %s", async (_, after, survives) => {
    discovery.look([one]);
    await answer(one, listed("a"));
    discovery.keep([after, two]);
    expect(idsOf(after)).toEqual(survives ? ["a"] : []);
    expect(asked).toHaveLength(survives ? 1 : 2);
  });

  test("compares credentials, not what may be shown of them", async () => {
    const first = fakeProvider({ name: "one", credential: new Secret("k1") });
    discovery.look([first]);
    await answer(first, listed("a"));
    expect(idsOf(fakeProvider({ name: "one", credential: new Secret("k1") }))).toEqual(["a"]);
    expect(idsOf(fakeProvider({ name: "one", credential: new Secret("k2") }))).toEqual([]);
  });

  test("that takes a provider away forgets it, and an answer that comes too late", async () => {
    discovery.look([one]);
    discovery.keep([two]);
    await answer(one, listed("a"));
    expect([idsOf(one), asked.length]).toEqual([[], 2]);
  });
});
