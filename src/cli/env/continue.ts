// Set-up of Continue.

import { layOut } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { KEY_VARIABLE, type Site } from "./site.ts";

export function continueSetUp(site: Site): string {
  const model = JSON.stringify(modelFor(site, "chat"));
  const secret = `\${{ secrets.${KEY_VARIABLE} }}`;
  return layOut(site, {
    files: [
      {
        path: "~/.continue/config.yaml",
        lines: [
          "name: Postern",
          "version: 0.0.1",
          "schema: v1",
          "models:",
          `  - name: ${model}`,
          "    provider: openai",
          `    model: ${model}`,
          `    apiBase: ${JSON.stringify(site.v1)}`,
          `    apiKey: ${site.givenKey === undefined ? secret : JSON.stringify(site.givenKey)}`,
          "    roles: [chat, edit, apply]",
        ],
      },
    ],
    missing: missingEndpoint(site, "chat"),
    notes:
      site.givenKey === undefined
        ? [`The key stands in ~/.continue/.env as ${KEY_VARIABLE}=sk-postern-…`]
        : [],
    lists: "chat",
    authority: (certificate) => `    requestOptions: { caBundlePath: ${JSON.stringify(certificate)} }`,
    limits: [
      "Written from its documentation and source; not tried with this version.",
      "`provider: anthropic` needs an `apiBase` that ends in /v1/ (for example …/anthropic/v1/).",
      "`provider: gemini` asks for streams as JSON arrays and sends the key as `?key=`; both are understood on /gemini.",
      "Every chat stream asks for usage; completion while typing needs a model with `roles: [autocomplete]`.",
    ],
  });
}
