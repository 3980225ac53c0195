// A mock provider with a clock and ids of the test's own, and the means to ask it and to read its streams.

import type { EndpointName } from "../../../src/formats/table.ts";
import { createMock } from "../../../src/mock/mock-provider.ts";
import type { MockSettings } from "../../../src/mock/settings.ts";

export const NOW_MS = 1_800_000_000_500;
export const NOW_SECONDS = 1_800_000_000;

/** Never aborts. */
export const NO_SIGNAL = new AbortController().signal;

export interface MockUnderTest {
  /** What was slept, in order. */
  readonly sleeps: readonly number[];
  send(endpoint: EndpointName, body?: unknown, signal?: AbortSignal): Promise<Response>;
}

/** Its ids are 1, 2, 3 …; sleeping takes no time but moves the clock. */
export function mockUnderTest(settings: MockSettings = {}): MockUnderTest {
  const sleeps: number[] = [];
  let nowMs = NOW_MS;
  let ids = 0;
  const mock = createMock(settings, {
    now: () => nowMs,
    newId: () => `${++ids}`,
    sleep: async (ms) => {
      sleeps.push(ms);
      nowMs += ms;
    },
  });
  return { sleeps, send: (endpoint, body, signal = NO_SIGNAL) => mock(localRequest(endpoint, body, signal)) };
}

export interface SleepingMock {
  /** Sleeps that neither ended nor were aborted. */
  asleep(): number;
  send(endpoint: EndpointName, body: unknown, signal: AbortSignal): Promise<Response>;
}

/** A mock whose every sleep lasts until it is aborted, and then fails with an error of its own. */
export function sleepingMock(settings: MockSettings): SleepingMock {
  let asleep = 0;
  const mock = createMock(settings, {
    now: () => NOW_MS,
    newId: () => "id",
    sleep: (_ms, signal) => {
      asleep++;
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          asleep--;
          reject(new Error("broken off"));
        });
      });
    },
  });
  return {
    asleep: () => asleep,
    send: (endpoint, body, signal) => mock(localRequest(endpoint, body, signal)),
  };
}

/** `body` is sent as JSON; a string as it is. */
function localRequest(endpoint: EndpointName, body: unknown, signal: AbortSignal) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { endpoint, body: text === undefined ? undefined : new TextEncoder().encode(text), signal };
}

export interface SseEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/** Splits a well-formed stream; throws for anything but `event:` and `data:` lines with one blank line after. */
export function splitSse(text: string): readonly SseEvent[] {
  if (!text.endsWith("\n\n")) throw new Error("the stream does not end with a blank line");
  return text
    .slice(0, -2)
    .split("\n\n")
    .map((block) => {
      const match = /^(?:event: ([^\n\r]+)\n)?data: ([^\n\r]+)$/.exec(block);
      if (match?.[2] === undefined) throw new Error(`not one event: ${JSON.stringify(block)}`);
      return { name: match[1], data: match[2] };
    });
}

/** The JSON of every event of a stream that ends with `[DONE]`, which is taken off. */
export async function readChunks(response: Response): Promise<readonly unknown[]> {
  const events = splitSse(await response.text());
  const last = events.at(-1);
  if (last?.data !== "[DONE]") throw new Error("the stream does not end with [DONE]");
  return events.slice(0, -1).map((event) => JSON.parse(event.data));
}

/** The JSON of every event of a stream with named events, whose names must be their types. */
export async function readNamed(response: Response): Promise<readonly { readonly type: string }[]> {
  return splitSse(await response.text()).map((event) => {
    const value = JSON.parse(event.data);
    if (value.type !== event.name) throw new Error(`event ${event.name} carries ${value.type}`);
    return value;
  });
}
