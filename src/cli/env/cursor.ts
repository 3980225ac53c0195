// Set-up of Cursor.

import { layOut } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { KEY_VARIABLE, type Site } from "./site.ts";

export function cursorSetUp(site: Site): string {
  const reach =
    "Cursor's own servers send the requests: the gateway needs a public address with HTTPS, which then stands for the one below.";
  const isPublic = !site.loopback && site.root.startsWith("https:");
  return layOut(site, {
    missing: [...missingEndpoint(site, "chat"), ...(isPublic ? [] : [reach])],
    notes: [
      "Cursor Settings > Models > API Keys",
      `  OpenAI API Key:           ${site.givenKey ?? `the virtual key in $${KEY_VARIABLE}`}`,
      `  Override OpenAI Base URL: ${site.v1}`,
      `Then add a custom model: ${modelFor(site, "chat")}`,
    ],
    lists: "chat",
    limits: [
      "Written from public reports; not tried with this version.",
      "The base URL holds for all of Cursor's OpenAI models while it is switched on; completion while typing never uses it.",
      "For newer models of OpenAI's it sends a Responses body to chat completions: the provider answers 400.",
      "Certificates have to be of a public authority.",
    ],
  });
}
