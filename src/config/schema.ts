// The configuration file: the one source of its types, its checks, its JSON Schema and its reference page.

import { type Static, Type } from "@sinclair/typebox";
import { filledText, list, named, nullable, section } from "./schema/fields.ts";
import { KeySchema, MemberSchema, OrganizationSchema } from "./schema/keys.ts";
import {
  type AppliesToSchema,
  type EachSchema,
  RateLimitSchema,
  SpendPolicySchema,
} from "./schema/policies.ts";
import { type ModelPriceSchema, PricingSchema } from "./schema/pricing.ts";
import { ProviderSchema } from "./schema/providers.ts";
import { AdminSchema, LogSchema, ServerSchema } from "./schema/server.ts";
import { StoreSchema } from "./schema/store.ts";

export const ConfigSchema = section(
  {
    organization: Type.Optional(OrganizationSchema),
    default_provider: nullable(filledText({}), {
      wants: "a provider's name, or null",
      description: "Takes bare model ids that no provider declares or lists.",
      default: null,
    }),
    include: list(filledText({ wants: "a path" }), {
      description:
        "Further files with named maps: providers, models, keys, users, workspaces, policies, prices; `*` stands for any run of characters in a name.",
      default: [],
      examples: [["keys.d/*.yaml"]],
    }),
    server: ServerSchema,
    admin: AdminSchema,
    log: LogSchema,
    store: StoreSchema,
    providers: named(ProviderSchema, {
      description: "Upstream accounts by name. A preset's name needs nothing else: `openai: {}`.",
      default: {},
    }),
    models: named(filledText({ wants: "provider/model" }), {
      wants: "a map of names and models",
      description: "Public model names, each an alias of a `provider/model`.",
      default: {},
      examples: [{ fast: "internal-vllm/meta-llama/Llama-3.1-8B-Instruct" }],
    }),
    workspaces: named(MemberSchema, {
      description: "Allowlists of workspaces. A workspace exists by being named on a key.",
      default: {},
    }),
    users: named(MemberSchema, {
      description: "Allowlists of users. A user exists by being named on a key.",
      default: {},
    }),
    keys: named(KeySchema, { description: "Virtual keys by name.", default: {} }),
    spend_policies: named(SpendPolicySchema, {
      description:
        "Budgets in US dollars by name. Every one that matches a call is checked, and any refuses.",
      default: {},
    }),
    rate_limits: named(RateLimitSchema, {
      description: "Limits of requests, tokens and concurrency by name, checked likewise.",
      default: {},
    }),
    pricing: PricingSchema,
  },
  { description: "Configuration of Postern." },
);

/** The whole configuration as written, all defaults filled. Objects in it have no prototype. */
export type Config = Static<typeof ConfigSchema>;
export type ServerConfig = Config["server"];
export type ProviderConfig = Static<typeof ProviderSchema>;
export type KeyConfig = Static<typeof KeySchema>;
export type MemberConfig = Static<typeof MemberSchema>;
export type SpendPolicyConfig = Static<typeof SpendPolicySchema>;
export type RateLimitConfig = Static<typeof RateLimitSchema>;
export type AppliesToConfig = Static<typeof AppliesToSchema>;
export type EachConfig = Static<typeof EachSchema>;
export type PricingConfig = Config["pricing"];
export type ModelPriceConfig = Static<typeof ModelPriceSchema>;
