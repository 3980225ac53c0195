// Measures the text in the events of a stream by their bytes, so that nothing has to be parsed.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;
const LOWER_U = 0x75;

/** `\u4f60` stands for a character that takes up to three bytes. */
const UNICODE_ESCAPE = { length: 6, bytes: 3 };

/**
 * Adds up the strings behind certain keys. The events of a stream resemble each other so much that the text mostly
 * begins at the very offset where it began in the event before: that is looked at first. Inside a JSON string the
 * quotes of a key would be escaped, so a hit is always structure.
 */
export class TextMeter {
  /** Bytes of text so far, escapes counted as what they stand for. */
  bytes = 0;
  readonly #keys: readonly Buffer[];
  /** Where the only text of the latest event began, and the key that stood before it, up to its opening quote. */
  #place = -1;
  #before: Uint8Array | undefined;

  /** @param keys as {@link quotedKeys} makes them, once for all streams */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  /** @param data one event's JSON */
  see(data: Buffer): void {
    const place = this.#place;
    // Empty text may stand beside another that is not.
    if (this.#isInPlace(data, place) && this.#measure(data, place) > place) return;
    this.#search(data);
  }

  #isInPlace(data: Buffer, place: number): boolean {
    const before = this.#before;
    if (before === undefined || data[place - 1] !== QUOTE) return false;
    const start = place - before.length;
    for (let i = 0; i < before.length; i++) if (data[start + i] !== before[i]) return false;
    return true;
  }

  #search(data: Buffer): void {
    let found = 0;
    let before: Uint8Array | undefined;
    for (const key of this.#keys) {
      for (let at = data.indexOf(key); at >= 0; at = data.indexOf(key, at + key.length)) {
        const start = stringStart(data, at + key.length);
        if (start < 0 || this.#measure(data, start) === start) continue;
        found++;
        this.#place = start;
        before = data.subarray(at, start);
      }
    }
    // A copy, so that the event is not kept with it.
    this.#before = found === 1 && before !== undefined ? new Uint8Array(before) : undefined;
  }

  /** Adds the string that begins at `start`; returns where it ends. */
  #measure(data: Buffer, start: number): number {
    let at = start;
    let bytes = 0;
    for (; at < data.length; at++, bytes++) {
      const byte = data[at];
      if (byte === QUOTE) break;
      if (byte !== BACKSLASH) continue;
      if (data[at + 1] === LOWER_U) {
        at += UNICODE_ESCAPE.length - 1;
        bytes += UNICODE_ESCAPE.bytes - 1;
      } else at++;
    }
    this.bytes += bytes;
    return at;
  }
}

/** Names of members as they stand in JSON. */
export function quotedKeys(...names: readonly string[]): readonly Buffer[] {
  return names.map((name) => Buffer.from(JSON.stringify(name)));
}

/** Offset behind the quote that opens the key's value; -1 when the value is no string. */
function stringStart(data: Buffer, behindKey: number): number {
  let at = behindKey;
  while (data[at] === SPACE) at++;
  if (data[at] !== COLON) return -1;
  at++;
  while (data[at] === SPACE) at++;
  return data[at] === QUOTE ? at + 1 : -1;
}
