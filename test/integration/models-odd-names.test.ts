// Model names of every kind: whatever a client writes there, the answer's head and the log stay sound.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, keySection, yamlOf } from "../support/callers.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway(
    yamlOf({ providers: { up: { base_url: upstream.url } }, keys: keySection({ caller: {} }) }),
  );
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

/** JSON string contents, as they stand in the body. */
const ODD: readonly (readonly [string, string])[] = [
  ["a line break", "a\\r\\nx-evil: 1"],
  ["NUL", "a\\u0000b"],
  ["half a surrogate pair", "a\\ud83d"],
  ["the other half", "\\ude00b"],
  ["the halves in the wrong order", "\\ude00\\ud83d"],
  ["an emoji", "\\ud83d\\ude00"],
  ["a byte order mark", "\\ufeffm"],
  ["text that runs from right to left", "\\u202em"],
  ["a delete character", "a\\u007fb"],
  ["letters of Latin-1", "caf\u00e9"],
  ["300 letters", "x".repeat(300)],
  ["20,000 letters", "x".repeat(20_000)],
  ["300,000 letters", "x".repeat(300_000)],
  ["100,000 signs that need encoding", "模".repeat(100_000)],
];

describe.each(["up/", "nobody/"])("a model name that begins with %s", (prefix) => {
  test.each(ODD)("and holds %s", async (_, text) => {
    const body = `{"model":"${prefix}${text}","messages":[]}`;
    const answer = await ask(gateway, { as: "caller", body });
    // Forwarded, or refused in the envelope; never a fault of ours.
    expect(answer.status).toBeLessThan(500);
    expect(answer.json()).toBeObject();
    expect(answer.headers.get("x-evil")).toBeNull();
    const id = answer.headers.get("x-postern-request-id");
    expect(id).toBeTruthy();
    const head = [...answer.headers].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    // Clients give up on heads of more than 16 KB.
    expect(head).toBeLessThan(8_000);
    for (const [, value] of answer.headers) expect(value).toMatch(/^[\x20-\x7e]*$/);
    const line = await gateway.logged(({ request_id }) => request_id === id);
    expect(line["status"]).toBe(answer.status);
    expect(JSON.stringify(line).length).toBeLessThan(8_000);
  });
});

test("the upstream reads the name as the client wrote it", async () => {
  for (const [, text] of ODD) {
    upstream.reset();
    const body = `{"model":"up/${text}","messages":[]}`;
    const { status } = await ask(gateway, { as: "caller", body });
    if (status === 200)
      expect(upstream.requests[0]?.json()).toEqual({ model: JSON.parse(`"${text}"`), messages: [] });
  }
});
