// Settings of spend policies and rate limits: whose calls they count, and how much of them is too much.

import { Type } from "@sinclair/typebox";
import { RATE_PATTERN } from "../../lib/rate.ts";
import { count, filledText, flag, list, named, oneOf, section, usd } from "./fields.ts";

/** A billion dollars, so that sums of nano-dollars stay far from the end of 64 bits. */
const MAX_LIMIT_USD = 1_000_000_000;

const header = {
  wants: "the name of a header that begins with X-Gateway-",
  description: "Header that names the subject; it begins with `X-Gateway-`.",
  examples: ["X-Gateway-Customer"],
} as const;

function names(what: string, example: string) {
  return Type.Optional(
    list(filledText({}), {
      minItems: 1,
      wants: "a list with at least one entry",
      description: what,
      examples: [[example]],
    }),
  );
}

export const AppliesToSchema = section(
  {
    organization: Type.Optional(
      Type.Literal(true, { wants: "true", kind: "`true`", description: "All calls." }),
    ),
    workspaces: names("Calls of keys in these workspaces.", "research"),
    users: names("Calls of these users' keys.", "alice@acme.com"),
    keys: names("Calls of these keys.", "alice-laptop"),
    providers: names("Calls of these providers; patterns as in allowlists.", "internal-vllm"),
    models: names(
      "Calls of these models, as `provider/model` or public name; patterns as in allowlists.",
      "internal-vllm/*",
    ),
    header: Type.Optional(
      named(filledText({}), {
        wants: "a map of one header name and its value",
        description:
          "Calls that carry this one header, whose name begins with `X-Gateway-`, with this value.",
        examples: [{ "X-Gateway-Customer": "acme" }],
      }),
    ),
  },
  {
    description:
      "Whose calls are counted; all of several settings must fit. All these calls share one counter, unless there is `each`. Absent = all calls.",
  },
);

/** The words of `each`: what a call belongs to one of. */
const EACH = ["key", "user", "workspace", "provider", "model"] as const;

export const EachSchema = Type.Union(
  [
    oneOf(EACH, {}),
    section(
      {
        header: filledText(header),
        required: flag({
          description: "Refuse calls without the header with 400, instead of not counting them here.",
          default: false,
        }),
      },
      { description: "A counter for each value of a header." },
    ),
  ],
  {
    kind: "word or settings",
    wants: `${EACH.join(", ")} or {header: NAME}`,
    description: `Gives each subject a counter of its own: ${EACH.map((word) => `\`${word}\``).join(", ")} or \`{header: NAME}\`. Calls without such a subject are not counted. Absent = one counter for all.`,
    examples: ["user", { header: "X-Gateway-Customer" }],
  },
);

const SCOPE = { applies_to: Type.Optional(AppliesToSchema), each: Type.Optional(EachSchema) };

export const SpendPolicySchema = section(
  {
    limit_usd: usd({
      maximum: MAX_LIMIT_USD,
      description: "US dollars per window; 0 = nothing may be spent.",
    }),
    window: oneOf(["minute", "hour", "day", "week", "month", "total"], {
      description: "Calendar window that is counted in; weeks begin on Monday, `total` never ends.",
    }),
    timezone: filledText({
      wants: "the name of a time zone such as Europe/Berlin",
      description: "Time zone of the window (IANA name).",
      default: "UTC",
      examples: ["Europe/Berlin"],
    }),
    ...SCOPE,
    overrides: named(usd({ maximum: MAX_LIMIT_USD }), {
      wants: "a map of subjects and amounts in US dollars",
      description: "Limits of single subjects of `each`, in place of `limit_usd`.",
      default: {},
      examples: [{ "alice@acme.com": 20 }],
    }),
    on_breach: oneOf(["block", "warn"], {
      description: "`block` refuses calls beyond the limit, `warn` only says so.",
      default: "block",
    }),
    status: Type.Union([Type.Literal(402), Type.Literal(429)], {
      wants: "402 or 429",
      kind: "`402` `429`",
      description: "HTTP status of a refusal; most clients take 402 as final, and try again after 429.",
      default: 402,
    }),
    show_amounts: flag({
      description: "Show amounts in refusals also where the policy counts more than one key or user.",
      default: false,
    }),
    warn_at: Type.String({
      pattern: "^(?:100|[1-9][0-9]?)%$",
      wants: "a percentage from 1% to 100%",
      kind: "percentage",
      description: "Part of the limit from which on answers carry a warning.",
      default: "80%",
    }),
    enabled: flag({ description: "`false` = counts, but never warns or refuses.", default: true }),
  },
  { description: "A budget. Its name is what a refused caller reads." },
);

const Rate = Type.String({
  pattern: RATE_PATTERN,
  wants: "a number of at least 1 per minute, hour or day, such as 60/minute",
  kind: "rate",
});

function rates(description: string, example: string) {
  const several = list(Rate, { minItems: 1, wants: "a list with at least one entry" });
  return Type.Optional(
    Type.Union([Rate, several], {
      wants: "a number of at least 1 per minute, hour or day, such as 60/minute, or a list of them",
      kind: "rate or list of them",
      description,
      examples: [example],
    }),
  );
}

export const RateLimitSchema = section(
  {
    ...SCOPE,
    requests: rates("Requests per `minute`, `hour` or `day`.", "60/minute"),
    tokens: rates("Input and output tokens per `minute`, `hour` or `day`.", "100000/minute"),
    concurrent: Type.Optional(
      count({
        minimum: 1,
        description: "Requests under way at the same time, streams until their end.",
        examples: [8],
      }),
    ),
    enabled: flag({ description: "`false` = counts, but never refuses.", default: true }),
  },
  {
    description:
      "A limit of requests, tokens or concurrency, at least one of them. Windows are those of the clock, in UTC. Its name is what a refused caller reads.",
  },
);
