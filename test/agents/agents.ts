// The coding agents that are run for real: where they come from, how they are called, what their tool is.

import { MODELS } from "../support/compat/rows.ts";
import type { Format } from "../support/compat/usage.ts";

export interface Agent {
  readonly client: string;
  readonly package: string;
  readonly version: string;
  readonly program: string;
  /** Its name for `postern env`. */
  readonly setUp: string;
  readonly route: string;
  readonly what: string;
  /** What stands behind the program's name. It may do anything to the scratch folder it runs in. */
  readonly args: (prompt: string) => readonly string[];
  readonly format: Format;
  readonly provider: string;
  /** A call that reads the file {@link NOTE}. */
  readonly tool: { readonly name: string; readonly arguments: string };
}

/** The file that an agent's tool reads, and what stands in it. */
export const NOTE = { path: "note.txt", text: "the word is quokka" } as const;

export const AGENTS: readonly Agent[] = [
  {
    client: "Codex CLI",
    package: "@openai/codex",
    version: "0.169.0",
    program: "codex",
    setUp: "codex",
    route: "/v1",
    what: "Responses",
    args: (prompt) => ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt],
    format: "responses",
    provider: "openai",
    tool: { name: "exec_command", arguments: JSON.stringify({ cmd: `cat ${NOTE.path}` }) },
  },
  {
    client: "Gemini CLI",
    package: "@google/gemini-cli",
    version: "0.61.0",
    program: "gemini",
    setUp: "gemini-cli",
    route: "/gemini",
    what: "streamGenerateContent, v1beta",
    args: (prompt) => ["-m", MODELS.gemini, "--skip-trust", "--yolo", "-p", prompt],
    format: "gemini",
    provider: "gemini",
    tool: { name: "read_file", arguments: JSON.stringify({ file_path: NOTE.path }) },
  },
];
