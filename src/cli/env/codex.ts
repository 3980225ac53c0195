// Set-up of Codex CLI.

import { layOut } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { KEY_VARIABLE, type Site } from "./site.ts";

/** Codex speaks Responses only; without WebSockets switched off it would try one first. */
export function codexSetUp(site: Site): string {
  return layOut(site, {
    exports: [[KEY_VARIABLE, site.key]],
    files: [
      {
        path: "~/.codex/config.toml",
        lines: [
          'model_provider = "postern"',
          `model = ${JSON.stringify(modelFor(site, "responses"))}`,
          "",
          "[model_providers.postern]",
          'name = "Postern"',
          `base_url = ${JSON.stringify(site.v1)}`,
          `env_key = "${KEY_VARIABLE}"`,
          'wire_api = "responses"',
          "supports_websockets = false",
        ],
      },
    ],
    missing: missingEndpoint(site, "responses"),
    lists: "responses",
    authority: (certificate) => `export CODEX_CA_CERTIFICATE=${certificate}`,
    limits: [
      "It calls Responses and nothing else: the model's provider has to offer `responses`. It never asks for the list of models.",
      'It warns "Model metadata not found" for names that it does not know; that does no harm.',
      "A refusal by a spend policy (402) is sent six times before its text is shown; nothing is charged. With `status: 429` it is sent once, but the text is lost.",
      "A 501 or 503 is tried thirty times.",
      "The settings must stand before any [table] of a file that is there already; OPENAI_BASE_URL is not read.",
    ],
  });
}
