// Which keys are live: unknown, disabled, expired, two hashes at once, keys given as secrets.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, get, keySection, outcome, yamlOf } from "../support/callers.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { hashOf, virtualKey } from "../support/keys.ts";
import { type FakeUpstream, fakeUpstream } from "../support/upstream.ts";

const DAY_MS = 86_400_000;

/** The UTC date so many days from now, as the file spells it. */
function day(offset: number): string {
  return new Date(Date.now() + offset * DAY_MS).toISOString().slice(0, 10);
}

function moment(offsetMs: number): string {
  return new Date(Date.now() + offsetMs).toISOString();
}

const OWN_WORDS = "a-key-of-my-own-choosing-0123456789";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream();
  gateway = await startGateway({
    yaml: yamlOf({
      providers: { up: { base_url: upstream.url, models: ["m"] } },
      keys: {
        ...keySection({
          plain: {},
          off: { disabled: true },
          on: { disabled: false },
          yesterday: { expires: day(-1) },
          today: { expires: day(0) },
          tomorrow: { expires: day(1) },
          "a-minute-ago": { expires: moment(-60_000) },
          "in-an-hour": { expires: moment(3_600_000) },
          "off-and-expired": { disabled: true, expires: day(-1) },
        }),
        rotating: {
          hashes: [
            hashOf(virtualKey("new")),
            { hash: hashOf(virtualKey("old")), until: moment(3_600_000) },
            { hash: hashOf(virtualKey("gone")), until: moment(-60_000) },
          ],
        },
        two: { hashes: [hashOf(virtualKey("left")), hashOf(virtualKey("right"))] },
        "from-variable": { secret: `\${CALLER_KEY}` },
        "from-file": { secret: `\${file:secrets/caller}` },
        "with-default": { secret: `\${NOT_SET_ANYWHERE:-spare-key-spare-key-spare-key-spare}` },
      },
    }),
    env: { CALLER_KEY: OWN_WORDS },
    files: { "secrets/caller": "  key-from-a-file-0123456789-0123456789\n" },
  });
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), upstream?.stop()]);
});

async function withKey(key: string): Promise<string> {
  return outcome(await ask(gateway, { model: "up/m", headers: { "x-api-key": key } }));
}

describe("a key", () => {
  test.each([
    ["plain", "200 up/m"],
    ["on", "200 up/m"],
    ["off", "403 key_disabled"],
    ["yesterday", "403 key_expired"],
    ["today", "200 up/m"],
    ["tomorrow", "200 up/m"],
    ["a-minute-ago", "403 key_expired"],
    ["in-an-hour", "200 up/m"],
    ["nobody", "401 invalid_api_key"],
  ])("%s: %s", async (word, expected) => {
    expect(await withKey(virtualKey(word))).toBe(expected);
  });

  test("disabled and expired is refused with one of the two codes", async () => {
    expect(["403 key_disabled", "403 key_expired"]).toContain(await withKey(virtualKey("off-and-expired")));
  });

  test.each([
    ["new", "200 up/m"],
    ["old", "200 up/m"],
    ["gone", "401 invalid_api_key"],
    ["left", "200 up/m"],
    ["right", "200 up/m"],
  ])("with several hashes: the %s one gives %s", async (word, expected) => {
    expect(await withKey(virtualKey(word))).toBe(expected);
  });

  test("is the same caller by either hash", async () => {
    for (const word of ["new", "old"])
      expect((await get(gateway, "/v1/key", word)).json()).toMatchObject({ name: "rotating" });
  });

  test.each([
    ["a variable", OWN_WORDS],
    ["a file, trimmed", "key-from-a-file-0123456789-0123456789"],
    ["a default", "spare-key-spare-key-spare-key-spare"],
  ])("given as a secret from %s is accepted", async (_, key) => {
    expect(await withKey(key)).toBe("200 up/m");
  });

  test.each([
    ["its hash", () => hashOf(virtualKey("plain"))],
    ["its hash without the prefix", () => hashOf(virtualKey("plain")).slice("sha256:".length)],
    ["its name", () => "plain"],
    ["itself cut short", () => virtualKey("plain").slice(0, -1)],
    ["itself in other letters", () => virtualKey("plain").toLowerCase()],
    ["itself twice", () => `${virtualKey("plain")}, ${virtualKey("plain")}`],
    ["the text of a reference", () => `\${CALLER_KEY}`],
  ])("is not opened by %s", async (_, key) => {
    expect(await withKey(key())).toBe("401 invalid_api_key");
  });
});

describe("a refused key", () => {
  test.each(["off", "yesterday"])(
    "(%s) is refused on every route, before the path is looked at",
    async (word) => {
      for (const path of ["/v1/models", "/v1/key", "/v1/nonsense", "/providers/none/v1/models"])
        expect((await get(gateway, path, word)).code).toBe(word === "off" ? "key_disabled" : "key_expired");
    },
  );

  test("tells SDKs not to try again, and a 401 says nothing about which keys there are", async () => {
    const refused = await ask(gateway, { model: "up/m", as: "off" });
    expect(refused.headers.get("x-should-retry")).toBe("false");
    const unknown = await ask(gateway, { model: "up/m", as: "nobody" });
    for (const name of ["plain", "rotating", "from-variable"]) expect(unknown.message).not.toContain(name);
  });

  test("comes before what the path decides: an unknown path without a key is a 401", async () => {
    expect(outcome(await get(gateway, "/v1/nonsense"))).toBe("401 invalid_api_key");
    expect(outcome(await get(gateway, "/v1/nonsense", "plain"))).toBe("404 not_found");
  });

  test.each(["/healthz", "/readyz"])("%s needs none", async (path) => {
    expect((await get(gateway, path)).status).toBe(200);
  });
});

describe("a key that the file spells wrongly is refused when the file is read", () => {
  const good = hashOf(virtualKey("x"));
  test.each([
    ["a hash that is too short", { hash: "sha256:abc" }],
    ["a hash of another kind", { hash: good.replace("sha256", "md5") }],
    ["upper-case hex", { hash: `sha256:${good.slice(7).toUpperCase()}` }],
    ["the key in place of its hash", { hash: virtualKey("x") }],
    ["a hash and a secret", { hash: good, secret: OWN_WORDS }],
    ["no way in", { disabled: false }],
    ["a date that is none", { hash: good, expires: "2027-02-30" }],
    ["an empty list of hashes", { hashes: [] }],
    ["an unset variable", { secret: `\${NOT_SET_ANYWHERE}` }],
  ])("%s", async (_, key) => {
    const yaml = yamlOf({ providers: { up: { base_url: "http://127.0.0.1:9" } }, keys: { x: key } });
    const { code, stdout, stderr } = await runPostern(["check"], { yaml });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/config\.yaml:\d+:\d+ {2}keys\.x/);
    expect(stdout + stderr).not.toContain(virtualKey("x"));
  });

  test("the same hash under two names", async () => {
    const yaml = yamlOf({
      providers: { up: { base_url: "http://127.0.0.1:9" } },
      keys: { one: { hash: good }, two: { hash: good } },
    });
    expect((await runPostern(["check"], { yaml })).code).toBe(1);
  });
});
