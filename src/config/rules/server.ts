// Rules of the `server` section beyond addresses: base path, browser origins, proxies, certificate.

import { parseCidr } from "../../lib/address.ts";
import { parseCertificate, parsePrivateKey } from "../pem.ts";
import type { Scene } from "../scene.ts";
import type { ServerConfig } from "../schema.ts";
import type { Path } from "../tree.ts";

export function checkServer(scene: Scene): void {
  const { server } = scene.config;
  checkBasePath(scene, server.base_path);
  each(scene, "hosts", server.hosts, (host) =>
    HOST.test(host) ? undefined : "must be a host name, without http:// and path",
  );
  each(scene, "cors", server.cors, originProblem);
  each(scene, "trusted_proxies", server.trusted_proxies, (cidr) =>
    parseCidr(cidr) === undefined ? "must be an IP address or CIDR such as 10.0.0.0/8" : undefined,
  );
  if (server.tls !== undefined) checkTls(scene, server.tls);
}

const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

function each(
  scene: Scene,
  name: keyof ServerConfig,
  items: readonly string[],
  problem: (item: string) => string | undefined,
): void {
  items.forEach((item, i) => {
    const message = problem(item);
    if (message !== undefined) scene.error(["server", name, i], message);
  });
}

function checkBasePath(scene: Scene, path: string): void {
  const problem = basePathProblem(path);
  if (problem !== undefined) scene.error(["server", "base_path"], problem);
}

function basePathProblem(path: string): string | undefined {
  if (path === "") return undefined;
  if (!path.startsWith("/")) return "must begin with `/`";
  if (path.endsWith("/")) return "must not end in `/`";
  if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(path))
    return "may hold letters, digits and . _ ~ - between single slashes";
  return path.split("/").some((part) => part === "." || part === "..")
    ? "must not hold `.` or `..`"
    : undefined;
}

/** An origin exactly as a browser sends it, since it is compared as it stands. */
function originProblem(origin: string): string | undefined {
  if (origin.includes("*")) return "must be an exact origin: `*` is not possible";
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(origin))
    return "must be an origin such as https://app.example.com: scheme and host in lower case, no path, no slash at the end";
  const { protocol, host } = parseUrl(origin) ?? { protocol: "", host: "" };
  const isWeb = protocol === "http:" || protocol === "https:";
  if (protocol === "" || (isWeb && `${protocol}//${host}` !== origin))
    return "is not written as browsers send it: host in lower case, no standard port";
  return undefined;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function checkTls(scene: Scene, tls: NonNullable<ServerConfig["tls"]>): void {
  const path = ["server", "tls"];
  const cert = readPem(scene, [...path, "cert_file"], tls.cert_file, parseCertificate, "a certificate");
  const key = readPem(
    scene,
    [...path, "key_file"],
    tls.key_file,
    parsePrivateKey,
    "a private key without a passphrase",
  );
  if (cert !== undefined && key !== undefined && !cert.checkPrivateKey(key))
    scene.error([...path, "key_file"], "is not the key of the certificate in cert_file");
}

/** Reads a PEM file, reporting why it cannot be used. Undefined when it cannot. */
export function readPem<T>(
  scene: Scene,
  path: Path,
  file: string,
  parse: (pem: Uint8Array) => T | undefined,
  wanted: string,
): T | undefined {
  const result = scene.files.read(file);
  if (!result.ok) {
    scene.error(path, `the file cannot be read: ${result.reason}`);
    return undefined;
  }
  const parsed = parse(result.bytes);
  if (parsed === undefined) scene.error(path, `the file does not hold ${wanted} in PEM`);
  return parsed;
}
