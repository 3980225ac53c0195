// Settings of virtual keys, and of the users, workspaces and organization they belong to.

import { Type } from "@sinclair/typebox";
import { allowlists, filledText, flag, list, named, section, text } from "./fields.ts";
import { hash } from "./server.ts";

const moment = {
  kind: "date or time",
  wants: "a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z",
  examples: ["2027-01-31"],
} as const;

const Digest = Type.Union(
  [
    hash("Digest of the key."),
    section(
      {
        hash: hash("Digest of the key."),
        until: filledText({ ...moment, description: "Accepted until then." }),
      },
      {},
    ),
  ],
  { wants: "`sha256:` and 64 hex digits in lower case, or {hash, until}", kind: "`sha256:…` or settings" },
);

export const KeySchema = section(
  {
    hash: Type.Optional(hash("Digest of the key, as `postern key new` prints it.")),
    hashes: Type.Optional(
      list(Digest, {
        description: "Several digests while a key is rotated, each with or without an end.",
        wants: "a list with at least one entry",
        minItems: 1,
      }),
    ),
    secret: Type.Optional(
      filledText({ description: "The key itself, from a variable or a file.", examples: [`\${ALICE_KEY}`] }),
    ),
    anonymous: flag({
      description:
        "For callers without a key; refused unless the gateway listens on loopback or a unix socket only.",
      default: false,
    }),
    user: Type.Optional(
      filledText({ description: "The user that the key belongs to.", examples: ["alice@acme.com"] }),
    ),
    workspace: Type.Optional(filledText({ description: "The workspace that the key belongs to." })),
    ...allowlists(),
    aliases: named(filledText({}), {
      wants: "a map of names and models",
      description: "Model names that only this key sees, each for a public name or `provider/model`.",
      default: {},
      examples: [{ "gpt-4o": "fast" }],
    }),
    expires: Type.Optional(
      filledText({ ...moment, description: "A date (valid through its end, UTC) or a time (RFC 3339)." }),
    ),
    disabled: flag({ description: "Refuse the key.", default: false }),
    tags: named(text({}), { wants: "a map of names and texts", description: "Free labels.", default: {} }),
  },
  { description: "One virtual key: exactly one of `hash`, `hashes`, `secret` and `anonymous`." },
);

export const MemberSchema = section(allowlists(), {
  description: "Settings that all its keys share.",
  default: {},
});

export const OrganizationSchema = Type.Union(
  [
    Type.String({ minLength: 1 }),
    section({ name: filledText({ description: "Its name." }), ...allowlists() }, {}),
  ],
  {
    kind: "text or settings",
    wants: "a name, or {name, models_allowed, providers_allowed}",
    description: "Who runs the gateway: a name, or a name with allowlists that hold for all keys.",
    examples: ["acme"],
  },
);
