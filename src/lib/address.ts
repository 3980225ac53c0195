// What kind of network address a host is: loopback, private, or one that no request may ever go to.

import { BlockList, isIP } from "node:net";

type Kind = "ipv4" | "ipv6";

function subnets(list: readonly string[]): BlockList {
  const block = new BlockList();
  for (const cidr of list) {
    const parsed = parseCidr(cidr);
    if (parsed !== undefined) block.addSubnet(parsed.address, parsed.prefix, parsed.kind);
  }
  return block;
}

const LOOPBACK = subnets(["127.0.0.0/8", "::1/128", "::ffff:127.0.0.0/104"]);

const PRIVATE = subnets([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "::/127",
  "fc00::/7",
  "fe80::/10",
  "::ffff:10.0.0.0/104",
  "::ffff:127.0.0.0/104",
  "::ffff:172.16.0.0/108",
  "::ffff:192.168.0.0/112",
]);

/**
 * Link-local and cloud metadata addresses, also in the forms that translate to them (mapped, NAT64, 6to4).
 * Sources: RFC 3927, RFC 4291, RFC 6052, RFC 3056; AWS fd00:ec2::254, Azure 168.63.129.16, Alibaba 100.100.100.200.
 */
const FORBIDDEN = subnets([
  "169.254.0.0/16",
  "168.63.129.16/32",
  "100.100.100.200/32",
  "fe80::/10",
  "fd00:ec2::/32",
  "::ffff:169.254.0.0/112",
  "::ffff:168.63.129.16/128",
  "::ffff:100.100.100.200/128",
  "64:ff9b::a9fe:0/112",
  "2002:a9fe::/32",
]);

const FORBIDDEN_NAMES = /^(?:metadata|metadata\.google\.internal|metadata\.goog)$/i;

/** A URL's hostname without the brackets of an IPv6 literal and without a trailing dot. */
function bare(host: string): string {
  const open = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return open.endsWith(".") ? open.slice(0, -1) : open;
}

function isIn(list: BlockList, ip: string): boolean {
  const version = isIP(ip);
  if (version === 0) return false;
  return list.check(ip, version === 4 ? "ipv4" : "ipv6");
}

/** `localhost` or an address of this machine's loopback interface. */
export function isLoopbackHost(host: string): boolean {
  const name = bare(host);
  return /^(?:.+\.)?localhost$/i.test(name) || isIn(LOOPBACK, name);
}

/** Whether the host is an IP address, in brackets or not. */
export function isIpHost(host: string): boolean {
  return isIP(bare(host)) !== 0;
}

/**
 * Whether traffic to this host presumably stays inside one's own network: a private address, or a name without a
 * dot, or one under `.local`, `.internal`, `.lan`, `.home.arpa`, `.svc` or `.localhost`.
 */
export function isPrivateHost(host: string): boolean {
  const name = bare(host).toLowerCase();
  if (isIP(name) !== 0) return isIn(PRIVATE, name);
  if (!name.includes(".")) return true;
  return /\.(?:local|internal|lan|home\.arpa|svc|localhost)$/.test(name) || name.includes(".svc.");
}

/** Whether no request may go to this resolved address: link-local or a cloud's metadata service. */
export function isForbiddenAddress(ip: string): boolean {
  const plain = bare(ip).replace(/%.*$/, "");
  return isIn(FORBIDDEN, plain);
}

/** Whether the host, by name or as an address literal, is a metadata service or link-local. */
export function isForbiddenHost(host: string): boolean {
  const name = bare(host);
  return FORBIDDEN_NAMES.test(name) || isForbiddenAddress(name);
}

/** `10.0.0.0/8`, `::1/128` or a single address; undefined when it is none of these. */
export function parseCidr(text: string): { address: string; prefix: number; kind: Kind } | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  if (version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const tail = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(tail) || Number(tail) > bits) return undefined;
  return { address, prefix: Number(tail), kind: version === 4 ? "ipv4" : "ipv6" };
}

/** Compiles a list of CIDRs into a membership test; entries that are no CIDR are ignored (checked before). */
export function compileCidrs(list: readonly string[]): (ip: string) => boolean {
  const block = subnets(list);
  return (ip) => isIn(block, ip.startsWith("::ffff:") && ip.includes(".") ? ip.slice(7) : ip);
}
