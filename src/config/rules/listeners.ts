// Rules of the addresses the gateway listens on, and of who may reach its administration.

import { statSync } from "node:fs";
import { dirname } from "node:path";
import { isLocalListen, type ListenAddress, parseListen } from "../../lib/listen.ts";
import type { Scene } from "../scene.ts";
import type { Path } from "../tree.ts";

const SERVER: Path = ["server", "listen"];
const ADMIN: Path = ["admin", "listen"];

/** Length from which a key of one's own choosing counts as unguessable. */
export const MIN_SECRET_CHARS = 32;

/**
 * Checks all addresses. Returns whether only this machine can reach the gateway; undefined when an address is not
 * known or wrong, so that no further rule judges by it.
 */
export function checkListeners(scene: Scene): boolean | undefined {
  const { server, admin } = scene.config;
  const main = addressOf(scene, SERVER, server.listen);
  const own = admin.listen === null ? "none" : addressOf(scene, ADMIN, admin.listen);
  checkAdminKeys(scene);
  if (main === undefined || own === undefined) return undefined;
  if (own !== "none" && samePlace(main, own))
    scene.error(ADMIN, "is the same address as server.listen: give it its own, or remove it");
  if (main.kind === "tcp" && !isLocalListen(main)) checkExposure(scene);
  if (own !== "none" && own.kind === "tcp" && !isLocalListen(own)) checkOwnExposure(scene);
  return isLocalListen(main) && (own === "none" || isLocalListen(own));
}

function addressOf(scene: Scene, path: Path, text: string): ListenAddress | undefined {
  if (!scene.sound(path)) return undefined;
  const address = parseListen(text);
  if (address.kind === "invalid") {
    scene.error(path, address.reason);
    return undefined;
  }
  if (address.kind === "unix" && !isFolder(dirname(address.path)))
    scene.error(path, "the folder of the unix socket does not exist");
  return address;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function samePlace(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === "unix") return b.kind === "unix" && a.path === b.path;
  return b.kind === "tcp" && a.host === b.host && a.port === b.port && a.port !== 0;
}

function checkAdminKeys(scene: Scene): void {
  const both = scene.written(["admin", "key"]) && scene.written(["admin", "keys"]);
  if (both) scene.error(["admin", "keys"], "stands beside admin.key: keep one of them", "key");
}

/** Others than this machine reach the main address: administration needs its own, or a key nobody guesses. */
function checkExposure(scene: Scene): void {
  const { admin } = scene.config;
  if (!scene.sound(["admin"]) || admin.listen !== null) return;
  const named = Object.keys(admin.keys ?? {}).length > 0;
  if (named || (admin.key?.length ?? 0) >= MIN_SECRET_CHARS) {
    scene.warning(SERVER, "administration shares this address: admin.listen gives it one of its own");
  } else {
    const needs = `set admin.listen (for example 127.0.0.1:4001), or admin.key with at least ${MIN_SECRET_CHARS} characters`;
    scene.error(SERVER, `is reachable by others, administration included: ${needs}`);
  }
}

/** Others reach the address of administration itself. */
function checkOwnExposure(scene: Scene): void {
  const key = scene.sound(["admin", "key"]) ? scene.config.admin.key : undefined;
  if (key !== undefined && key.length < MIN_SECRET_CHARS)
    scene.warning(
      ADMIN,
      `is reachable by others, who could guess an admin.key of fewer than ${MIN_SECRET_CHARS} characters`,
    );
}
