// The clients that `postern env` knows: one row each.

import { openaiSetUp } from "./openai.ts";
import type { Site } from "./site.ts";

interface ClientRow {
  readonly title: string;
  /** The text to paste; lines that are not for the shell are comments. Absent: not in this version. */
  readonly setUp?: (site: Site) => string;
}

export const CLIENTS: Readonly<Record<string, ClientRow>> = {
  openai: { title: "OpenAI SDKs", setUp: openaiSetUp },
  anthropic: { title: "Anthropic SDKs" },
  "google-genai": { title: "Google Gen AI SDKs" },
  langchain: { title: "LangChain" },
  llamaindex: { title: "LlamaIndex" },
  "ai-sdk": { title: "AI SDK" },
  "aws-sdk": { title: "AWS SDK, Bedrock runtime" },
  "claude-code": { title: "Claude Code" },
  codex: { title: "Codex CLI" },
  "gemini-cli": { title: "Gemini CLI" },
  opencode: { title: "opencode" },
  aider: { title: "aider" },
  cline: { title: "Cline" },
  continue: { title: "Continue" },
  cursor: { title: "Cursor" },
  "open-webui": { title: "Open WebUI" },
};
