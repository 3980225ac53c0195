// Which server of one's own sent a list of models, by what it looks like and where it came from.

import { describe, expect, test } from "bun:test";
import { LOCAL_PORTS, localServerType } from "../../../src/catalog/local-servers.ts";
import { PROVIDERS } from "../../../src/catalog/providers.ts";

const ENTRIES = {
  vllm: { id: "q", object: "model", created: 1, owned_by: "vllm", root: "q", max_model_len: 4096 },
  sglang: { id: "q", object: "model", created: 1, owned_by: "sglang", root: "q" },
  ollama: { id: "q:8b", object: "model", created: 1, owned_by: "library" },
  lmstudio: { id: "q", object: "model", owned_by: "organization_owner" },
  llamacpp: { id: "q.gguf", object: "model", created: 1, owned_by: "llamacpp", meta: {} },
  tgi: { id: "org/q", object: "model", created: 0, owned_by: "org/q" },
  localai: { id: "q", object: "model" },
} as const;

describe("a server is told by its list", () => {
  test.each(Object.entries(ENTRIES))("%s, on port 8080", (type, entry) => {
    expect(localServerType(8080, [entry, entry])).toBe(type);
    expect(PROVIDERS[type]?.keyless).toBe(true);
  });

  test.each(Object.entries(ENTRIES).filter(([type]) => type !== "localai"))(
    "%s, on a port of another",
    (type, entry) => {
      expect(localServerType(11434, [entry])).toBe(type);
    },
  );

  test("one that says nothing is believed where it belongs only", () => {
    expect(localServerType(8000, [ENTRIES.localai])).toBeUndefined();
  });
});

describe("or by a port that is its own", () => {
  test.each([
    [11434, "ollama"],
    [1234, "lmstudio"],
    [30000, "sglang"],
    [8000, undefined],
    [8080, undefined],
    [3000, undefined],
  ])("%d with an empty or a strange list", (port, type) => {
    expect(localServerType(port, [])).toBe(type as string);
    expect(localServerType(port, [{ id: "q", created: 1, owned_by: "me" }])).toBe(type as string);
  });
});

test("a list of several owners is nobody's", () => {
  expect(localServerType(8000, [ENTRIES.vllm, ENTRIES.llamacpp])).toBeUndefined();
});

test("every preset of a server of one's own is looked for where it usually is", () => {
  const ports = Object.values(PROVIDERS).flatMap(({ baseUrl = "" }) =>
    baseUrl.startsWith("http://127.0.0.1") ? [Number(new URL(baseUrl).port)] : [],
  );
  expect([...new Set(ports)].sort()).toEqual(LOCAL_PORTS.filter((port) => port !== 3000).sort());
});
