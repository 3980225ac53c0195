// Rules of providers that are spoken to in their own words: where they run, how they are paid, what they can offer.

import { AWS_KEY_VARIABLES, accessKeysOf } from "../../catalog/aws.ts";
import { isPlaceName } from "../../catalog/places.ts";
import { DIALECTS, OWN_AUTHS, PROVIDERS, type ProviderPreset } from "../../catalog/providers.ts";
import { ENDPOINT_NAMES } from "../../formats/table.ts";
import { readServiceAccount } from "../../lib/service-account.ts";
import type { Scene } from "../scene.ts";
import type { ProviderConfig } from "../schema.ts";
import type { Path } from "../tree.ts";

type NativeSetting = "region" | "project" | "location" | "resource" | "subscription_logins";

/** Which presets a setting is for. */
const OWNERS: Readonly<Record<NativeSetting, (preset: ProviderPreset) => boolean>> = {
  region: ({ place }) => place === "region",
  project: ({ dialect }) => dialect === DIALECTS.vertex,
  location: ({ place }) => place === "location",
  resource: ({ place }) => place === "resource",
  subscription_logins: ({ dialect }) => dialect === DIALECTS.anthropic,
};

const SETTINGS = Object.keys(OWNERS) as readonly NativeSetting[];

export function checkNative(
  scene: Scene,
  path: Path,
  provider: ProviderConfig,
  preset: ProviderPreset,
): void {
  for (const setting of SETTINGS)
    if (provider[setting] !== undefined && !OWNERS[setting](preset))
      scene.error([...path, setting], `belongs to providers of ${typesText(OWNERS[setting])}`, "key");
  checkSpelling(scene, path, provider);
  checkPlace(scene, path, provider, preset);
  checkOwnAuth(scene, path, provider, preset);
  checkEndpoints(scene, path, provider, preset);
}

/** `type: gemini` */
function typesText(isOwner: (preset: ProviderPreset) => boolean): string {
  const types = Object.entries(PROVIDERS).flatMap(([type, preset]) => (isOwner(preset) ? [type] : []));
  return `\`type: ${types.join("` or `")}\``;
}

function checkSpelling(scene: Scene, path: Path, provider: ProviderConfig): void {
  const wants = "must consist of a-z, 0-9 and `-`, with a letter or digit at both ends, at most 63 in all";
  for (const setting of ["region", "project", "location", "resource"] as const) {
    const value = provider[setting];
    if (Array.isArray(value)) {
      if (value.length === 0) scene.error([...path, setting], "is empty: remove it or name one");
      value.forEach((one, i) => {
        if (!isPlaceName(one)) scene.error([...path, setting, i], wants);
      });
    } else if (typeof value === "string" && !isPlaceName(value)) scene.error([...path, setting], wants);
  }
}

/** A region or resource is part of the address; a region is also part of every signature. */
function checkPlace(scene: Scene, path: Path, provider: ProviderConfig, { place }: ProviderPreset): void {
  if (place === undefined || place === "location" || !scene.sound([...path, place])) return;
  if (scene.written([...path, place]) || !scene.sound([...path, "base_url"])) return;
  if (!scene.written([...path, "base_url"])) scene.error(path, `needs a ${place}, or a base_url`, "key");
  else if (provider.auth === OWN_AUTHS.accessKeys)
    scene.error(path, `needs a ${place}: it is part of what access keys sign`, "key");
}

function checkOwnAuth(scene: Scene, path: Path, provider: ProviderConfig, preset: ProviderPreset): void {
  const { auth } = provider;
  if (!scene.sound([...path, "auth"]) || !scene.sound([...path, "api_key"])) return;
  const isOther =
    (auth === OWN_AUTHS.serviceAccount && preset.auth !== auth) ||
    (auth === OWN_AUTHS.accessKeys && preset.signs !== true);
  if (isOther)
    scene.error(
      [...path, "auth"],
      `belongs to providers of ${typesText((one) => one.auth === auth || (auth === OWN_AUTHS.accessKeys && one.signs === true))}`,
    );
  else if (preset.dialect === DIALECTS.vertex) checkAccount(scene, path, provider, preset);
}

/** The key file of a service account, and whose project is meant. Says nothing that stands in it. */
function checkAccount(scene: Scene, path: Path, provider: ProviderConfig, preset: ProviderPreset): void {
  const { auth, api_key: text = "", project } = provider;
  if (auth !== OWN_AUTHS.serviceAccount) {
    if (project === undefined) scene.error(path, "needs a project", "key");
    return;
  }
  if (text === "") return;
  const reading = readServiceAccount(text);
  const here = [...path, "api_key"];
  if ("problem" in reading) {
    if (scene.written(here)) scene.error(here, reading.problem);
    else scene.error(path, `the key in ${preset.secrets.join(" or ")} ${reading.problem}`, "key");
  } else if (project === undefined && !isPlaceName(reading.account.project ?? ""))
    scene.error(path, "needs a project: the key file names none that a path can hold", "key");
}

/** Providers with paths of their own offer those of their preset; all others, those below `/v1`. */
function checkEndpoints(scene: Scene, path: Path, provider: ProviderConfig, preset: ProviderPreset): void {
  const here = [...path, "endpoints"];
  if (!scene.sound(here)) return;
  const known: readonly string[] = preset.versionInPath ? preset.endpoints : ENDPOINT_NAMES;
  provider.endpoints.forEach((endpoint, i) => {
    if (!known.includes(endpoint))
      scene.error([...here, i], `is not among what a provider of this type can offer: ${known.join(", ")}`);
  });
}

/** What to set where a provider has no credential, beside `api_key`. */
export function accessKeysRemedy(scene: Scene): string {
  const { accessKeyId, secretAccessKey } = AWS_KEY_VARIABLES;
  const isSet = (name: string): boolean => (scene.env[name] ?? "") !== "";
  if (isSet(accessKeyId) === isSet(secretAccessKey)) return `${accessKeyId} and ${secretAccessKey}`;
  const [there, missing] = isSet(accessKeyId)
    ? [accessKeyId, secretAccessKey]
    : [secretAccessKey, accessKeyId];
  return `${missing}, which ${there} needs beside it`;
}

/** Whether the environment holds access keys to sign with. */
export function hasAccessKeys(scene: Scene): boolean {
  return accessKeysOf(scene.env) !== undefined;
}
