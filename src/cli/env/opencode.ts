// Set-up of opencode.

import { layOut, nodeAuthority } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { KEY_VARIABLE, type Site } from "./site.ts";

export function opencodeSetUp(site: Site): string {
  const chat = modelFor(site, "chat");
  const known = site.models.filter(({ endpoints }) => endpoints.includes("chat")).map(({ id }) => id);
  const models = Object.fromEntries((known.length === 0 ? [chat] : known).map((id) => [id, { name: id }]));
  const settings = {
    $schema: "https://opencode.ai/config.json",
    provider: {
      postern: {
        npm: "@ai-sdk/openai-compatible",
        name: "Postern",
        options: { baseURL: site.v1, apiKey: `{env:${KEY_VARIABLE}}` },
        models,
      },
    },
    model: `postern/${chat}`,
  };
  return layOut(site, {
    exports: [[KEY_VARIABLE, site.key]],
    files: [{ path: "opencode.json", lines: JSON.stringify(settings, null, 2).split("\n") }],
    missing: missingEndpoint(site, "chat"),
    lists: "chat",
    authority: nodeAuthority,
    limits: [
      "Written from its documentation; not tried with this version.",
      "It shows the models that the file names, no others.",
      "For Claude in its own format give its anthropic provider a `baseURL` that ends in /v1, as of the AI SDK (postern env ai-sdk).",
      "`x-should-retry` is not read: a 501 is tried twice more.",
    ],
  });
}
