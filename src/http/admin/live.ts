// Requests as they are stored, as server-sent events, to everybody who asks.

import type { Due } from "../../lib/wheel.ts";
import type { RequestRow } from "../../store/entry.ts";
import type { RequestFilter } from "../../store/read-filter.ts";
import { requestJson } from "../../store/read-request-json.ts";
import { type AdminEndpoint, named } from "./endpoint.ts";
import type { AdminPlane } from "./plane.ts";
import { FILTERS, filterOf } from "./requests.ts";

export const LIVE: AdminEndpoint = {
  method: "GET",
  path: "requests/live",
  operationId: "followRequests",
  summary: "Requests as they are stored, one server-sent event each. A reader that is too slow is cut off.",
  query: FILTERS,
  answer: {
    type: "text/event-stream",
    description: "Events whose data is one request as JSON.",
    schema: named("Request"),
  },
  refusals: [400],
  run: ({ plane, request, query }) => {
    const filter = filterOf(query, plane.now());
    const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };
    if (request.method === "HEAD") return new Response(null, { headers });
    return new Response(new LiveRequests(plane, filter).body(request.signal), { headers });
  },
};

/** Silence after which a comment is sent, so that nobody in between takes the connection for dead. */
const KEEPALIVE_MS = 15_000;

/** Bytes that may wait for a reader. */
const MAX_WAITING = 256 * 1024;

const ENCODER = new TextEncoder();
/** One newline only: a blank line after a comment makes old clients dispatch an empty event. */
const PING = ENCODER.encode(": ping\n");

/** One reader: gone when it hangs up, falls behind, or the gateway stops. */
class LiveRequests implements Due {
  dueAt: number;
  readonly #plane: AdminPlane;
  readonly #filter: RequestFilter;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #unsubscribe: (() => void) | undefined;
  /** What waits for the reader. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Tells the reader, who has taken everything, that there is more. */
  #wake: (() => void) | undefined;
  readonly #end = (): void => this.#stop();

  constructor(plane: AdminPlane, filter: RequestFilter) {
    this.#plane = plane;
    this.#filter = filter;
    this.dueAt = plane.state.wheel.now() + KEEPALIVE_MS;
  }

  body(client: AbortSignal): ReadableStream<Uint8Array> {
    const { state, ledger } = this.#plane;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          this.#unsubscribe = ledger.onRow((row, seq) => this.#take(row, seq));
          state.wheel.add(this);
          state.interrupts.add(this.#end);
          client.addEventListener("abort", this.#end, { once: true });
          // The head leaves with the first byte.
          this.#send(PING);
          if (client.aborted) this.#stop();
        },
        pull: () => this.#pull(),
        cancel: () => this.#stop(),
      },
      { highWaterMark: 0 },
    );
  }

  due(): void {
    this.#send(PING);
  }

  #take(row: RequestRow, seq: number): void {
    if (!matches(row, this.#filter)) return;
    this.#send(ENCODER.encode(`id: ${seq}\ndata: ${JSON.stringify(requestJson(row))}\n\n`));
  }

  #send(bytes: Uint8Array): void {
    this.dueAt = this.#plane.state.wheel.now() + KEEPALIVE_MS;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MAX_WAITING) this.#stop();
    else this.#wake?.();
  }

  async #pull(): Promise<void> {
    if (this.#waiting.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = undefined;
    for (const bytes of this.#waiting) this.#controller?.enqueue(bytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** What still waits is not worth keeping: the reader can ask for the list. */
  #stop(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#controller = undefined;
    this.#waiting = [];
    this.#unsubscribe?.();
    this.#plane.state.wheel.remove(this);
    this.#plane.state.interrupts.delete(this.#end);
    try {
      controller.close();
    } catch {
      // The reader has cancelled it.
    }
    this.#wake?.();
  }
}

/** The same that lists look at, on a row that has just been stored. */
function matches({ profile, ...row }: RequestRow, filter: RequestFilter): boolean {
  const { status, since, until, policy, model } = filter;
  return (
    fits(filter.key, profile.key) &&
    fits(filter.user, profile.user) &&
    fits(filter.workspace, profile.workspace) &&
    fits(filter.provider, profile.provider) &&
    fits(filter.code, row.code) &&
    (model === undefined || isModel(model, row.requestedModel, profile)) &&
    (policy === undefined || profile.policies.includes(policy)) &&
    (status === undefined || (row.status >= status.from && row.status <= status.to)) &&
    (since === undefined || row.at >= since) &&
    (until === undefined || row.at < until)
  );
}

function fits(wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted === value;
}

function isModel(
  wanted: string,
  requested: string | undefined,
  { provider, model }: RequestRow["profile"],
): boolean {
  return wanted === model || wanted === requested || wanted === `${provider}/${model}`;
}
