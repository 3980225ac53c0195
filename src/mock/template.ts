// Replies with places to fill in: `{{last_user_message}}` and `{{model}}`.

export interface TemplateValues {
  readonly lastUserMessage: string;
  readonly model: string;
}

export type Template = (values: TemplateValues) => string;

const PLACES = /\{\{\s*(last_user_message|model)\s*\}\}/;

/** Reads a reply once; whatever else stands in double braces stays as it is. */
export function compileTemplate(reply: string): Template {
  // Splitting at a pattern with one group gives texts and names in turn: text, name, text, …
  const parts = reply.split(PLACES);
  return (values) => {
    let text = parts[0] ?? "";
    for (let at = 1; at < parts.length; at += 2) {
      text += parts[at] === "model" ? values.model : values.lastUserMessage;
      text += parts[at + 1] ?? "";
    }
    return text;
  };
}
