// Set-up of Gemini CLI.

import { DIALECTS } from "../../catalog/providers.ts";
import { layOut, nodeAuthority } from "./layout.ts";
import { nativePath } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

export function geminiCliSetUp(site: Site): string {
  const { base, model, missing } = nativePath(site, DIALECTS.gemini);
  const plain = base.startsWith("http:") && !site.loopback;
  return layOut(site, {
    exports: [
      ["GOOGLE_GEMINI_BASE_URL", shellWord(base)],
      ["GEMINI_API_KEY", site.key],
    ],
    unset: ["GOOGLE_API_KEY"],
    files: [
      {
        path: "~/.gemini/settings.json",
        lines: ['{ "security": { "auth": { "selectedType": "gemini-api-key" } } }'],
      },
    ],
    missing: plain
      ? [
          ...missing,
          "It accepts http:// on this machine only: set `server.tls`, or put a proxy with HTTPS in front.",
        ]
      : missing,
    notes: [`gemini -m ${shellWord(model)}`],
    authority: nodeAuthority,
    limits: [
      'Without that setting it stops with "Invalid auth method selected." where it cannot ask.',
      "It speaks the native path only; `-m` takes the provider's own ids.",
      "It waits and tries again by itself: up to ten times on 429 and 5xx, 501 included. A 402 is shown at once.",
      "Log-ins with a Google account do not go through the gateway.",
    ],
  });
}
