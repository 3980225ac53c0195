// What the YAML parser's complaints mean, in words that quote nothing of the file.

import type { YAMLError } from "yaml";

const MESSAGES: Partial<Record<YAMLError["code"], string>> = {
  ALIAS_PROPS: "an alias cannot have an anchor or a tag",
  BAD_ALIAS: "an anchor or alias needs a name that does not end in `:`",
  BAD_DIRECTIVE: "a line that begins with `%` is a YAML directive: remove it",
  BAD_DQ_ESCAPE:
    'unknown escape in a text in "double quotes": write \\\\ for a backslash, or use single quotes',
  BAD_PROP_ORDER: "an anchor or tag stands in the wrong place",
  BLOCK_IN_FLOW: "inside { } or [ ], indented lists and settings are not possible",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters, or a quote is not closed",
  MULTILINE_IMPLICIT_KEY:
    "a key must stand on one line with its `:`; is a `:` or a quote missing, or the indentation off?",
  MULTIPLE_ANCHORS: "a value can have one anchor",
  MULTIPLE_TAGS: "tags (`!name`) are not used here; a text that begins with `!` must be put in quotes",
  NON_STRING_KEY: "a key must be a plain text",
  RESOURCE_EXHAUSTION: "the file is nested too deeply",
  TAB_AS_INDENT: "a tab is used as indentation: use spaces",
  TAG_RESOLVE_FAILED: "tags (`!name`) are not used here; a text that begins with `!` must be put in quotes",
};

/** The problem in our words. `text` is the file, for what the parser's code alone does not tell. */
export function syntaxMessage(error: YAMLError, text: string): string {
  const [offset] = error.pos;
  if (text.startsWith(`\${`, offset - 1)) return `inside { } or [ ], put a value with \${…} in quotes`;
  return MESSAGES[error.code] ?? fromText(error, text[offset] ?? "");
}

function fromText(error: YAMLError, at: string): string {
  const { code, message } = error;
  if (code === "BAD_SCALAR_START") return `a value cannot begin with ${at}: put it in quotes`;
  if (message.startsWith("Missing closing")) return "a quote is not closed";
  if (/must be sufficiently indented and end with|must end with/.test(message))
    return `a ${message.includes("]") ? "list `[`" : "map `{`"} is not closed`;
  if (message.startsWith("Missing , ")) return "a comma is missing between two entries";
  if (message.startsWith("Unexpected ,") || message.startsWith("Unexpected empty item"))
    return "a comma too many";
  if (message.startsWith("Nested mappings"))
    return "a second `:` on the line: put the value in quotes, or begin a new line";
  if (message.startsWith("A block sequence may not")) return "a list entry stands where a key is expected";
  if (message.startsWith("Implicit map keys")) return "a key without `:`; is the indentation right?";
  if (message.startsWith("Sequence item without")) return "a list entry must begin with `- `";
  if (message.startsWith("Comments must be")) return "a comment needs a space before its `#`";
  if (code === "BAD_INDENT") return "the indentation does not match the lines above";
  return "this is not valid YAML here; are quotes, brackets and indentation right?";
}
