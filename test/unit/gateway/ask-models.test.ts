// Asking a provider for its models: sent like any call of it, with little patience, and never an exception.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Provider } from "../../../src/exchange.ts";
import { createModelsAsk } from "../../../src/gateway/ask-models.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Listing } from "../../../src/routing/discovery.ts";
import type { UpstreamRequest } from "../../../src/upstream/request.ts";
import type { Outcome } from "../../../src/upstream/send.ts";
import { AttemptTimers } from "../../../src/upstream/timers.ts";
import { FakeWheel, fakeProvider } from "../../support/fake-parts.ts";
import { HandBody, settled } from "./answer-under-test.ts";

let wheel: FakeWheel;
let sent: UpstreamRequest | undefined;
let control: AbortController;
let outcome: (control: AbortController) => Promise<Outcome>;
let done: boolean[];

beforeEach(() => {
  wheel = new FakeWheel();
  sent = undefined;
  done = [];
});

function reply(response: Response, provider = fakeProvider()): Outcome {
  const timers = new AttemptTimers(wheel, provider.timeouts, () => {});
  const end = (whole: boolean): void => {
    timers.stop();
    done.push(whole);
  };
  return { kind: "reply", reply: { response, timers, done: end } };
}

function answering(body: unknown, init: ResponseInit = {}): void {
  outcome = async () =>
    reply(typeof body === "string" ? new Response(body, init) : Response.json(body, init));
}

function ask(provider: Provider = fakeProvider()): Promise<Listing> {
  const upstream = {
    send: (request: UpstreamRequest, _: Provider, controller: AbortController) => {
      sent = request;
      control = controller;
      return outcome(controller);
    },
  };
  return createModelsAsk({ upstream, wheel, instanceId: "i-1" })(provider);
}

async function idsFrom(body: unknown): Promise<string[] | string> {
  answering(body);
  const listing = await ask();
  return listing.kind === "listed" ? [...listing.ids] : listing.reason;
}

describe("the request", () => {
  test("is what any call of the provider is: its address, credential and headers, and the mark against loops", async () => {
    answering({ data: [] });
    await ask(
      fakeProvider({
        auth: { kind: "header", header: "x-key", prefix: "K " },
        credential: new Secret("secret"),
        headers: { "x-team": "ml" },
      }),
    );
    expect(sent).toMatchObject({
      url: "http://up.test/v1/models",
      headers: { "x-key": "K secret", "x-team": "ml", "x-postern-hop": "i-1", accept: "application/json" },
      body: undefined,
      endpoint: { method: "GET", name: "models" },
    });
    expect(sent?.headers).not.toHaveProperty("anthropic-version");
  });

  test("to a server that speaks Anthropic's format only is made in that", async () => {
    answering({ data: [] });
    await ask(fakeProvider({ endpoints: new Set(["messages", "models"]) }));
    expect(sent).toMatchObject({
      url: "http://up.test/v1/models?limit=1000",
      headers: { "anthropic-version": "2023-06-01" },
    });
  });
});

describe("the answer", () => {
  test("may be a list of any shape", async () => {
    expect(await idsFrom({ object: "list", data: [{ id: "a" }, { id: "b" }, { id: "a" }] })).toEqual([
      "a",
      "b",
    ]);
    expect(await idsFrom([{ id: "a" }])).toEqual(["a"]);
    expect(await idsFrom({ data: null })).toEqual([]);
    expect(await idsFrom({ models: [{ name: "models/a" }] })).toEqual(["a"]);
    expect(done).toEqual([true, true, true, true]);
    expect(wheel.items.size).toBe(0);
  });

  test("counts up to five thousand ids", async () => {
    const ids = await idsFrom(Array.from({ length: 5_001 }, (_, i) => ({ id: `m${i}` })));
    expect([ids.length, ids.at(-1)]).toEqual([5_000, "m4999"]);
  });

  test.each<[string, unknown]>([
    ["a page", "<html></html>"],
    ["an error with status 200", { error: { message: "no" } }],
    ["nothing", ""],
  ])("that is %s is none", async (_, body) => {
    expect(await idsFrom(body)).toBe("its answer is no list of models");
    expect(wheel.items.size).toBe(0);
  });

  test.each([301, 401, 404, 500])("with status %d is a failure, and its body is given up", async (status) => {
    answering({ data: [{ id: "a" }] }, { status });
    expect(await ask()).toEqual({ kind: "failed", reason: `it answered ${status}` });
    expect([done, control.signal.aborted, wheel.items.size]).toEqual([[false], true, 0]);
  });

  test("of more than four megabytes is given up", async () => {
    answering(`[${" ".repeat(4 * 1024 * 1024)}]`);
    expect(await ask()).toEqual({ kind: "failed", reason: "its list is too long" });
    expect([done, control.signal.aborted]).toEqual([[false], true]);
  });

  test("that breaks off is a failure", async () => {
    outcome = async (controller) => {
      const body = new HandBody(controller.signal);
      body.send('{"data":[');
      body.fail();
      return reply(new Response(body.stream));
    };
    expect(await ask()).toEqual({ kind: "failed", reason: "its answer broke off" });
    expect([done, wheel.items.size]).toEqual([[false], 0]);
  });
});

describe("no answer", () => {
  test.each<[Outcome, string]>([
    [
      { kind: "unreachable", message: "h:1: nothing listens there", reached: false },
      "h:1: nothing listens there",
    ],
    [{ kind: "timeout", timer: "connect", reached: false }, "no answer within its `timeouts.connect`"],
    [{ kind: "aborted", reached: true }, "no answer within five seconds"],
  ])("(%j) is a failure in words", async (result, reason) => {
    outcome = async () => result;
    expect(await ask()).toEqual({ kind: "failed", reason });
    expect(wheel.items.size).toBe(0);
  });

  test("is waited for five seconds at most, before the head and in the body", async () => {
    outcome = ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve({ kind: "aborted", reached: true })),
      );
    const headless = ask();
    wheel.advance(5_000);
    expect(await headless).toEqual({ kind: "failed", reason: "no answer within five seconds" });
    outcome = async (controller) => {
      const body = new HandBody(controller.signal);
      body.send('{"data":[');
      return reply(new Response(body.stream));
    };
    const endless = ask();
    await settled();
    wheel.advance(5_000);
    expect(await endless).toEqual({ kind: "failed", reason: "no answer within five seconds" });
    expect([done, wheel.items.size]).toEqual([[false], 0]);
  });

  test("from a fault of the sender's is a failure, too", async () => {
    outcome = () => Promise.reject(new Error("fault"));
    expect((await ask()).kind).toBe("failed");
  });
});
