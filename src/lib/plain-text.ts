// Makes one readable line of whatever a server sent in place of an answer.

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": " ",
  "&amp;": "&",
};

/** No message is longer; the rest is not looked at. */
const MAX_READ = 16_384;

export function looksLikeHtml(text: string): boolean {
  return /^\s*<(?:!doctype|html|head|body|\?xml)/i.test(text);
}

/** Tags, scripts and styles of a page taken out, white space run together, cut to `maxLength` characters. */
export function plainText(text: string, maxLength: number): string {
  const start = text.slice(0, MAX_READ);
  const readable = looksLikeHtml(start) ? withoutTags(start) : start;
  const line = readable.replace(/\s+/g, " ").trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

function withoutTags(page: string): string {
  // The head's title and the body's heading mostly say the same.
  const body = /<body[^<>]*>/i.exec(page);
  return page
    .slice(body?.index ?? 0)
    .replace(/<(script|style)\b[^<>]*>[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^<>]*>/g, " ")
    .replace(/&(?:lt|gt|quot|#39|nbsp|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}
