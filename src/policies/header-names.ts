// Names of policies as response headers carry them.

/** What a header cannot carry, and what separates names there. */
const UNSAFE = /[^\x20-\x7e]|[%,;]/gu;

/** Characters outside ASCII, controls and `% , ;` percent-encoded, so that `decodeURIComponent` gives the name back. */
export function headerName(name: string): string {
  return name.toWellFormed().replace(UNSAFE, encodeCharacter);
}

function encodeCharacter(character: string): string {
  return Array.from(Buffer.from(character, "utf8"), (byte) => `%${hex(byte)}`).join("");
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
