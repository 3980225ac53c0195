// The account of a request: closed and written once, its times told apart, its line without content or secrets.

import { beforeEach, describe, expect, test } from "bun:test";
import { RequestRecord } from "../../../src/telemetry/record.ts";
import { type FakeSink, fakeKey, fakeSink, fakeTarget } from "../../support/fake-parts.ts";

let at: number;
let sink: FakeSink;
let record: RequestRecord;

beforeEach(() => {
  at = 1_000;
  sink = fakeSink(() => at);
  record = new RequestRecord("id-1", "POST", "127.0.0.1", sink);
});

describe("a record", () => {
  test("is closed once, whatever comes after", () => {
    record.close("completed");
    record.close("client_closed");
    record.close("upstream_error");
    expect(sink.closings).toEqual([record]);
    expect(sink.log.lines).toHaveLength(1);
    expect(sink.log.lines[0]?.fields["ended"]).toBe("completed");
    expect(record.isClosed).toBe(true);
  });

  test("is one line with everything that is known", () => {
    record.caller = { key: fakeKey({ name: "laptop", user: "ann", workspace: "lab" }), carrier: "x-api-key" };
    record.endpoint = "chat";
    record.requestedModel = "fast";
    record.target = fakeTarget();
    record.stream = true;
    record.status = 200;
    record.attempts = 1;
    record.usage = {
      inputTokens: 3,
      outputTokens: 2,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      cacheWrite1hTokens: 0,
      reasoningTokens: 0,
      audioInputTokens: 0,
      audioOutputTokens: 0,
    };
    at = 1_010.123456;
    record.waitForUpstream();
    at = 1_110.123456;
    record.firstByte();
    at = 1_500;
    record.close("completed");
    expect(sink.log.lines).toEqual([
      {
        level: "info",
        message: "request",
        fields: {
          request_id: "id-1",
          method: "POST",
          endpoint: "chat",
          key: "laptop",
          user: "ann",
          workspace: "lab",
          requested_model: "fast",
          target: "up/m",
          provider: "up",
          model: "m",
          stream: true,
          status: 200,
          code: undefined,
          ended: "completed",
          detail: undefined,
          attempts: 1,
          input_tokens: 3,
          output_tokens: 2,
          total_ms: 500,
          first_byte_ms: 110.12,
          overhead_ms: 10.12,
          client_ip: "127.0.0.1",
        },
      },
    ]);
  });

  test("of a request that got nowhere is a line too", () => {
    record.status = 404;
    record.code = "not_found";
    record.close("refused");
    expect(sink.log.lines[0]?.fields).toMatchObject({
      status: 404,
      code: "not_found",
      ended: "refused",
      key: undefined,
    });
  });

  test("cuts a model name that goes on for ever", () => {
    record.requestedModel = "x".repeat(1_000_000);
    record.close("refused");
    expect(JSON.stringify(sink.log.lines).length).toBeLessThan(1_000);
  });

  test("tells a fault of ours on a line of its own", () => {
    record.fault = new Error("boom");
    record.close("interrupted");
    expect(sink.log.lines.map(({ level, message }) => [level, message])).toEqual([
      ["error", "internal error"],
      ["info", "request"],
    ]);
    expect(sink.log.lines[0]?.fields).toEqual({ request_id: "id-1", err: record.fault });
  });
});

describe("callers that could not say who they are", () => {
  test("share few lines, and the next line counts the ones left out; every record is reported", () => {
    const allowed = [0, undefined, undefined, 2];
    const rationed: FakeSink = { ...fakeSink(), throttle: () => allowed.shift() };
    for (let i = 0; i < 4; i++) {
      const stranger = new RequestRecord(`id-${i}`, "POST", undefined, rationed);
      stranger.code = "invalid_api_key";
      stranger.close("refused");
    }
    expect(rationed.closings).toHaveLength(4);
    expect(rationed.log.lines.map(({ fields }) => [fields["request_id"], fields["unwritten"]])).toEqual([
      ["id-0", undefined],
      ["id-3", 2],
    ]);
  });

  test("do not use up the lines of others", () => {
    const shut: FakeSink = { ...fakeSink(), throttle: () => undefined };
    const known = new RequestRecord("id", "POST", undefined, shut);
    known.code = "key_expired";
    known.close("refused");
    expect(shut.log.lines).toHaveLength(1);
  });
});

describe("time", () => {
  test("spent upstream is not ours, over several waits", () => {
    at += 5;
    record.waitForUpstream();
    at += 100;
    record.upstreamAnswered();
    at += 7;
    record.waitForUpstream();
    at += 50;
    record.upstreamAnswered();
    record.upstreamAnswered();
    at += 1;
    expect(record.overheadMs()).toBe(13);
  });

  test("after the first byte is the stream's own: overhead stands still", () => {
    at += 5;
    record.waitForUpstream();
    at += 100;
    record.firstByte();
    at += 10_000;
    record.firstByte();
    expect(record.overheadMs()).toBe(5);
    record.close("completed");
    expect(sink.log.lines[0]?.fields).toMatchObject({ total_ms: 10_105, first_byte_ms: 105, overhead_ms: 5 });
  });

  test("that is still being waited for when it closes is the upstream's", () => {
    at += 3;
    record.waitForUpstream();
    at += 900;
    record.close("client_closed");
    expect(sink.log.lines[0]?.fields).toMatchObject({ overhead_ms: 3, first_byte_ms: undefined });
  });
});
