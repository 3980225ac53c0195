// The log: whole JSON lines, written together, at the level asked for, and nothing lost when it is flushed.

import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { Secret } from "../../../src/lib/secret.ts";
import { createLog, type Log, type LogLevel } from "../../../src/telemetry/log.ts";
import { createPrettifier } from "../../../src/telemetry/pretty-log.ts";

let writes: string[];

beforeEach(() => {
  jest.useFakeTimers();
  writes = [];
});
afterEach(() => {
  jest.useRealTimers();
});

function open(level: LogLevel = "info", prettify?: (line: string) => string): Log {
  return createLog({ level, prettify, now: () => 1_700_000_000_000, write: (lines) => writes.push(lines) });
}

function parsed(): Record<string, unknown>[] {
  return writes
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a line", () => {
  test("is JSON with level, time, fields and message, and nothing else", () => {
    const log = open();
    log.info({ request_id: "r", status: 200, absent: undefined }, "request");
    log.flush();
    expect(writes[0]).toEndWith("}\n");
    expect(parsed()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        request_id: "r",
        status: 200,
        msg: "request",
      },
    ]);
  });

  test("of plain fields looks like any other", () => {
    const log = open();
    const fields = { request_id: "r", text: 'a\n"b"', status: 200, stream: false, absent: undefined };
    log.info(fields, "request");
    log.plain(fields, "request");
    log.setLevel("warn");
    log.plain(fields, "left out");
    log.flush();
    const [plain, other] = parsed();
    expect(parsed()).toHaveLength(2);
    expect(Object.keys(other ?? {})).toEqual(Object.keys(plain ?? {}));
    expect({ ...other, time: "" }).toEqual({ ...plain, time: "" });
    expect(other?.["time"]).toBe("2023-11-14T22:13:20.000Z");
  });

  test("stays one line whatever is in it, and prints no secret", () => {
    const log = open();
    log.warn({ text: 'a\n"b"\u2028\ud800', secret: new Secret("hunter2") }, "two\nlines");
    log.error({ err: Object.assign(new Error("boom"), { code: "EX" }) }, "failed");
    log.flush();
    expect(parsed()).toMatchObject([
      { level: "warn", secret: "[secret]", msg: "two\nlines" },
      { level: "error", err: { type: "Error", message: "boom", code: "EX", stack: expect.any(String) } },
    ]);
  });

  test("below the level is left out, and the level can change", () => {
    const log = open("warn");
    log.info({}, "no");
    log.warn({}, "yes");
    log.setLevel("debug");
    log.debug({}, "now");
    log.setLevel("silent");
    log.error({}, "never");
    log.flush();
    expect(parsed().map((line) => line["msg"])).toEqual(["yes", "now"]);
  });

  test("is for people when it is asked to be", () => {
    const log = open("info", createPrettifier());
    log.info({ status: 200 }, "request");
    log.flush();
    expect(writes.join("")).toContain("request");
    expect(() => parsed()).toThrow();
  });
});

describe("lines", () => {
  test("wait a moment and are written together, in order", () => {
    const log = open();
    for (const n of [1, 2, 3]) log.info({ n }, "x");
    expect(writes).toEqual([]);
    jest.advanceTimersByTime(25);
    expect([writes.length, parsed().map((line) => line["n"])]).toEqual([1, [1, 2, 3]]);
    jest.advanceTimersByTime(1_000);
    expect(writes).toHaveLength(1);
    log.info({ n: 4 }, "x");
    jest.advanceTimersByTime(25);
    expect(writes).toHaveLength(2);
  });

  test("that were flushed are not written again, and no timer is left", () => {
    const log = open();
    log.info({}, "x");
    log.flush();
    log.flush();
    jest.advanceTimersByTime(1_000);
    expect([writes.length, jest.getTimerCount()]).toEqual([1, 0]);
  });
});
