// An administration on a configuration given as text, with a reader and a ledger that say what a test wants.

import type { Peer } from "../../../src/exchange.ts";
import { compileAdminGate } from "../../../src/gateway/compile-admin.ts";
import type { PolicyRow } from "../../../src/gateway/describe-policies.ts";
import { listKeys } from "../../../src/gateway/list-keys.ts";
import { showConfig } from "../../../src/gateway/show-config.ts";
import { Gauge } from "../../../src/gateway/state.ts";
import type { AdminAction, AdminPlane } from "../../../src/http/admin/plane.ts";
import { route } from "../../../src/http/app.ts";
import type { DataPlane } from "../../../src/http/data-plane.ts";
import type { RequestRow } from "../../../src/store/entry.ts";
import type { RequestFilter } from "../../../src/store/read-filter.ts";
import type { RequestJson } from "../../../src/store/read-request-json.ts";
import type { Page, RequestPage } from "../../../src/store/read-requests.ts";
import type { SpendJson, SpendQuery } from "../../../src/store/read-spend.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { ProviderSlots } from "../../../src/upstream/slots.ts";
import { FakeWheel, fakeLog } from "../../support/fake-parts.ts";
import { hashOf, TESTER, virtualKey } from "../../support/keys.ts";
import { configOf, snapshotOf } from "../../support/snapshots.ts";

export const ADMIN_KEY = "an-admin-key-that-nobody-guesses-0123456789";
export const VIEWER_KEY = "viewer-key";
export const METRICS_KEY = "metrics-key";
export const RANDOM_KEY = "random-key";
export const NOW_MS = Date.UTC(2026, 10, 21, 12);

/** Three roles, one provider, two keys. */
export const ROLES = `
admin:
  keys:
    ops: { hash: "${hashOf(ADMIN_KEY)}", role: admin }
    anna: { hash: "${hashOf(VIEWER_KEY)}", role: viewer }
    prom: { hash: "${hashOf(METRICS_KEY)}", role: metrics }
providers: { up: { base_url: "http://up.test/v1" } }
${TESTER}  gone: { hash: "${hashOf(virtualKey("gone"))}", disabled: true }
`;

/** Nobody has an admin key. */
export const KEYLESS = `providers: { up: { base_url: "http://up.test/v1" } }\n${TESTER}`;

export interface AdminQuestion {
  readonly method?: string;
  /** Sent as `Authorization: Bearer`; null = nothing is. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly host?: string;
  readonly body?: string;
  readonly peer?: Peer;
}

export class AdminUnderTest {
  readonly wheel = new FakeWheel();
  readonly log = fakeLog();
  readonly actions: AdminAction[] = [];
  readonly resets: (readonly [string, string | undefined])[] = [];
  readonly asked: (Page & { readonly filter: RequestFilter })[] = [];
  readonly spendAsked: SpendQuery[] = [];
  readonly lastUsed = new Map<string, number>();
  readonly listeners = new Set<(row: RequestRow, seq: number) => void>();
  policyRows: readonly Partial<PolicyRow>[] = [];
  page: RequestPage = { rows: [], next: null };
  /** Why the store cannot be read. */
  broken: string | undefined;
  reloads = 0;
  /** Whether the listener serves the administration, also, or only. */
  serves: "both" | "data" | "admin" = "both";
  readonly plane: AdminPlane;
  readonly #data: DataPlane;
  #ids = 0;

  constructor(yaml = ROLES, env: Readonly<Record<string, string>> = {}) {
    const { config } = configOf(yaml, env);
    const { server, keys } = snapshotOf(yaml, env);
    const parts = {
      keys,
      trust: server.trust,
      randomDigest: () => hashOf(RANDOM_KEY).slice("sha256:".length),
    };
    const gate = compileAdminGate(config, parts);
    const newId = (): string => `admin-${this.#ids++}`;
    this.plane = {
      version: "1.2.3",
      startedAt: NOW_MS - 1_000,
      now: () => NOW_MS,
      newId,
      log: this.log,
      state: {
        configReload: { ok: true, problems: [], path: "config.yaml", loadedAt: NOW_MS - 500, hash: "abc" },
        inFlight: new Gauge(),
        slots: new ProviderSlots(this.wheel),
        interrupts: new Set(),
        wheel: this.wheel,
      },
      gate: () => gate,
      basePath: () => server.basePath,
      providers: () => Object.entries(config.providers).map(([name, { type }]) => ({ name, type })),
      lastError: (name) => (name === "up" ? "upstream_timeout" : undefined),
      config: () => showConfig(config),
      keys: () => listKeys(config, (name) => this.lastUsed.get(name)),
      reader: {
        listRequests: async (filter, page) => {
          if (this.broken !== undefined) throw new StoreError(this.broken);
          this.asked.push({ filter, ...page });
          return this.page;
        },
        getRequest: async (id) =>
          id === "known-id/1" ? ({ id, cost_usd: "1" } as unknown as RequestJson) : undefined,
        readSpend: async (query) => {
          this.spendAsked.push(query);
          return { by: query.by } as unknown as SpendJson;
        },
      },
      ledger: {
        reset: (policy, subject) => void this.resets.push([policy, subject]),
        onRow: (listener) => {
          this.listeners.add(listener);
          return () => this.listeners.delete(listener);
        },
      },
      policies: {
        names: () => [...new Set(this.policyRows.map(({ name = "" }) => name))],
        rows: () => this.policyRows as readonly PolicyRow[],
      },
      reload: () => {
        this.reloads += 1;
      },
      metrics: () => "# metrics\n",
      audit: (action) => void this.actions.push(action),
    };
    // What lies behind the admin paths is not reached by these tests.
    this.#data = {
      snapshot: () => ({ server }),
      state: { phase: "serving", ledger: { fault: undefined } },
      newId,
    } as unknown as DataPlane;
  }

  ask(path: string, question: AdminQuestion = {}): Promise<Response> {
    const { method = "GET", key = ADMIN_KEY, headers = {}, host = "localhost", body, peer } = question;
    const request = new Request(`http://${host}${path}`, {
      method,
      headers: { host, ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const { plane, serves } = this;
    const admin = serves === "data" ? undefined : { plane, alone: serves === "admin" };
    return route(request, peer ?? { address: "127.0.0.1" }, this.#data, admin);
  }

  /** Status, and the code of a refusal. */
  async outcomeOf(path: string, question: AdminQuestion = {}): Promise<string> {
    const { status, headers } = await this.ask(path, question);
    return `${status} ${headers.get("x-postern-code") ?? ""}`.trim();
  }

  /** What the ledger says when it has stored a row. */
  stored(row: RequestRow, seq = 1): void {
    for (const listener of this.listeners) listener(row, seq);
  }
}

/** A request as the ledger stores it. */
export function storedRow(id: string, more: Partial<RequestRow> = {}): RequestRow {
  return {
    id,
    at: Date.UTC(2026, 10, 21),
    profile: {
      key: "laptop",
      user: undefined,
      workspace: "lab",
      tags: {},
      provider: "up",
      model: "m",
      policies: ["Cap"],
    },
    price: undefined,
    format: "openai",
    endpoint: "chat",
    requestedModel: "fast",
    stream: false,
    status: 200,
    code: undefined,
    ended: "completed",
    attempts: [],
    usage: undefined,
    costNanoUsd: 0n,
    flags: [],
    totalMs: 1,
    firstByteMs: undefined,
    overheadMs: 1,
    passed: [],
    violated: [],
    clientIp: undefined,
    userAgent: undefined,
    traceId: undefined,
    ...more,
  };
}
