// Reads the store for a process that must not wait: on a thread that starts with the first question and ends when idle.

import type { Database } from "bun:sqlite";
import type { RequestFilter } from "./read-filter.ts";
import { type Ask, answerQuestion, type Reply, type Verbs } from "./read-question.ts";
import type { RequestJson } from "./read-request-json.ts";
import type { Page, RequestPage } from "./read-requests.ts";
import type { SpendJson, SpendQuery } from "./read-spend.ts";
import { StoreError } from "./store-error.ts";
import { workerFile } from "./worker-file.ts";

/** Queries over what is kept. All reject with a {@link StoreError} when the store cannot be read. */
export interface StoreReader {
  listRequests(filter: RequestFilter, page: Page): Promise<RequestPage>;
  getRequest(id: string): Promise<RequestJson | undefined>;
  readSpend(query: SpendQuery): Promise<SpendJson>;
  /** Ends the thread; what is under way is rejected. */
  close(): void;
}

/** The thread ends when it was not asked for so long: it holds some 20 MB. */
const IDLE_MS = 60_000;

/** Reads a database file on a thread of its own. Nothing is started or opened before the first question. */
export function createReader(path: string): StoreReader {
  let thread: Thread | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  const end = (reason: string): void => {
    clearTimeout(idle);
    thread?.end(reason);
    thread = undefined;
  };

  const ask = async (question: Ask): Promise<unknown> => {
    if (isClosed) throw new StoreError("The store is closed.");
    clearTimeout(idle);
    if (thread === undefined || thread.isBroken) thread = new Thread(path);
    const own = thread;
    try {
      return await own.ask(question);
    } finally {
      if (own === thread && !own.isBusy) {
        clearTimeout(idle);
        idle = setTimeout(() => end("The reader was idle."), IDLE_MS);
        idle.unref();
      }
    }
  };

  return readerOf(ask, () => {
    isClosed = true;
    end("The store is closed.");
  });
}

/** Reads a store in memory, which only its own connection sees: each query stops everything else while it runs. */
export function createReaderWithin(database: Database): StoreReader {
  return readerOf(
    async (question) => answerQuestion(database, question),
    () => {},
  );
}

function readerOf(ask: (question: Ask) => Promise<unknown>, close: () => void): StoreReader {
  return {
    listRequests: (...args) => ask({ verb: "listRequests", args }) as Promise<RequestPage>,
    getRequest: (...args) => ask({ verb: "getRequest", args }) as Promise<RequestJson | undefined>,
    readSpend: (...args) => ask({ verb: "readSpend", args }) as Promise<SpendJson>,
    close,
  };
}

type Settle = PromiseWithResolvers<Verbs[keyof Verbs]["value"]>;

/** A worker and the questions that it has not answered yet. */
class Thread {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #open = new Map<number, Settle>();
  #lastId = 0;
  isBroken = false;

  constructor(path: string) {
    this.#path = path;
    this.#worker = new Worker(workerFile("read-worker.ts"), { smol: true });
    this.#worker.unref();
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#settle(data);
    this.#worker.onerror = ({ message }) => this.end(`The store cannot be read: ${message}.`);
  }

  get isBusy(): boolean {
    return this.#open.size > 0;
  }

  ask(question: Ask): Promise<Verbs[keyof Verbs]["value"]> {
    const id = ++this.#lastId;
    const settle: Settle = Promise.withResolvers();
    this.#open.set(id, settle);
    this.#worker.postMessage({ ...question, id, path: this.#path });
    return settle.promise;
  }

  end(reason: string): void {
    this.isBroken = true;
    this.#worker.terminate();
    for (const { reject } of this.#open.values()) reject(new StoreError(reason));
    this.#open.clear();
  }

  #settle(reply: Reply): void {
    const settle = this.#open.get(reply.id);
    this.#open.delete(reply.id);
    if ("error" in reply) settle?.reject(new StoreError(reply.error));
    else settle?.resolve(reply.value);
  }
}
