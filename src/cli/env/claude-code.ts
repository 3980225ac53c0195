// Set-up of Claude Code.

import { layOut, nodeAuthority } from "./layout.ts";
import { messagesPath } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

export function claudeCodeSetUp(site: Site): string {
  const { base, model, missing } = messagesPath(site);
  const unified = base === site.root && missing.length === 0;
  const word = shellWord(model);
  const models: readonly (readonly [string, string])[] = [
    ["ANTHROPIC_MODEL", word],
    ["ANTHROPIC_DEFAULT_OPUS_MODEL", word],
    ["ANTHROPIC_DEFAULT_SONNET_MODEL", word],
    ["ANTHROPIC_DEFAULT_HAIKU_MODEL", word],
  ];
  return layOut(site, {
    exports: [
      ["ANTHROPIC_BASE_URL", shellWord(base)],
      ["ANTHROPIC_AUTH_TOKEN", site.key],
      ...(unified ? models : []),
    ],
    unset: ["ANTHROPIC_API_KEY"],
    missing,
    notes: ["claude", ...(unified ? [] : ["", ...subscription(site)])],
    ...(unified ? { lists: "messages" } : {}),
    authority: nodeAuthority,
    limits: [
      "Written from its documentation; not tried with this version.",
      ...(unified
        ? ["Its own model names are not known here: the variables above say which model stands for each."]
        : [
            "Its own model names are sent as they are. ANTHROPIC_MODEL and ANTHROPIC_DEFAULT_{OPUS,SONNET,HAIKU}_MODEL choose others.",
          ]),
      "A refusal by a spend policy (402) is shown with the policy's name: `API Error: 402 …`.",
      "Its model list shows only ids that begin with claude or anthropic (CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1).",
      "Web search and other tools that run at Anthropic are not priced; requests that use them are flagged `unpriced`.",
    ],
  });
}

function subscription({ key, givenKey }: Site): readonly string[] {
  const value = givenKey === undefined ? `"X-Api-Key: ${key}"` : shellWord(`X-Api-Key: ${givenKey}`);
  return [
    "With a Claude subscription, where the provider says `subscription_logins: true`:",
    "  unset ANTHROPIC_AUTH_TOKEN ANTHROPIC_API_KEY",
    `  export ANTHROPIC_CUSTOM_HEADERS=${value}`,
    "Such calls count in usage, not in spend.",
  ];
}
