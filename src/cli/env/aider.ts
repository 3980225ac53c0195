// Set-up of aider.

import { layOut } from "./layout.ts";
import { missingEndpoint, modelFor } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

/** Its `openai/` says which format to speak and is not sent: the rest is the model's name here. */
export function aiderSetUp(site: Site): string {
  return layOut(site, {
    exports: [
      ["OPENAI_API_BASE", shellWord(site.v1)],
      ["OPENAI_API_KEY", site.key],
    ],
    missing: missingEndpoint(site, "chat"),
    notes: [`aider --model ${shellWord(`openai/${modelFor(site, "chat")}`)}`],
    lists: "chat",
    authority: (certificate) => `export SSL_CERT_FILE=${certificate}`,
    limits: [
      "Written from its documentation; not tried with this version.",
      "The model's name is always written with `openai/` before it, also before `provider/model`.",
      "It warns of models that it does not know, and shows no cost for them; the gateway counts them.",
    ],
  });
}
