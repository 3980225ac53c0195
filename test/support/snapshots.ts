// Configurations as text, loaded and compiled as the gateway does it, for tests that need no network.

import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import type { TokenSource } from "../../src/exchange.ts";
import type { CredentialDeps } from "../../src/gateway/compile-provider.ts";
import { compileSnapshot, type Snapshot, type SnapshotDeps } from "../../src/gateway/snapshot.ts";

export const LOADED_AT_MS = Date.UTC(2026, 10, 21, 12, 0, 0, 999);

/** The configuration, and the variables that credentials are written as. Fails with the problems when there are any. */
export function configOf(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
): { readonly config: Config; readonly credentialNames: ReadonlyMap<string, string> } {
  const { config, problems, credentialNames } = loadConfig("-", { env, stdin: yaml });
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return { config, credentialNames };
}

const NEVER_ASKED: TokenSource = {
  token: () => Promise.reject(new Error("not asked")),
  known: () => [],
};

/** Nothing is exchanged, and there are no access keys. */
const NO_CREDENTIALS: CredentialDeps = { tokens: () => NEVER_ASKED, signer: () => undefined, secrets: [] };

/** Mock providers answer 200 with their settings. */
export function snapshotOf(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  deps: Partial<SnapshotDeps> = {},
): Snapshot {
  const { config, credentialNames } = configOf(yaml, env);
  return compileSnapshot(config, {
    now: () => LOADED_AT_MS,
    credentialNames,
    credentials: NO_CREDENTIALS,
    createMock: (settings, name) => async () => Response.json({ name, settings }),
    ...deps,
  });
}
