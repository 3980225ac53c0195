// Memory for bodies is counted per request and all together, and never after a request has ended.

import { expect, test } from "bun:test";
import { createHold } from "../../../src/gateway/hold-memory.ts";
import { Gauge } from "../../../src/gateway/state.ts";
import { fakeRecord } from "../../support/fake-parts.ts";

test("bytes are counted up to the limit that all requests share", () => {
  const buffered = new Gauge();
  const [one, two] = [fakeRecord(), fakeRecord()];
  createHold(one, { buffered }, 100)(60);
  const hold = createHold(two, { buffered }, 100);
  hold(40);
  expect(() => hold(1)).toThrow("server.max_buffered");
  expect([one.heldBytes, two.heldBytes, buffered.value]).toEqual([60, 40, 100]);
  buffered.give(one.heldBytes);
  hold(60);
  expect([two.heldBytes, buffered.value]).toEqual([100, 100]);
});

test("nothing is counted once the record is closed, because nobody would give it back", () => {
  const buffered = new Gauge();
  const record = fakeRecord();
  record.close("timeout");
  expect(() => createHold(record, { buffered }, 100)(1)).toThrow();
  expect([record.heldBytes, buffered.value]).toEqual([0, 0]);
});

test("a count with a limit takes all or nothing", () => {
  const gauge = new Gauge();
  expect([gauge.take(5, 10), gauge.take(6, 10), gauge.take(5, 10), gauge.take(1, 10), gauge.value]).toEqual([
    true,
    false,
    true,
    false,
    10,
  ]);
  gauge.give(10);
  expect(gauge.value).toBe(0);
});
