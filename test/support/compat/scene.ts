// The gateway of the compatibility tests: every preset with a native path, one key for every cell.

import { join } from "node:path";
import { ensureBinary } from "../binary.ts";
import { keySection, yamlOf } from "../callers.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { virtualKey } from "../keys.ts";
import { ADMIN_KEY, newStore } from "../money-scene.ts";
import { keyFile } from "../service-account.ts";
import { MODELS } from "./rows.ts";
import { ACCESS_TOKEN, type CompatUpstream, type SeenCall, startCompatUpstream } from "./upstream.ts";
import { PRICES } from "./usage.ts";

/** The provider's credentials; also what the gateway's environment holds. */
const SECRETS = {
  OPENAI_API_KEY: "sk-provider-openai-5b1e",
  ANTHROPIC_API_KEY: "sk-ant-provider-77aa",
  GOOGLE_API_KEY: "AIza-provider-gemini-09ff",
  AWS_BEARER_TOKEN_BEDROCK: "bedrock-api-key-provider-31cd",
  AWS_ACCESS_KEY_ID: "AKIAPROVIDEREXAMPLE",
  AWS_SECRET_ACCESS_KEY: "provider/secret/access/key/example",
  AWS_SESSION_TOKEN: "provider-session-token-9c",
  AZURE_FOUNDRY_API_KEY: "azure-provider-key-44",
} as const;

/** Whether the upstream was paid with the provider's credential. */
export const PAID: Readonly<Record<string, (headers: SeenCall["headers"]) => boolean>> = {
  openai: (headers) => headers["authorization"] === `Bearer ${SECRETS.OPENAI_API_KEY}`,
  anthropic: (headers) => headers["x-api-key"] === SECRETS.ANTHROPIC_API_KEY,
  gemini: (headers) => headers["x-goog-api-key"] === SECRETS.GOOGLE_API_KEY,
  vertex: (headers) => headers["authorization"] === `Bearer ${ACCESS_TOKEN}`,
  bedrock: (headers) => headers["authorization"] === `Bearer ${SECRETS.AWS_BEARER_TOKEN_BEDROCK}`,
  "bedrock-signed": (headers) =>
    headers["x-amz-security-token"] === SECRETS.AWS_SESSION_TOKEN &&
    /^AWS4-HMAC-SHA256 Credential=AKIAPROVIDEREXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, ?SignedHeaders=\S*host\S*, ?Signature=[0-9a-f]{64}$/.test(
      headers["authorization"] ?? "",
    ),
  azure: (headers) => headers["api-key"] === SECRETS.AZURE_FOUNDRY_API_KEY,
};

export const CAP = "Compat cap";
export const LIMIT = "Compat limit";

export interface RequestRow {
  readonly status: number;
  readonly code: string | null;
  readonly ended: string;
  readonly cost_nano_usd: number;
}

export interface CompatScene {
  readonly gateway: Gateway;
  readonly upstream: CompatUpstream;
  /** The rows of one key, oldest first. */
  rowsOf(keyName: string): Promise<readonly RequestRow[]>;
  /** What `postern env CLIENT --key KEY` prints. */
  setUpText(client: string, key: string): Promise<string>;
  stop(): Promise<void>;
}

export interface KeyNames {
  readonly all: readonly string[];
  /** Those whose budget is used up, and those that may have one call at a time. */
  readonly capped: readonly string[];
  readonly limited: readonly string[];
}

/** Starts all of it. The mock answers by these fixtures, too. */
export async function startCompatScene(
  names: KeyNames,
  fixtures: readonly unknown[] = [],
): Promise<CompatScene> {
  const upstream = await startCompatUpstream(fixtures);
  const gateway = await startGateway({ yaml: yamlFor(upstream.url, names), env: SECRETS }).catch(
    async (error: unknown) => {
      await upstream.stop();
      throw error;
    },
  );
  return {
    gateway,
    upstream,
    async rowsOf(keyName) {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      const answer = await gateway.fetch(`/admin/v1/requests?key=${keyName}`, { headers });
      const { rows } = (await answer.json()) as { rows: RequestRow[] };
      return rows.reverse();
    },
    async setUpText(client, key) {
      const command = [
        ensureBinary(),
        "env",
        client,
        "--key",
        key,
        "--config",
        join(gateway.dir, "config.yaml"),
      ];
      const env = { PATH: process.env["PATH"] ?? "", PORT: String(gateway.port), ...SECRETS };
      return await new Response(Bun.spawn(command, { env, stdin: "ignore", stderr: "ignore" }).stdout).text();
    },
    stop: async () => {
      await gateway.stop();
      await upstream.stop();
    },
  };
}

function yamlFor(upstream: string, names: KeyNames): string {
  const account = keyFile({ token_uri: `${upstream}/google/token` });
  const providers = {
    openai: { base_url: `${upstream}/openai/v1`, models: [MODELS.openai] },
    anthropic: { base_url: `${upstream}/anthropic/v1`, models: [MODELS.anthropic] },
    gemini: { base_url: `${upstream}/gemini`, models: [MODELS.gemini] },
    vertex: { base_url: `${upstream}/vertex`, api_key: account, models: [MODELS.gemini] },
    bedrock: { base_url: `${upstream}/bedrock`, region: "us-east-1", models: [MODELS.bedrock] },
    "bedrock-signed": {
      type: "bedrock",
      base_url: `${upstream}/bedrock-signed`,
      auth: "aws",
      region: "eu-central-1",
    },
    azure: { base_url: `${upstream}/azure/openai/v1`, models: [MODELS.openai] },
  };
  return yamlOf({
    admin: { key: ADMIN_KEY },
    store: { path: newStore() },
    providers,
    models: { smart: `openai/${MODELS.openai}`, claude: `anthropic/${MODELS.anthropic}` },
    keys: keySection(Object.fromEntries(names.all.map((name) => [name, {}]))),
    pricing: { models: { "*": PRICES } },
    spend_policies: { [CAP]: { limit_usd: 0, window: "total", applies_to: { keys: names.capped } } },
    rate_limits: { [LIMIT]: { applies_to: { keys: names.limited }, each: "key", concurrent: 1 } },
  });
}

export function keyOf(name: string): string {
  return virtualKey(name);
}
