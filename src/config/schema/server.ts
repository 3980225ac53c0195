// Settings of the gateway itself: where it listens, its limits, its log, its administration.

import { Type } from "@sinclair/typebox";
import { count, duration, filledText, list, named, nullable, oneOf, section, size, text } from "./fields.ts";

const HASH_PATTERN = "^sha256:[0-9a-f]{64}$";

/** `sha256:` and a digest: what is kept of a key instead of the key. */
export function hash(description: string) {
  return Type.String({
    pattern: HASH_PATTERN,
    wants: "`sha256:` and 64 hex digits in lower case",
    kind: "`sha256:…`",
    description,
    examples: [`sha256:${"0".repeat(64)}`],
  });
}

const listen = {
  listen: true,
  restart: true,
  kind: "address",
  wants: "an address such as 127.0.0.1:4000, [::]:4000 or unix:/run/postern.sock",
} as const;

const Tls = section(
  {
    cert_file: filledText({ path: true, kind: "path", description: "Certificate chain in PEM." }),
    key_file: filledText({
      path: true,
      kind: "path",
      description: "Private key in PEM, without a passphrase.",
    }),
  },
  {
    description: "Serve HTTPS with this certificate; its files may change while the gateway runs.",
    restart: true,
  },
);

export const ServerSchema = section(
  {
    listen: text({
      ...listen,
      description: "Address to listen on: `host:port`, `[::]:4000`, or `unix:PATH`.",
      default: "127.0.0.1:4000",
    }),
    base_path: text({
      restart: true,
      description: "Path that a reverse proxy mounts the gateway under.",
      default: "",
      examples: ["/gateway"],
    }),
    max_body: size({ description: "Largest request body, compressed or decoded.", default: "32MiB" }),
    listen_mode: Type.String({
      pattern: "^0?[0-7]{3}$",
      wants: 'an octal file mode in quotes, such as "0660"',
      restart: true,
      description: "File mode of a unix socket.",
      default: "0660",
    }),
    drain: duration({
      description: "How long running requests may go on after the signal to stop.",
      default: "30s",
    }),
    drain_delay: duration({
      description:
        "How long new requests are still served after the signal to stop: behind a load balancer, its deregistration time.",
      default: "0s",
    }),
    body_timeout: duration({
      description: "A request body that takes longer is answered with 408.",
      default: "60s",
    }),
    max_connections: count({
      minimum: 1,
      restart: true,
      description:
        "Requests under way at the same time, each on a connection of its own; more are answered with 503.",
      default: 16384,
    }),
    max_buffered: size({
      description: "Bodies held in memory, both ways together; beyond it requests get 503.",
      default: "512MiB",
    }),
    hosts: list(filledText({ wants: "a host name" }), {
      description: "Further host names for local trust, beside `localhost` and IP addresses.",
      default: [],
      examples: [["gateway.local"]],
    }),
    cors: list(filledText({ wants: "an exact origin such as https://app.example.com" }), {
      description: "Exact origins of browser clients.",
      default: [],
      examples: [["https://app.example.com"]],
    }),
    keepalive: duration({
      description: "A comment is sent on a stream that was silent for so long; 0 turns it off.",
      default: "15s",
    }),
    tls: Type.Optional(Tls),
    trusted_proxies: list(filledText({ wants: "an IP address or CIDR such as 10.0.0.0/8" }), {
      description: "Proxies whose `X-Forwarded-For` is believed.",
      default: [],
      examples: [["10.0.0.0/8"]],
    }),
  },
  { description: "Where the gateway listens, and its limits.", default: {} },
);

const AdminKey = section(
  {
    hash: hash("Digest of the key."),
    role: oneOf(["admin", "viewer", "metrics"], {
      description: "`admin` may do everything, `viewer` reads without content, `metrics` reads only metrics.",
    }),
  },
  { description: "One administrator's key." },
);

export const AdminSchema = section(
  {
    key: Type.Optional(
      filledText({
        description: "Key of the one administrator; instead of `keys`.",
        examples: [`\${POSTERN_ADMIN_KEY}`],
      }),
    ),
    keys: Type.Optional(
      named(AdminKey, { description: "Several administrators, by name; instead of `key`." }),
    ),
    listen: nullable(text({ ...listen }), {
      ...listen,
      kind: "address or `null`",
      description: "Own address for administration; null = the main one.",
      default: null,
    }),
  },
  { description: "Administration of the gateway.", default: {} },
);

export const LogSchema = section(
  {
    level: oneOf(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      description: "Least level that is logged.",
      default: "info",
    }),
    format: oneOf(["auto", "json", "pretty"], {
      restart: true,
      description: "`auto` = pretty on a terminal, else JSON.",
      default: "auto",
    }),
  },
  { description: "The log on standard output.", default: {} },
);
