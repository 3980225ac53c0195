// What the reader can be asked, and how it is answered: the same beside the gateway and within it.

import type { Database } from "bun:sqlite";
import type { RequestFilter } from "./read-filter.ts";
import type { RequestJson } from "./read-request-json.ts";
import { getRequest, listRequests, type Page, type RequestPage } from "./read-requests.ts";
import { readSpend, type SpendJson, type SpendQuery } from "./read-spend.ts";

/** Every verb's arguments and what comes of it. */
export interface Verbs {
  listRequests: { readonly args: readonly [RequestFilter, Page]; readonly value: RequestPage };
  getRequest: { readonly args: readonly [id: string]; readonly value: RequestJson | undefined };
  readSpend: { readonly args: readonly [SpendQuery]; readonly value: SpendJson };
}

export type Ask = {
  readonly [Verb in keyof Verbs]: { readonly verb: Verb; readonly args: Verbs[Verb]["args"] };
}[keyof Verbs];

/** As it is sent to the other thread. */
export type Question = Ask & {
  readonly id: number;
  /** The database. */
  readonly path: string;
};

export type Reply =
  | { readonly id: number; readonly value: Verbs[keyof Verbs]["value"] }
  | { readonly id: number; readonly error: string };

/** Runs the query that is asked for. */
export function answerQuestion(database: Database, ask: Ask): Verbs[keyof Verbs]["value"] {
  switch (ask.verb) {
    case "listRequests":
      return listRequests(database, ...ask.args);
    case "getRequest":
      return getRequest(database, ...ask.args);
    case "readSpend":
      return readSpend(database, ...ask.args);
  }
}
