// Set-up of Cline.

import { layOut } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { KEY_VARIABLE, type Site } from "./site.ts";

export function clineSetUp(site: Site): string {
  return layOut(site, {
    missing: missingEndpoint(site, "chat"),
    notes: [
      "Settings > API Configuration",
      "  API Provider: OpenAI Compatible",
      `  Base URL:     ${site.v1}`,
      `  API Key:      ${site.givenKey ?? `the virtual key in $${KEY_VARIABLE}`}`,
      `  Model ID:     ${modelFor(site, "chat")}`,
    ],
    lists: "chat",
    authority: (certificate) => `NODE_EXTRA_CA_CERTS=${certificate} code`,
    limits: [
      "Written from its source; not tried with this version.",
      "It asks `GET /v1/models` for the names to offer, and calls chat completions.",
      "Its providers Anthropic and Gemini can be given a base URL, too: /anthropic gets `/messages` appended, so it has to end in /v1; /gemini gets /v1beta.",
      "Context size and prices of an unknown model are to be entered by hand.",
    ],
  });
}
