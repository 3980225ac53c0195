// Puts foreign text into a message: quoted, escaped, and short however long it is.

/** The text in double quotes with control characters escaped, cut after `most` characters. */
export function quoted(text: string, most = 100): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}
