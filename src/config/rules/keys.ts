// Rules of virtual keys: how each is recognised, until when, and by which names it calls models.

import { parseMoment } from "../../lib/moment.ts";
import type { Scene } from "../scene.ts";
import type { KeyConfig } from "../schema.ts";
import type { Path } from "../tree.ts";
import { MIN_SECRET_CHARS } from "./listeners.ts";
import { createProviderOf, otherPlace } from "./names.ts";

/** `local`: whether only this machine can reach the gateway; undefined when that is not known. */
export function checkKeys(scene: Scene, local: boolean | undefined): void {
  const digests = new Map<string, Path>();
  checkAdminDigests(scene, digests);
  for (const [name, key] of Object.entries(scene.config.keys)) {
    const path = ["keys", name];
    checkRecognition(scene, path, key);
    checkDigests(scene, path, key, digests);
    checkMoments(scene, path, key);
    if (key.secret !== undefined && key.secret.length < MIN_SECRET_CHARS && local === false)
      scene.error(
        [...path, "secret"],
        `is shorter than ${MIN_SECRET_CHARS} characters, which others could guess: use \`postern key new\``,
      );
  }
  checkAnonymous(scene, local);
  checkAliases(scene);
}

function checkRecognition(scene: Scene, path: Path, key: KeyConfig): void {
  const ways = ["hash", "hashes", "secret"].filter((way) => scene.written([...path, way]));
  if (key.anonymous) ways.push("anonymous");
  // With something wrong below, nobody knows what the key was meant to be.
  if (ways.length === 1 || (ways.length === 0 && !scene.sound(path))) return;
  const message =
    ways.length === 0
      ? "needs a hash (`postern key new` makes one), hashes, secret or anonymous: true"
      : `has ${ways.join(" and ")}: keep one of them`;
  scene.error(path, message, "key");
}

/** The same key under two names: nobody could say whose a request is. */
function checkDigests(scene: Scene, path: Path, key: KeyConfig, digests: Map<string, Path>): void {
  for (const [at, digest] of digestsOf(path, key)) {
    const first = digests.get(digest);
    if (first === undefined) digests.set(digest, at);
    else scene.error(at, `is the same key as ${otherPlace(scene, first)}`);
  }
}

/** Administration refuses virtual keys: none of its own may be one. */
function checkAdminDigests(scene: Scene, digests: Map<string, Path>): void {
  const { key, keys } = scene.config.admin;
  if (key !== undefined) digests.set(digestOf(key), ["admin", "key"]);
  for (const [name, { hash }] of Object.entries(keys ?? {})) {
    const at = ["admin", "keys", name, "hash"];
    const first = digests.get(hash);
    if (first === undefined) digests.set(hash, at);
    else scene.error(at, `is the same key as ${otherPlace(scene, first)}`);
  }
}

function digestsOf(path: Path, key: KeyConfig): [Path, string][] {
  const all: [Path, string][] = [];
  if (key.hash !== undefined) all.push([[...path, "hash"], key.hash]);
  if (key.secret !== undefined) all.push([[...path, "secret"], digestOf(key.secret)]);
  key.hashes?.forEach((item, i) => {
    all.push([[...path, "hashes", i], typeof item === "string" ? item : item.hash]);
  });
  return all;
}

function digestOf(secret: string): string {
  return `sha256:${Bun.SHA256.hash(secret, "hex")}`;
}

function checkMoments(scene: Scene, path: Path, key: KeyConfig): void {
  const check = (here: Path, text: string | undefined) => {
    if (text !== undefined && parseMoment(text) === undefined)
      scene.error(here, "must be a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z");
  };
  check([...path, "expires"], key.expires);
  key.hashes?.forEach((item, i) => {
    if (typeof item === "object") check([...path, "hashes", i, "until"], item.until);
  });
}

function checkAnonymous(scene: Scene, local: boolean | undefined): void {
  const names = Object.keys(scene.config.keys).filter((name) => scene.config.keys[name]?.anonymous === true);
  const [first] = names;
  for (const name of names) {
    const path = ["keys", name, "anonymous"];
    if (local === false)
      scene.error(path, "is possible only while the gateway listens on loopback or a unix socket");
    else if (name !== first && first !== undefined)
      scene.error(path, `only one key can be anonymous: ${otherPlace(scene, ["keys", first])} is`);
  }
}

function checkAliases(scene: Scene): void {
  if (!scene.complete) return;
  const providers = scene.names(["providers"]);
  const models = scene.names(["models"]);
  const providerOf = createProviderOf(providers);
  const known = new Set(models);
  for (const [name, key] of Object.entries(scene.config.keys)) {
    for (const [alias, target] of Object.entries(key.aliases)) {
      if (known.has(target) || providerOf(target) !== undefined) continue;
      const path = ["keys", name, "aliases", alias];
      const isAlias = Object.hasOwn(key.aliases, target);
      const problem = isAlias
        ? "names another alias of the key: name what that one stands for"
        : `must be a name of \`models\`, or provider/model with a configured provider${scene.suggest(target, [...models, ...providers])}`;
      scene.error(path, problem);
    }
  }
}
