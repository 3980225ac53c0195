// Set-up of Open WebUI.

import { layOut } from "./layout.ts";
import { missingEndpoint } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

export function openWebuiSetUp(site: Site): string {
  const inContainer = site.loopback
    ? [
        "In a container, this machine is `host.docker.internal`, and the gateway has to listen on more than loopback.",
      ]
    : [];
  return layOut(site, {
    exports: [
      ["OPENAI_API_BASE_URL", shellWord(site.v1)],
      ["OPENAI_API_KEY", site.key],
      ["ENABLE_OLLAMA_API", "false"],
    ],
    missing: missingEndpoint(site, "chat"),
    notes: [
      "open-webui serve",
      "",
      "Or, where it runs already: Admin Panel > Settings > Connections > OpenAI API, the same URL and key.",
    ],
    lists: "chat",
    authority: (certificate) => `export SSL_CERT_FILE=${certificate}`,
    limits: [
      "Written from its documentation; not tried with this version.",
      ...inContainer,
      "The variables count at its first start only; later ones are set in the Admin Panel.",
      "It offers what `GET /v1/models` lists for the key. All its users share that key: limits per person need a key each.",
      "Chat completions and embeddings are used; its audio and image functions need another server.",
    ],
  });
}
