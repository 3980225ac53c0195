// Which listener takes the new connections while certificates change, and when the old ones end.

import { beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRenewable, type RenewableListener } from "../../../src/cli/certificate-renewal.ts";
import type { Listen, Listener } from "../../../src/http/app.ts";

/** A listener, and the kernel's list that it stands in. */
interface Fake extends Listener {
  readonly certificate: string;
  retired: boolean;
  listening: boolean;
  closed: boolean;
  running: number;
}

let kernel: Fake[];
let steeredTo: Fake | undefined;
let timers: (() => void)[];
let waits: number[];
let steerable: boolean;
let opened: Fake[];

function open(where: Listen): Listener {
  if (where.tls?.cert === "bad") throw new Error("no certificate");
  const fake: Fake = {
    port: where.port,
    certificate: where.tls?.cert ?? "",
    retired: false,
    listening: true,
    closed: false,
    running: 0,
    retire: () => {
      fake.retired = true;
    },
    refuseConnections() {
      if (!fake.listening) return;
      fake.listening = false;
      const last = kernel.pop();
      if (last !== undefined && last !== fake) kernel[kernel.indexOf(fake)] = last;
    },
    pending: () => fake.running,
    close: async () => {
      fake.closed = true;
    },
  };
  kernel.push(fake);
  opened.push(fake);
  return fake;
}

const WHERE: Listen = {
  hostname: "127.0.0.1",
  port: 4000,
  socket: undefined,
  tls: { cert: "0", key: "0" },
  shared: true,
};

function create(): RenewableListener {
  return createRenewable(WHERE, {
    open,
    steer: (_, index) => {
      steeredTo = kernel[index];
      return steerable;
    },
    after(ms, run) {
      waits.push(ms);
      timers.push(run);
    },
  });
}

beforeEach(() => {
  kernel = [];
  steeredTo = undefined;
  steerable = true;
  waits = [];
  timers = [];
  opened = [];
});

describe("another certificate", () => {
  test("is served on a listener of its own, while the first one says good-bye", () => {
    const listener = create();
    expect(listener.renew({ cert: "1", key: "1" })).toBe("renewed");
    expect(opened.map((one) => [one.certificate, one.retired, one.listening])).toEqual([
      ["0", true, true],
      ["1", false, true],
    ]);
    expect(steeredTo?.certificate).toBe("1");
    timers[0]?.();
    expect(opened.map((one) => one.listening)).toEqual([false, true]);
    expect(steeredTo?.certificate).toBe("1");
  });

  test.each([
    [true, 60_000],
    [false, 5_000],
  ])("leaves the first one its open connections for a while (new ones can be led away: %p)", (can, ms) => {
    steerable = can;
    create().renew({ cert: "1", key: "1" });
    expect(waits).toEqual([ms]);
  });

  test("that is the same changes nothing", () => {
    expect(create().renew({ cert: "0", key: "0" })).toBe("unchanged");
    expect(opened).toHaveLength(1);
  });

  test("that cannot be used leaves the one before as it was", () => {
    const listener = create();
    expect(() => listener.renew({ cert: "bad", key: "1" })).toThrow("no certificate");
    expect(opened.map((one) => one.retired)).toEqual([false]);
    expect(listener.renew({ cert: "1", key: "1" })).toBe("renewed");
  });

  test("is not served any more once connections are refused", () => {
    const listener = create();
    listener.renew({ cert: "1", key: "1" });
    listener.refuseConnections();
    expect(opened.map((one) => one.listening)).toEqual([false, false]);
    expect(listener.renew({ cert: "2", key: "2" })).toBe("unchanged");
    for (const run of timers) run();
    expect(opened).toHaveLength(2);
  });

  test("always gets the new connections, however renewals and ends mix", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (steps) => {
        kernel = [];
        timers = [];
        opened = [];
        const listener = create();
        steps.forEach((renews, i) => {
          if (renews) listener.renew({ cert: `${i + 1}`, key: "" });
          else timers.shift()?.();
          const newest = opened.at(-1);
          expect(newest?.listening).toBe(true);
          if (opened.length > 1) expect(steeredTo).toBe(newest as Fake);
        });
      }),
    );
  });
});

describe("requests on a listener that was replaced", () => {
  test("are counted until they have ended, and closed with the rest", async () => {
    const listener = create();
    const [first] = opened;
    if (first === undefined) throw new Error("nothing opened");
    first.running = 2;
    listener.renew({ cert: "1", key: "1" });
    timers[0]?.();
    expect(listener.pending()).toBe(2);
    first.running = 0;
    expect(listener.pending()).toBe(0);
    await listener.close();
    expect(opened.map((one) => one.closed)).toEqual([true, true]);
  });
});
