// The members that say which answer a chunk belongs to: id, object, created, model.

import { type JsonRecord, setMember } from "../lib/json-value.ts";

/** Fills them in where a chunk lacks them, from the chunks before it. */
export class ChunkIdentity {
  readonly #object: string;
  #id: string;
  #model: string;
  #created = 0;

  constructor(chat: boolean, requestId: string, model: string | undefined) {
    this.#object = chat ? "chat.completion.chunk" : "text_completion";
    this.#id = `${chat ? "chatcmpl" : "cmpl"}-${requestId}`;
    this.#model = model ?? "";
  }

  /** Repairs them in place; true when something had to be changed. */
  repair(chunk: JsonRecord): boolean {
    const { id, object, created, model } = chunk;
    let changed = false;
    if (typeof id !== "string") changed = setMember(chunk, "id", this.#id);
    else if (id !== "") this.#id = id;
    if (object !== this.#object) changed = setMember(chunk, "object", this.#object);
    this.#created = this.#seconds(created);
    if (setMember(chunk, "created", this.#created)) changed = true;
    if (typeof model !== "string") changed = setMember(chunk, "model", this.#model);
    else if (model !== "") this.#model = model;
    return changed;
  }

  /** A chunk of this answer, for what the upstream left out. */
  chunk(members: JsonRecord): JsonRecord {
    return {
      id: this.#id,
      object: this.#object,
      created: this.#created,
      model: this.#model,
      ...members,
    };
  }

  /** Whole seconds, also of a text or a fraction; those of the chunk before when there are none. */
  #seconds(created: unknown): number {
    const number = typeof created === "string" && created !== "" ? Number(created) : created;
    return typeof number === "number" && Number.isFinite(number) ? Math.floor(number) : this.#created;
  }
}
