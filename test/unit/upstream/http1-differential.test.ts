// The own client and `fetch` are given the same answers, and make the same of them.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { UpstreamResponse } from "../../../src/upstream/http1/answer.ts";
import { within } from "../../support/deadline.ts";
import { type RawUpstream, rawUpstream } from "../../support/raw-tcp.ts";
import { type OddAnswer, SAME, STRICTER } from "./http1-odd-answers.ts";
import { described, initOf, ownTransport } from "./http1-under-test.ts";

const ANSWERS: readonly OddAnswer[] = [...SAME, ...STRICTER];

let upstream: RawUpstream;

beforeAll(async () => {
  upstream = await rawUpstream(async ({ connection, request }) => {
    const answer = ANSWERS[Number(request.startLine.split("/")[1]?.split(" ")[0])];
    if (answer === undefined) throw new Error(request.startLine);
    if (answer.bytes.length > 0) connection.write(answer.bytes);
    if (answer.ending === "fin") connection.end();
    if (answer.ending !== "reset") return;
    // A reset overtakes what was not read yet.
    await Bun.sleep(30);
    connection.reset();
  });
});
afterAll(async () => {
  await upstream?.stop();
});

type Ask = (url: string, init: BunFetchRequestInit) => Promise<UpstreamResponse>;

async function outcomeOf(ask: Ask, answer: OddAnswer): Promise<string> {
  const control = new AbortController();
  const { method = "POST" } = answer;
  const init = initOf({ method, signal: control.signal, headers: { "accept-encoding": "identity" } });
  if (method === "POST") init.body = Buffer.from("{}");
  const asked = ask(`${upstream.url}/${ANSWERS.indexOf(answer)}`, init);
  try {
    return await within(answer.name, described(asked));
  } finally {
    control.abort();
  }
}

describe("an answer that is read as `fetch` reads it", () => {
  test.each(SAME.map((answer) => [answer.name, answer] as const))("%s", async (_, answer) => {
    const theirs = await outcomeOf((url, init) => fetch(url, { ...init, keepalive: false }), answer);
    expect(await outcomeOf(ownTransport(), answer)).toBe(theirs);
  });
});

describe("an answer that is not whole for the own client", () => {
  test.each(STRICTER.map((answer) => [answer.name, answer] as const))("%s", async (_, answer) => {
    expect(await outcomeOf(ownTransport(), answer)).toBe(answer.ours);
  });
});
