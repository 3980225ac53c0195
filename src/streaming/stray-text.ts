// Text of a stream that is no event: what a proxy said in place of an answer.

import { plainText } from "../lib/plain-text.ts";

const MAX_KEPT = 4000;
const MAX_SHOWN = 500;

export class StrayText {
  #kept = "";

  get isEmpty(): boolean {
    return this.#kept === "";
  }

  /** The error that it stands for. */
  get error(): { readonly message: string } {
    return { message: `The upstream sent text in place of a stream: ${plainText(this.#kept, MAX_SHOWN)}` };
  }

  add(line: string): void {
    if (this.#kept.length < MAX_KEPT) this.#kept += `${line.slice(0, MAX_KEPT)}\n`;
  }
}
