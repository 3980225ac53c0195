// Settings of one upstream account. One flat object: what belongs to which type is checked in references.

import { Type } from "@sinclair/typebox";
import { DEFAULT_LOCATION } from "../../catalog/places.ts";
import { OWN_AUTHS, PROVIDERS } from "../../catalog/providers.ts";
import { ENDPOINT_NAMES, NATIVE_ENDPOINT_NAMES } from "../../formats/table.ts";
import { count, duration, filledText, flag, list, named, oneOf, section, text } from "./fields.ts";
import { MockSchema } from "./mock.ts";

const Auth = Type.Union(
  [
    oneOf(["none", "bearer", "api-key", "passthrough", OWN_AUTHS.serviceAccount, OWN_AUTHS.accessKeys], {}),
    section(
      {
        header: filledText({ description: "Header that carries the key." }),
        prefix: text({ description: "Text before the key.", default: "" }),
      },
      {},
    ),
    section({ query: filledText({ description: "Query parameter that carries the key." }) }, {}),
  ],
  {
    kind: "word or settings",
    wants: "none, bearer, api-key, passthrough, {header: NAME, prefix: TEXT} or {query: NAME}",
    filled: "the preset's; without one `bearer` if there is an `api_key`, else `none`",
    description:
      "How the key is sent: `none`, `bearer`, `api-key` (header), `{header: NAME, prefix: TEXT}`, `{query: NAME}`, or `passthrough` (the client's own `Authorization`). Vertex AI also has `google-service-account`: the key is the JSON text of a key file, and exchanged for access tokens. Bedrock also has `aws`: requests are signed with the access keys of the environment.",
    examples: ["bearer", { header: "X-Api-Key", prefix: "" }, { query: "key" }],
  },
);

/** Everything that some provider can offer. */
const OFFERED_NAMES = [...ENDPOINT_NAMES, ...NATIVE_ENDPOINT_NAMES] as const;

/** One name, or a list of names. */
function oneOrMore(options: { description: string; examples: readonly (string | readonly string[])[] }) {
  return Type.Union([filledText({}), list(filledText({ wants: "a name" }), {})], {
    wants: "a name, or a list of names",
    kind: "text or list of text",
    ...options,
    examples: [...options.examples],
  });
}

const Timeouts = section(
  {
    connect: duration({ description: "To reach the server.", default: "10s" }),
    first_byte: duration({ description: "From sending to the first byte of the answer.", default: "15m" }),
    idle: duration({ description: "Silence within an answer.", default: "5m" }),
    total: duration({ description: "The whole call.", default: "30m" }),
  },
  { description: "Limits of one call; 0 = none.", default: {} },
);

const Tls = section(
  {
    ca_file: Type.Optional(
      filledText({
        path: true,
        kind: "path",
        description: "Certificates in PEM that are trusted for this provider.",
      }),
    ),
    insecure: flag({ description: "Accept any certificate: for tests only.", default: false }),
  },
  { description: "How the server's certificate is judged." },
);

export const ProviderSchema = section(
  {
    type: oneOf(Object.keys(PROVIDERS), {
      filled: "the preset of the provider's own name, else `openai-compatible`",
      description: "The preset that gives base URL, credential and endpoints.",
    }),
    base_url: Type.Optional(
      filledText({
        description:
          "The server's address. A bare origin gets `/v1`; any other path is kept; a pasted `…/chat/completions` is understood. Presets have one of their own. Those of Gemini, Vertex AI and Bedrock have no version in it.",
        examples: ["http://127.0.0.1:8000/v1"],
      }),
    ),
    auth: Auth,
    api_key: Type.Optional(
      text({
        description: "The credential. A preset takes it from its usual environment variable.",
        examples: [`\${VLLM_KEY}`, `\${file:/run/secrets/vllm}`],
      }),
    ),
    model: Type.Optional(
      filledText({ description: "Pin: replaces whatever model the client sent.", examples: ["qwen3-32b"] }),
    ),
    models: Type.Optional(
      list(filledText({ wants: "a pattern that is not empty" }), {
        description:
          "Upstream ids that may be used (`*` any run, `!` excludes, the last match wins); plain ids are also what `/v1/models` lists. Without a list, or with patterns in it, the server itself is asked for its models, too.",
        examples: [["meta-llama/*", "!*-preview"]],
      }),
    ),
    region: Type.Optional(
      filledText({
        description: "Bedrock: the AWS region. Needed without a `base_url`, and for access keys.",
        examples: ["eu-central-1"],
      }),
    ),
    project: Type.Optional(
      oneOrMore({
        description:
          "Vertex AI: the project, or a list of those that paths may name; the first is used where a path names none. Absent = the one of the key file.",
        examples: ["acme-prod"],
      }),
    ),
    location: Type.Optional(
      oneOrMore({
        description: `Vertex AI: the location, or a list of those that paths may name; the first is used where a path names none. Absent = \`${DEFAULT_LOCATION}\`: Google decides where a call runs.`,
        examples: [["europe-west4", "eu"]],
      }),
    ),
    resource: Type.Optional(
      filledText({
        description:
          "Azure: the name of the resource, as it stands in its address. Needed without a `base_url`.",
        examples: ["acme-ai"],
      }),
    ),
    subscription_logins: Type.Optional(
      flag({
        description:
          "Anthropic: callers may pay with a subscription log-in of their own; the virtual key then stands in `x-api-key`. Absent = no.",
      }),
    ),
    endpoints: list(oneOf(OFFERED_NAMES, {}), {
      filled: "the preset's",
      description: "What the server offers; anything else is answered with 501.",
      examples: [["chat", "responses", "models"]],
    }),
    headers: named(text({}), {
      wants: "a map of header names and values",
      description: "Added to every upstream request; they win over the client's.",
      default: {},
      examples: [{ "X-Team": "ml" }],
    }),
    forward_headers: list(filledText({ wants: "a header name" }), {
      description: "Further request headers to let through.",
      default: [],
    }),
    timeouts: Timeouts,
    max_concurrent: Type.Optional(
      count({
        minimum: 1,
        description:
          "Calls under way at the same time, streams until their end; more wait in a queue. Absent = no limit.",
        examples: [64],
      }),
    ),
    max_queue: count({
      description: "Calls that may wait for `max_concurrent`; beyond it they are answered with 503 at once.",
      default: 100,
    }),
    queue_timeout: duration({
      description:
        "How long a call may wait for `max_concurrent` before it is answered with 503; 0 = no limit.",
      default: "10s",
    }),
    stream_usage: flag({
      description: "Ask for usage on streams when the client did not (`stream_options.include_usage`).",
      default: true,
    }),
    normalize: oneOf(["auto", "on", "off"], {
      description:
        "Repair streams, errors and embeddings that drift from the specification: `auto` = of all but the makers of the models, `on`, or `off` = nothing is touched.",
      default: "auto",
    }),
    tls: Type.Optional(Tls),
    http_proxy: Type.Optional(
      filledText({ description: "HTTP proxy to reach the server through.", examples: ["http://proxy:3128"] }),
    ),
    mock: Type.Optional(MockSchema),
  },
  { description: "One upstream account." },
);
