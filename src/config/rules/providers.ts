// Rules of one provider: where it is, how it is paid, what its headers may be.

import { DEFAULT_TYPE, OWN_AUTHS, PROVIDERS, type ProviderPreset } from "../../catalog/providers.ts";
import { isForbiddenHost, isPrivateHost } from "../../lib/address.ts";
import { isLiteral } from "../../lib/glob.ts";
import { presetFor } from "../defaults.ts";
import { parseCertificate } from "../pem.ts";
import { shortName } from "../problem.ts";
import type { Scene } from "../scene.ts";
import type { MockSettings } from "../schema/mock.ts";
import type { ProviderConfig } from "../schema.ts";
import type { Path } from "../tree.ts";
import { checkAuthHeader, checkForwardHeaders, checkHeaders, valueProblem } from "./headers.ts";
import { createProviderOf } from "./names.ts";
import { accessKeysRemedy, checkNative, hasAccessKeys } from "./native.ts";
import { readPem } from "./server.ts";

export function checkProviders(scene: Scene): void {
  const providerOf = createProviderOf(scene.names(["providers"]));
  for (const [name, provider] of Object.entries(scene.config.providers)) {
    const path = ["providers", name];
    checkHeaders(scene, [...path, "headers"], provider.headers);
    checkForwardHeaders(scene, [...path, "forward_headers"], provider.forward_headers);
    checkModels(scene, name, provider.models ?? [], providerOf);
    checkTransport(scene, path, provider);
    checkQueue(scene, path);
    const preset = presetFor(provider.type);
    if (preset === undefined || !scene.sound([...path, "type"])) continue;
    checkBaseUrl(scene, name, provider, preset);
    checkCredential(scene, path, provider, preset);
    checkNative(scene, path, provider, preset);
    checkMock(scene, path, provider, preset);
  }
}

function checkBaseUrl(scene: Scene, name: string, provider: ProviderConfig, preset: ProviderPreset): void {
  const path = ["providers", name, "base_url"];
  const url = provider.base_url;
  if (url === undefined) {
    const needed = preset.baseUrl === undefined && !preset.local && scene.sound(path) && !scene.written(path);
    if (needed) scene.error(["providers", name], missingUrlMessage(scene, name), "key");
    return;
  }
  if (preset.local) scene.warning(path, "is not used: a provider of this type answers by itself");
  const problem = urlProblem(url);
  if (problem !== undefined) scene.error(path, problem);
  else if (new URL(url).protocol === "http:" && !isPrivateHost(new URL(url).hostname))
    scene.warning(path, "is plain http to a public host: the credential and all texts travel in the clear");
}

function missingUrlMessage(scene: Scene, name: string): string {
  const guess = scene.suggest(name, Object.keys(PROVIDERS));
  return `needs a base_url (or a type that has one)${guess}`;
}

/** Why a text cannot be a base URL; undefined when it can. */
function urlProblem(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text)) return "must begin with http:// or https://";
  if (/[\s\u0000-\u001f]/.test(text) || !URL.canParse(text)) return "is not a valid URL";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    return "must not hold a user or password: use auth and api_key";
  if (text.includes("?") || text.includes("#")) return "must not hold a query or fragment";
  if (isForbiddenHost(url.hostname))
    return "leads to a link-local or cloud metadata address, which is never called";
  return undefined;
}

function checkTransport(scene: Scene, path: Path, provider: ProviderConfig): void {
  const { http_proxy: proxy, tls } = provider;
  if (proxy !== undefined && !(/^https?:\/\/[^\s]+$/i.test(proxy) && URL.canParse(proxy)))
    scene.error([...path, "http_proxy"], "must be a URL such as http://proxy:3128");
  const file = tls?.ca_file;
  if (file !== undefined)
    readPem(scene, [...path, "tls", "ca_file"], file, parseCertificate, "a certificate");
}

function checkQueue(scene: Scene, path: Path): void {
  if (scene.written([...path, "max_concurrent"])) return;
  for (const setting of ["max_queue", "queue_timeout"])
    if (scene.written([...path, setting]))
      scene.warning([...path, setting], "does nothing without `max_concurrent`", "key");
}

function checkCredential(scene: Scene, path: Path, provider: ProviderConfig, preset: ProviderPreset): void {
  const { auth, api_key: apiKey } = provider;
  const here = [...path, "auth"];
  if (!scene.sound(here) || !scene.sound([...path, "api_key"])) return;
  if (typeof auth === "object" && "header" in auth) checkAuthHeader(scene, here, auth);
  if (typeof auth === "object" && "query" in auth && /[\u0000-\u001f\u007f]/.test(auth.query))
    scene.error([...here, "query"], "holds control characters");
  if (auth === "none" || auth === "passthrough") return;
  if (auth === OWN_AUTHS.accessKeys) {
    if (!hasAccessKeys(scene)) warnMissing(scene, path, `set ${accessKeysRemedy(scene)}`);
  } else if (apiKey === undefined || apiKey === "") checkMissingKey(scene, path, provider, preset);
  else if (auth !== OWN_AUTHS.serviceAccount && (typeof auth === "string" || "header" in auth))
    checkKeyText(scene, path, apiKey, preset);
}

function checkMissingKey(scene: Scene, path: Path, provider: ProviderConfig, preset: ProviderPreset): void {
  if (provider.type === DEFAULT_TYPE) {
    scene.error([...path, "auth"], "needs an api_key that is not empty, or auth: none");
    return;
  }
  // Callers bring what pays for them; without that, they are told what is missing.
  if (provider.subscription_logins) return;
  const [variable] = preset.secrets;
  const own = variable === undefined ? "set api_key" : `set ${variable} or api_key`;
  warnMissing(scene, path, preset.signs ? `${own}, or ${accessKeysRemedy(scene)}` : own);
}

function warnMissing(scene: Scene, path: Path, remedy: string): void {
  scene.warning(path, `has no credential: ${remedy}; until then its calls are answered with 424`, "key");
}

function checkKeyText(scene: Scene, path: Path, apiKey: string, preset: ProviderPreset): void {
  const problem = valueProblem(apiKey);
  if (problem === undefined) return;
  const here = [...path, "api_key"];
  if (scene.written(here)) scene.error(here, problem);
  else scene.error(path, `the key in ${preset.secrets.join(" or ")} ${problem}`, "key");
}

/** An id that looks like another provider's is never reached by its bare name: that prefix always wins. */
function checkModels(
  scene: Scene,
  name: string,
  models: readonly string[],
  providerOf: (id: string) => string | undefined,
): void {
  models.forEach((model, i) => {
    const path = ["providers", name, "models", i];
    if (model === "!") scene.error(path, "must be a pattern that is not empty after `!`");
    const other = isLiteral(model) ? providerOf(model) : undefined;
    if (other !== undefined && other !== name)
      scene.warning(
        path,
        `begins with \`${shortName(other)}/\`: asked for by this name it goes to that provider`,
      );
  });
}

function checkMock(scene: Scene, path: Path, provider: ProviderConfig, preset: ProviderPreset): void {
  const here = [...path, "mock"];
  if (provider.mock === undefined) return;
  if (!preset.local) scene.error(here, "belongs to providers of `type: mock`", "key");
  else checkScript(scene, [...here, "script"], provider.mock.script);
}

function checkScript(scene: Scene, path: Path, script: MockSettings["script"]): void {
  script.forEach((step, i) => {
    const here = [...path, i];
    const written = ["reply", "tool_call", "status", "stall"].filter((kind) => Object.hasOwn(step, kind));
    if (written.length === 0) scene.error(here, "needs a reply, tool_call, status or stall");
    if (step.tool_call === undefined) return;
    for (const other of ["reply", "status"].filter((kind) => written.includes(kind)))
      scene.error([...here, other], "stands beside tool_call: keep one of them", "key");
  });
}
