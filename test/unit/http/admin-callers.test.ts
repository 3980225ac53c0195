// Who may administer the gateway: admin keys by role, nobody else, and the random key from this machine only.

import { beforeEach, describe, expect, test } from "bun:test";
import { TEST_KEY, virtualKey } from "../../support/keys.ts";
import {
  ADMIN_KEY,
  AdminUnderTest,
  KEYLESS,
  METRICS_KEY,
  RANDOM_KEY,
  ROLES,
  VIEWER_KEY,
} from "./admin-under-test.ts";

const READS = ["status", "config", "keys", "spend", "policies", "requests", "requests/live", "openapi.json"];
const WRITES = ["reload", "policies/P/reset"];
const ALL = [...READS.map((path) => `/admin/v1/${path}`), "/metrics"];

let admin: AdminUnderTest;

beforeEach(() => {
  admin = new AdminUnderTest();
  admin.policyRows = [{ name: "P", subject: null }];
});

describe("without an admin key", () => {
  test.each([...ALL, "/admin/v1/reload", "/admin", "/admin/", "/admin/v2/x", "/ui"])(
    "%s is 401",
    async (path) => {
      for (const key of [null, "", "wrong", ADMIN_KEY.slice(0, -1), `${ADMIN_KEY}x`]) {
        const answer = await admin.ask(path, { key });
        expect([answer.status, answer.headers.get("x-postern-code")]).toEqual([401, "invalid_api_key"]);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
        expect(answer.headers.get("cache-control")).toBe("no-store");
        const { error } = (await answer.json()) as { error: Record<string, unknown> };
        expect(error).toMatchObject({ type: "authentication_error", code: "invalid_api_key", param: null });
      }
    },
  );

  test("an admin key counts in Authorization only", async () => {
    for (const header of ["x-api-key", "api-key", "x-goog-api-key"])
      expect(await admin.outcomeOf("/admin/v1/status", { key: null, headers: { [header]: ADMIN_KEY } })).toBe(
        "401 invalid_api_key",
      );
    expect(await admin.outcomeOf(`/admin/v1/status?key=${ADMIN_KEY}`, { key: null })).toBe(
      "401 invalid_api_key",
    );
    const basic = { authorization: `Basic ${ADMIN_KEY}` };
    expect(await admin.outcomeOf("/admin/v1/status", { key: null, headers: basic })).toBe(
      "401 invalid_api_key",
    );
  });

  test("a virtual key, live or not, is 403 wherever it stands", async () => {
    for (const path of ALL)
      for (const key of [TEST_KEY, virtualKey("gone")])
        expect(await admin.outcomeOf(path, { key })).toBe("403 forbidden");
    expect(await admin.outcomeOf("/admin/v1/status", { key: null, headers: { "x-api-key": TEST_KEY } })).toBe(
      "403 forbidden",
    );
    expect(await admin.outcomeOf(`/admin/v1/status?key=${TEST_KEY}`, { key: null })).toBe("403 forbidden");
  });
});

describe("by role", () => {
  test("an admin may do everything", async () => {
    for (const path of ALL) expect(await admin.outcomeOf(path, { method: "HEAD" })).toBe("200");
    for (const path of WRITES)
      expect(await admin.outcomeOf(`/admin/v1/${path}`, { method: "POST" })).toBe("200");
  });

  test("a viewer may read, and nothing else", async () => {
    for (const path of ALL)
      expect(await admin.outcomeOf(path, { method: "HEAD", key: VIEWER_KEY })).toBe("200");
    for (const path of WRITES)
      expect(await admin.outcomeOf(`/admin/v1/${path}`, { method: "POST", key: VIEWER_KEY })).toBe(
        "403 forbidden",
      );
    expect([admin.reloads, admin.resets, admin.actions]).toEqual([0, [], []]);
  });

  test("a metrics key reads metrics, and nothing else", async () => {
    expect(await admin.outcomeOf("/metrics", { key: METRICS_KEY })).toBe("200");
    for (const path of [...READS, ...WRITES, "nothing"])
      expect(await admin.outcomeOf(`/admin/v1/${path}`, { key: METRICS_KEY })).toBe("403 forbidden");
  });

  test("a key of roles works from everywhere", async () => {
    const peer = { address: "203.0.113.9" };
    const headers = { "x-forwarded-for": "198.51.100.1", origin: "http://evil.test" };
    expect(await admin.outcomeOf("/admin/v1/status", { peer, headers, host: "evil.test" })).toBe("200");
  });

  test("the scheme may be written in any case", async () => {
    const headers = { authorization: `bearer ${ADMIN_KEY}` };
    expect(await admin.outcomeOf("/admin/v1/status", { key: null, headers })).toBe("200");
  });
});

describe("the one key of admin.key", () => {
  test("is an admin's", async () => {
    const one = new AdminUnderTest(`${KEYLESS}admin: { key: "\${ADMIN}" }\n`, { ADMIN: ADMIN_KEY });
    expect(await one.outcomeOf("/admin/v1/reload", { method: "POST" })).toBe("200");
    expect(one.actions.map(({ actor }) => actor)).toEqual(["admin:admin"]);
    expect(await one.outcomeOf("/admin/v1/status", { key: RANDOM_KEY })).toBe("401 invalid_api_key");
  });
});

describe("where no admin key is configured", () => {
  beforeEach(() => {
    admin = new AdminUnderTest(KEYLESS);
  });

  test("the random key works on this machine", async () => {
    for (const host of ["localhost", "127.0.0.1:4000", "[::1]"])
      expect(await admin.outcomeOf("/admin/v1/status", { key: RANDOM_KEY, host })).toBe("200");
    const peer = { address: undefined };
    expect(await admin.outcomeOf("/admin/v1/status", { key: RANDOM_KEY, peer })).toBe("200");
  });

  test("this machine alone is not enough", async () => {
    expect(await admin.outcomeOf("/admin/v1/status", { key: null })).toBe("401 invalid_api_key");
    expect(await admin.outcomeOf("/admin/v1/status", { key: TEST_KEY })).toBe("403 forbidden");
  });

  test.each([
    ["from another machine", { peer: { address: "192.0.2.7" } }],
    ["through a proxy", { headers: { "x-forwarded-for": "127.0.0.1" } }],
    ["through a proxy that says Via", { headers: { via: "1.1 p" } }],
    ["from a page of another origin", { headers: { origin: "http://evil.test" } }],
    ["by a name that is not this machine's", { host: "rebound.test" }],
  ])("the random key is refused %s", async (_how, question) => {
    expect(await admin.outcomeOf("/metrics", { key: RANDOM_KEY, ...question })).toBe("403 forbidden");
  });

  test("an empty map of keys counts as none", async () => {
    const empty = new AdminUnderTest(`${KEYLESS}admin: { keys: {} }\n`);
    expect(await empty.outcomeOf("/admin/v1/status", { key: RANDOM_KEY })).toBe("200");
    expect(ROLES).toContain("role: admin");
  });
});
