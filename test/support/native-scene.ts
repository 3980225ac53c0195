// A gateway with every preset of the table in front of one upstream: each preset is a folder of its address.

import { PROVIDERS } from "../../src/catalog/providers.ts";
import { keySection, yamlOf } from "./callers.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { ADMIN_KEY, newStore, type Settings } from "./money-scene.ts";
import { keyFile } from "./service-account.ts";
import { type FakeUpstream, fakeUpstream } from "./upstream.ts";

export interface NativeScene {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  /** Where the service account's assertions are exchanged; answers with {@link ACCESS_TOKEN} at the start. */
  readonly tokens: FakeUpstream;
  stop(): Promise<void>;
}

export interface NativeOptions {
  /** Top-level settings in place of those at the start; gets the addresses of upstream and token endpoint. */
  readonly settings?: (urls: Urls) => Settings;
  /** Set on top of, or instead of, every preset's first variable; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Urls {
  readonly upstream: string;
  readonly tokens: string;
}

export const ACCESS_TOKEN = "ya29.access-token-of-the-tests";

/** USD per million tokens; in nano-dollars per token 150, 600, 75, 187.5, 300, and for sound 1,000 and 2,000. */
export const NATIVE_PRICE = {
  input: 0.15,
  output: 0.6,
  cache_read: 0.075,
  cache_write: 0.1875,
  cache_write_1h: 0.3,
};

/** What a preset's first variable holds. */
export function secretOf(preset: string): string {
  return `secret-of-${preset}-4c1d`;
}

/** The setting of a provider of that type, with the upstream's address. */
export function presetSettings(type: string, { upstream }: Urls, folder = type): Settings {
  const preset = PROVIDERS[type];
  if (preset?.local) return { type };
  const base_url = `${upstream}/${folder}${preset?.versionInPath ? "" : "/v1"}`;
  return { type, base_url, ...(preset?.place === "region" ? { region: "eu-central-1" } : {}) };
}

/** Starts gateway, upstream and token endpoint. */
export async function nativeScene({
  settings = () => ({}),
  env = {},
}: NativeOptions = {}): Promise<NativeScene> {
  const upstream = fakeUpstream(() => Response.json({}));
  const tokens = fakeUpstream(() =>
    Response.json({ access_token: ACCESS_TOKEN, expires_in: 3_600, token_type: "Bearer" }),
  );
  const urls = { upstream: upstream.url, tokens: tokens.url };
  const yaml = yamlOf({
    admin: { key: ADMIN_KEY },
    store: { path: newStore() },
    providers: Object.fromEntries(Object.keys(PROVIDERS).map((name) => [name, presetSettings(name, urls)])),
    keys: keySection({ caller: {} }),
    pricing: { models: { "*": NATIVE_PRICE } },
    ...settings(urls),
  });
  const gateway = await startGateway({ yaml, env: environment(urls, env) }).catch(async (error: unknown) => {
    await Promise.all([upstream.stop(), tokens.stop()]);
    throw error;
  });
  return {
    gateway,
    upstream,
    tokens,
    async stop() {
      await gateway.stop();
      await Promise.all([upstream.stop(), tokens.stop()]);
    },
  };
}

/** Every preset's first variable, the service account's as the text of a key file. */
function environment({ tokens }: Urls, changes: NonNullable<NativeOptions["env"]>): Record<string, string> {
  const secrets = Object.entries(PROVIDERS).flatMap(
    ([
      name,
      {
        secrets: [variable],
      },
    ]) => (variable === undefined ? [] : [[variable, secretOf(name)]]),
  );
  const account = keyFile({ token_uri: `${tokens}/token` });
  const all = { ...Object.fromEntries(secrets), VERTEX_SERVICE_ACCOUNT_JSON: account, ...changes };
  return Object.fromEntries(
    Object.entries(all).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
