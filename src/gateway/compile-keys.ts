// Compiles the virtual keys: digests, owners, and the allowlists that their owners add.

import { compileRule } from "../access/allowlist.ts";
import { createKeyRing, type KeyDigest, type KeyRing, keyDigest } from "../auth/virtual-keys.ts";
import type { Config, KeyConfig, MemberConfig } from "../config/schema.ts";
import type { AccessRule, AccessRules, VirtualKey } from "../exchange.ts";
import { momentMs } from "../lib/moment.ts";

/** All keys of a configuration that has passed its checks. */
export function compileKeyRing(config: Config): KeyRing {
  const entries: { key: VirtualKey; digests: readonly KeyDigest[] }[] = [];
  let anonymous: VirtualKey | undefined;
  for (const [name, settings] of Object.entries(config.keys)) {
    const key = compileKey(name, settings, config);
    if (settings.anonymous) anonymous = key;
    else entries.push({ key, digests: digestsOf(settings) });
  }
  return createKeyRing(entries, anonymous);
}

function compileKey(name: string, settings: KeyConfig, config: Config): VirtualKey {
  return {
    name,
    user: settings.user,
    workspace: settings.workspace,
    aliases: new Map(Object.entries(settings.aliases)),
    access: accessOf(name, settings, config),
    expiresAt: settings.expires === undefined ? undefined : momentMs(settings.expires),
    disabled: settings.disabled,
    tags: settings.tags,
  };
}

/** Every list that has a say over the key, broadest first: a narrower one never loosens a broader one. */
function accessOf(name: string, settings: KeyConfig, config: Config): AccessRules {
  const { organization, workspaces, users } = config;
  const owners: [string, MemberConfig | undefined][] = [
    ["the organization", typeof organization === "object" ? organization : undefined],
    [`workspace ${settings.workspace}`, workspaces[settings.workspace ?? ""]],
    [`user ${settings.user}`, users[settings.user ?? ""]],
    [`key ${name}`, settings],
  ];
  const rules = (list: "models_allowed" | "providers_allowed"): AccessRule[] =>
    owners.flatMap(([owner, lists]) => compileRule(owner, lists?.[list]));
  return { models: rules("models_allowed"), providers: rules("providers_allowed") };
}

function digestsOf(settings: KeyConfig): readonly KeyDigest[] {
  if (settings.secret !== undefined) return [{ hash: keyDigest(settings.secret), until: undefined }];
  const listed = settings.hashes ?? (settings.hash === undefined ? [] : [settings.hash]);
  return listed.map((item) =>
    typeof item === "string"
      ? { hash: bareHash(item), until: undefined }
      : { hash: bareHash(item.hash), until: momentMs(item.until) },
  );
}

function bareHash(hash: string): string {
  return hash.slice("sha256:".length);
}
