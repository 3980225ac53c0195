// What pays for calls where no secret is simply sent: tokens of service accounts, which outlive a reload, and signatures.

import { AWS_SIGNING_SERVICE, accessKeysOf } from "../catalog/aws.ts";
import type { TokenSource } from "../exchange.ts";
import type { CredentialDeps } from "../gateway/compile-provider.ts";
import type { ServiceAccount } from "../lib/service-account.ts";
import { createServiceAccountTokens } from "../upstream/credentials/service-account-tokens.ts";
import { createSigV4Signer } from "../upstream/credentials/sigv4.ts";

interface NativeCredentialDeps {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Kept {
  readonly identity: string;
  readonly tokens: TokenSource;
}

/**
 * Tokens are exchanged through the provider's own proxy and never through one of the environment. Its `tls` is about
 * its server: the token endpoint is another, and judged by the public authorities.
 */
export function createNativeCredentials({ fetch, now, env }: NativeCredentialDeps): CredentialDeps {
  const kept = new Map<string, Kept>();
  const keys = accessKeysOf(env);
  return {
    tokens(account, { provider, httpProxy }) {
      const identity = identityOf(account, httpProxy);
      const known = kept.get(provider);
      if (known?.identity === identity) return known.tokens;
      const tokens = createServiceAccountTokens(account, {
        now,
        fetch: (url, init) => fetch(url, { ...init, proxy: httpProxy ?? false }),
      });
      kept.set(provider, { identity, tokens });
      return tokens;
    },
    signer: (region) =>
      keys === undefined ? undefined : createSigV4Signer({ ...keys, region, service: AWS_SIGNING_SERVICE }),
    secrets: keys === undefined ? [] : Object.values(keys).filter((secret) => secret !== undefined),
  };
}

/** Tells two accounts, or two ways to the token endpoint, apart. */
function identityOf({ privateKey, ...account }: ServiceAccount, httpProxy: string | undefined): string {
  const key = privateKey.export({ type: "pkcs8", format: "der" });
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([account, httpProxy]))
    .update(key)
    .digest("hex");
}
