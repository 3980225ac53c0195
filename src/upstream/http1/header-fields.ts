// The header fields of one answer: as much of `Headers` as the gateway reads, without building one.

/** What is asked of an answer's headers; `Headers` can do all of it. */
export interface HeaderFields extends Iterable<[string, string]> {
  /** The value, joined with `, ` when the field came more than once. */
  get(name: string): string | null;
  has(name: string): boolean;
  forEach(visit: (value: string, name: string) => void): void;
}

/** Several cookies cannot be joined: their dates have commas. */
const NEVER_JOINED = "set-cookie";

export class ParsedFields implements HeaderFields {
  /** Names in lower case and values, in turn. */
  readonly #flat: readonly string[];

  constructor(flat: readonly string[]) {
    this.#flat = flat;
  }

  get(name: string): string | null {
    const wanted = name.toLowerCase();
    const flat = this.#flat;
    let found: string | null = null;
    for (let at = 0; at < flat.length; at += 2)
      if (flat[at] === wanted) found = found === null ? (flat[at + 1] ?? "") : `${found}, ${flat[at + 1]}`;
    return found;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  forEach(visit: (value: string, name: string) => void): void {
    const flat = this.#flat;
    for (let at = 0; at < flat.length; at += 2) {
      const name = flat[at] ?? "";
      if (name === NEVER_JOINED) visit(flat[at + 1] ?? "", name);
      else if (isFirst(flat, at, name)) visit(this.#from(at, name), name);
    }
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    const pairs: [string, string][] = [];
    this.forEach((value, name) => {
      pairs.push([name, value]);
    });
    return pairs[Symbol.iterator]();
  }

  #from(first: number, name: string): string {
    const flat = this.#flat;
    let value = flat[first + 1] ?? "";
    for (let at = first + 2; at < flat.length; at += 2) if (flat[at] === name) value += `, ${flat[at + 1]}`;
    return value;
  }
}

function isFirst(flat: readonly string[], at: number, name: string): boolean {
  for (let before = 0; before < at; before += 2) if (flat[before] === name) return false;
  return true;
}
