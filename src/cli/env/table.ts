// The clients that `postern env` knows: one row each.

import { aiSdkSetUp } from "./ai-sdk.ts";
import { aiderSetUp } from "./aider.ts";
import { anthropicSetUp } from "./anthropic.ts";
import { awsSdkSetUp } from "./aws-sdk.ts";
import { claudeCodeSetUp } from "./claude-code.ts";
import { clineSetUp } from "./cline.ts";
import { codexSetUp } from "./codex.ts";
import { continueSetUp } from "./continue.ts";
import { cursorSetUp } from "./cursor.ts";
import { geminiCliSetUp } from "./gemini-cli.ts";
import { googleGenaiSetUp } from "./google-genai.ts";
import { langchainSetUp } from "./langchain.ts";
import { llamaindexSetUp } from "./llamaindex.ts";
import { openWebuiSetUp } from "./open-webui.ts";
import { openaiSetUp } from "./openai.ts";
import { opencodeSetUp } from "./opencode.ts";
import type { Site } from "./site.ts";

interface ClientRow {
  readonly title: string;
  /** The text to paste; lines that are not to be pasted are comments. */
  readonly setUp: (site: Site) => string;
  /** Whether it can be told to use a unix socket. */
  readonly sockets?: true;
}

export const CLIENTS: Readonly<Record<string, ClientRow>> = {
  openai: { title: "OpenAI SDKs", setUp: openaiSetUp, sockets: true },
  anthropic: { title: "Anthropic SDKs", setUp: anthropicSetUp, sockets: true },
  "google-genai": { title: "Google Gen AI SDKs", setUp: googleGenaiSetUp },
  langchain: { title: "LangChain", setUp: langchainSetUp },
  llamaindex: { title: "LlamaIndex", setUp: llamaindexSetUp },
  "ai-sdk": { title: "AI SDK", setUp: aiSdkSetUp },
  "aws-sdk": { title: "AWS SDK, Bedrock runtime", setUp: awsSdkSetUp },
  "claude-code": { title: "Claude Code", setUp: claudeCodeSetUp },
  codex: { title: "Codex CLI", setUp: codexSetUp },
  "gemini-cli": { title: "Gemini CLI", setUp: geminiCliSetUp },
  opencode: { title: "opencode", setUp: opencodeSetUp },
  aider: { title: "aider", setUp: aiderSetUp },
  cline: { title: "Cline", setUp: clineSetUp },
  continue: { title: "Continue", setUp: continueSetUp },
  cursor: { title: "Cursor", setUp: cursorSetUp },
  "open-webui": { title: "Open WebUI", setUp: openWebuiSetUp },
};
