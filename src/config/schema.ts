// The configuration file: the one source of its types, its checks, its JSON Schema and its reference page.

import { type Static, Type } from "@sinclair/typebox";
import { filledText, list, named, nullable, section } from "./schema/fields.ts";
import { KeySchema, MemberSchema, OrganizationSchema } from "./schema/keys.ts";
import { ProviderSchema } from "./schema/providers.ts";
import { AdminSchema, LogSchema, ServerSchema } from "./schema/server.ts";

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
        "Further files with providers, models, keys, users or workspaces; `*` stands for any run of characters in a name.",
      default: [],
      examples: [["keys.d/*.yaml"]],
    }),
    server: ServerSchema,
    admin: AdminSchema,
    log: LogSchema,
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
  },
  { description: "Configuration of Postern." },
);

/** The whole configuration as written, all defaults filled. Objects in it have no prototype. */
export type Config = Static<typeof ConfigSchema>;
export type ServerConfig = Config["server"];
export type ProviderConfig = Static<typeof ProviderSchema>;
export type AuthConfig = ProviderConfig["auth"];
export type KeyConfig = Static<typeof KeySchema>;
export type MemberConfig = Static<typeof MemberSchema>;
