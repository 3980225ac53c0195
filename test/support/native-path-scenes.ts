// The scenes of the tests of native paths: all presets by their own names, and a few under other names only.

import type { Family } from "../../src/formats/table.ts";
import { keySection } from "./callers.ts";
import { hashOf, TEST_KEY } from "./keys.ts";
import type { Settings } from "./money-scene.ts";
import { wrongWith } from "./native-refusals.ts";
import { type NativeScene, nativeScene, presetSettings, type Urls } from "./native-scene.ts";

export const CLAUDE_ID = "us.anthropic.claude-x:0";

/** Sent to every path: each format finds what it needs, and ignores the rest. */
export const ANY_BODY = { model: "m", messages: [], contents: [], max_tokens: 9 };

export const TEST_BEARER = { authorization: `Bearer ${TEST_KEY}` };

/** With the test key, and every preset under its own name. */
export function presetScene(more: Settings = {}): Promise<NativeScene> {
  const keys = { ...keySection({ caller: {} }), tester: { hash: hashOf(TEST_KEY) } };
  return nativeScene({ settings: () => ({ keys, ...more }) });
}

/** Providers of native types only under other names, and a list of the key `narrow` that allows one id. */
export function renamedScene(): Promise<NativeScene> {
  return nativeScene({ settings: renamedSettings });
}

function renamedSettings(urls: Urls): Settings {
  const named = (type: string) => presetSettings(type, urls, `own-${type}`);
  return {
    providers: {
      google: { ...named("gemini"), endpoints: ["generate_content", "models"] },
      aws: named("bedrock"),
      "team/claude": named("anthropic"),
      gpt: named("openai"),
    },
    models: { fast: "google/gemini-x" },
    keys: {
      ...keySection({ narrow: { models_allowed: [`aws/${CLAUDE_ID}`] } }),
      tester: { hash: hashOf(TEST_KEY) },
    },
  };
}

export interface RefusedPath {
  readonly method?: string;
  readonly path: string;
  readonly family: Family;
  readonly status: number;
  readonly code: string;
}

/** Everything that is wrong with the refusal of a path; that the upstream was asked is, too. */
export async function wrongPath(refused: RefusedPath, { gateway, upstream }: NativeScene): Promise<string[]> {
  const { method = "POST", path, family, ...expected } = refused;
  upstream.requests.length = 0;
  const answer = await gateway.fetch(path, {
    method,
    headers: { ...TEST_BEARER, "content-type": "application/json" },
    ...(method === "GET" || method === "HEAD" ? {} : { body: JSON.stringify(ANY_BODY) }),
  });
  const found = await wrongWith(answer, family, expected);
  const asked = upstream.requests.map(({ target }) => `the upstream was asked for ${target}`);
  return [...found, ...asked].map((what) => `${method} ${path}: ${what}`);
}
