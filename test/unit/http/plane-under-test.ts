// A whole data plane on a configuration given as text, with an upstream that answers what a test says.

import type { Peer, Provider } from "../../../src/exchange.ts";
import { closeAccount } from "../../../src/gateway/close-account.ts";
import type { Snapshot } from "../../../src/gateway/snapshot.ts";
import { adopt, createState, type State } from "../../../src/gateway/state.ts";
import { answer, type DataPlane } from "../../../src/http/data-plane.ts";
import { Discovery, type Listing } from "../../../src/routing/discovery.ts";
import type { RequestRecord } from "../../../src/telemetry/record.ts";
import type { UpstreamRequest } from "../../../src/upstream/request.ts";
import type { Outcome } from "../../../src/upstream/send.ts";
import { AttemptTimers } from "../../../src/upstream/timers.ts";
import { fakeLedger } from "../../support/fake-ledger.ts";
import { FakeWheel, fakeLog } from "../../support/fake-parts.ts";
import { TEST_KEY, TESTER } from "../../support/keys.ts";
import { snapshotOf } from "../../support/snapshots.ts";

export const NOW_MS = Date.UTC(2026, 10, 21);

/** Three providers, one public model, the test key. */
export const YAML = `
providers:
  up: { base_url: "http://up.test/v1", models: [m, "x-*", "!x-secret"], normalize: off, endpoints: [chat, completions, embeddings, responses, messages, models] }
  few: { base_url: "http://few.test/v1", endpoints: [chat, models] }
  pinned: { base_url: "http://pinned.test/v1", model: the/pin }
  through: { base_url: "http://through.test/v1", auth: passthrough }
  openai: {}
models: { fast: up/m, unpaid: openai/gpt }
${TESTER}`;

export interface Question {
  readonly method?: string;
  /** Path and query. */
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Without the test key. */
  readonly stranger?: boolean;
  readonly body?: unknown;
  readonly peer?: Peer;
  readonly signal?: AbortSignal;
}

export interface Sent {
  readonly request: UpstreamRequest;
  readonly provider: Provider;
  readonly control: AbortController;
}

export class PlaneUnderTest {
  readonly wheel = new FakeWheel();
  readonly log = fakeLog();
  readonly ledger = fakeLedger(() => NOW_MS);
  readonly state: State;
  snapshot: Snapshot;
  /** What went upstream, in order. */
  readonly sent: Sent[] = [];
  readonly closed: RequestRecord[] = [];
  /** Providers that were asked for their models by the gateway itself, in order. */
  readonly asked: string[] = [];
  /** What they say: nothing, unless a test knows better. */
  listing: (provider: Provider) => Promise<Listing> = async () => ({ kind: "listed", ids: new Set() });
  /** What comes of an attempt. */
  outcome: (sent: Sent) => Promise<Outcome>;
  readonly #plane: DataPlane;
  #ids = 0;

  constructor(yaml = YAML, env: Readonly<Record<string, string>> = {}) {
    this.snapshot = snapshotOf(yaml, env);
    this.outcome = async (sent) => this.reply(sent, Response.json({ ok: true }));
    const send = (
      request: UpstreamRequest,
      provider: Provider,
      control: AbortController,
    ): Promise<Outcome> => {
      const sent = { request, provider, control };
      this.sent.push(sent);
      return this.outcome(sent);
    };
    const { wheel, log } = this;
    const ask = (provider: Provider): Promise<Listing> => {
      this.asked.push(provider.name);
      return this.listing(provider);
    };
    this.state = {
      ...createState({ wheel, upstream: { send }, ledger: this.ledger, instanceId: "instance-1" }),
      discovery: new Discovery({ ask, wheel }),
    };
    adopt(this.state, this.snapshot);
    const { state } = this;
    this.#plane = {
      state,
      snapshot: () => this.snapshot,
      now: () => NOW_MS,
      newId: () => `generated-${this.#ids++}`,
      sink: {
        log,
        now: () => wheel.now(),
        throttle: () => 0,
        closed: (record, end) => {
          this.closed.push(record);
          closeAccount(record, end, this.ledger);
          if (!record.uncounted) state.inFlight.give(1);
          state.buffered.give(record.heldBytes);
        },
      },
    };
  }

  /** An upstream's answer, with timers of its own. */
  reply({ provider }: Sent, response: Response): Outcome {
    const timers = new AttemptTimers(this.wheel, provider.timeouts, () => {});
    return { kind: "reply", reply: { response, timers, done: () => timers.stop() } };
  }

  ask(question: Question = {}): Promise<Response> {
    const {
      method = "POST",
      path = "/v1/chat/completions",
      headers = {},
      stranger = false,
      peer,
      signal,
    } = question;
    const { body = { model: "up/m" } } = question;
    const posting = method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
    const url = new URL(path, "http://localhost/");
    const request = new Request(url.href, {
      method,
      headers: {
        host: "localhost",
        ...(posting ? { "content-type": "application/json" } : {}),
        ...(stranger ? {} : { authorization: `Bearer ${TEST_KEY}` }),
        ...headers,
      },
      ...(posting ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    return answer(request, url.pathname, url.search, peer ?? { address: "127.0.0.1" }, this.#plane);
  }

  /** What went upstream for callers: not to find out which models there are. */
  calls(): readonly Sent[] {
    return this.sent.filter(({ request }) => request.endpoint.name !== "models");
  }

  /** Status and code; of a success, status and target. */
  async outcomeOf(question: Question): Promise<string> {
    const response = await this.ask(question);
    const word = response.headers.get("x-postern-code") ?? response.headers.get("x-postern-model") ?? "";
    await response.arrayBuffer();
    return `${response.status} ${word}`.trim();
  }

  /** What must all be zero when nothing is under way any more. */
  leftovers(): Record<string, number> {
    const { inFlight, buffered, interrupts, slots } = this.state;
    const loads = [...this.snapshot.directory.providers.keys()].map((name) => slots.load(name));
    return {
      slots: loads.reduce((sum, { underWay, waiting }) => sum + underWay + waiting, 0),
      inFlight: inFlight.value,
      buffered: buffered.value,
      interrupts: interrupts.size,
      deadlines: this.wheel.items.size,
    };
  }
}

export const NOTHING_LEFT = { slots: 0, inFlight: 0, buffered: 0, interrupts: 0, deadlines: 0 };
