// Providers that do not say what models they have: nobody waits for them for long, and callers are told who and why.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, get, idsOf, keySection, outcome, yamlOf } from "../support/callers.ts";
import { until } from "../support/deadline.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { asksFor, listing } from "../support/listing-upstream.ts";
import { CHAT_REPLY, type FakeUpstream, fakeUpstream, type SeenRequest } from "../support/upstream.ts";

let one: FakeUpstream;
let two: FakeUpstream;
let running: Gateway | undefined;

beforeAll(() => {
  one = fakeUpstream();
  two = fakeUpstream();
});

beforeEach(() => {
  one.reset();
  two.reset();
});

afterEach(async () => {
  await running?.stop();
});

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
});

async function start(more: Record<string, unknown> = {}): Promise<Gateway> {
  const providers = { one: { base_url: one.url }, two: { base_url: two.url }, ...more };
  const keys = keySection({ all: {}, "two-only": { providers_allowed: ["two"] } });
  running = await startGateway(yamlOf({ providers, models: { fast: "one/a" }, keys }));
  return running;
}

describe("a provider that does not answer", () => {
  test("holds up nobody who does not need it, and others for two seconds at most", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    one.answer((request) => (request.method === "GET" ? promise : Response.json(CHAT_REPLY)));
    two.answer(listing("b"));
    const gateway = await start();
    const missing = ask(gateway, { as: "all", model: "nope" });
    const found = ask(gateway, { as: "all", model: "b" });
    const list = get(gateway, "/v1/models", "all");
    await one.request(0);
    // Nobody has answered the question, so whatever is answered now did not wait for it.
    for (const model of ["one/x", "two/y", "fast"])
      expect((await ask(gateway, { as: "all", model })).status).toBe(200);
    expect((await get(gateway, "/v1/models/two/b", "all")).status).toBe(200);
    expect((await get(gateway, "/v1/models", "two-only")).text).toContain("two/b");
    expect((await missing).message).toContain("could not be asked: one (no answer yet)");
    expect(outcome(await found)).toBe("200 two/b");
    expect(idsOf(await list)).toEqual(["fast", "two/b"]);
    expect(asksFor(one)).toHaveLength(1);
    resolve(listing("late")((await one.request(0)) as SeenRequest));
    await until("the late list", async () =>
      (await ask(gateway, { as: "all", model: "late" })).status === 200 ? true : undefined,
    );
  });

  test.each<[string, (request: SeenRequest) => Response, string]>([
    ["404", () => new Response("not here", { status: 404 }), "it answered 404"],
    ["401", () => new Response("no", { status: 401 }), "it answered 401"],
    ["a redirect", () => Response.redirect("http://127.0.0.1:1/", 302), "it answered 302"],
    ["a page", () => new Response("<html>hello</html>"), "its answer is no list of models"],
    ["too much", () => new Response(`[${" ".repeat(4_200_000)}]`), "its list is too long"],
  ])("(%s) is named with the reason", async (_, answer, reason) => {
    one.answer((request) => (request.method === "GET" ? answer(request) : Response.json(CHAT_REPLY)));
    two.answer(listing("b"));
    const gateway = await start();
    const missing = await ask(gateway, { as: "all", model: "nope" });
    expect(outcome(missing)).toBe("404 model_not_found");
    expect(missing.message).toContain(`could not be asked: one (${reason})`);
    expect(outcome(await ask(gateway, { as: "all", model: "b" }))).toBe("200 two/b");
    expect((await ask(gateway, { as: "two-only", model: "nope" })).message).not.toContain("one (");
    expect(asksFor(one)).toHaveLength(1);
  });

  test("because nothing listens there is named with the reason, and found once it is up", async () => {
    const gone = fakeUpstream();
    const { port } = gone;
    await gone.stop();
    const gateway = await start({ gone: { base_url: `http://127.0.0.1:${port}` } });
    expect((await ask(gateway, { as: "all", model: "a" })).message).toContain("gone (127.0.0.1");
    const back = Bun.serve({
      port,
      hostname: "127.0.0.1",
      fetch: (request) => Response.json(request.method === "GET" ? { data: [{ id: "a" }] } : CHAT_REPLY),
    });
    await until("the model", async () =>
      outcome(await ask(gateway, { as: "all", model: "a" })) === "200 gone/a" ? true : undefined,
    );
    await back.stop(true);
  });
});
