// The mock providers of a running gateway: a change of the configuration that does not touch one leaves its counters.

import { isDeepStrictEqual } from "node:util";
import type { ProviderConfig } from "../config/schema.ts";
import { compileMock } from "../gateway/compile-mock.ts";
import type { ProviderDeps } from "../gateway/compile-provider.ts";
import { createMock } from "../mock/mock-provider.ts";
import type { MockDeps } from "../mock/settings.ts";

interface Kept {
  readonly settings: NonNullable<ProviderConfig["mock"]>;
  readonly mock: ReturnType<ProviderDeps["createMock"]>;
}

/** Makes mock providers; asked again for one of the same name and settings, it gives the same one. */
export function createMocks(deps: Pick<MockDeps, "now" | "newId">): ProviderDeps["createMock"] {
  const kept = new Map<string, Kept>();
  return (settings, name) => {
    const known = kept.get(name);
    if (known !== undefined && isDeepStrictEqual(known.settings, settings)) return known.mock;
    const mock = createMock(compileMock(settings), { ...deps, sleep });
    kept.set(name, { settings, mock });
    return mock;
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("aborted"));
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Error("aborted"));
    };
    const done = (): void => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    // A timer cannot wait for ever, and 24 days are as good.
    const timer = setTimeout(done, Math.min(ms, 2_147_483_647));
    signal.addEventListener("abort", stop, { once: true });
  });
}
