import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../../src/lib/json-value.ts";
import { ToolCalls } from "../../../src/streaming/tool-calls.ts";

const create = () => new ToolCalls((index) => `made_${index}`);

/** Repairs one delta after the other; what each became, and whether it had to change. */
function repaired(...deltas: readonly (readonly JsonRecord[])[]): { calls: unknown[]; changed: boolean[] } {
  const tools = create();
  const calls: unknown[] = [];
  const changed: boolean[] = [];
  for (const list of deltas) {
    const delta: JsonRecord = { tool_calls: structuredClone(list) };
    changed.push(tools.repair(delta));
    calls.push(...(delta["tool_calls"] as unknown[]));
  }
  return { calls, changed };
}

const call = (index: number | undefined, id: string | undefined, name: string, json = "{}") => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: "function",
  function: { name, arguments: json },
});

describe("what is right stays", () => {
  test.each([
    ["one call in pieces", [[call(0, "a", "f", "")], [{ index: 0, function: { arguments: '{"x":1}' } }]]],
    ["numbers that begin at 1 and leave gaps", [[call(1, "a", "f")], [call(4, "b", "g")]]],
    [
      "pieces of two calls in turn",
      [
        [call(0, "a", "f", "{"), call(1, "b", "g", "{")],
        [
          { index: 0, function: { arguments: "}" } },
          { index: 1, function: { arguments: "}" } },
        ],
      ],
    ],
    ["a call of a custom tool", [[{ index: 0, id: "a", type: "custom", custom: { name: "c", input: "" } }]]],
  ])("%s", (_, deltas) => {
    const { calls, changed } = repaired(...(deltas as JsonRecord[][]));
    expect(calls).toEqual(deltas.flat());
    expect(changed).not.toContain(true);
  });
});

describe("which call a piece belongs to", () => {
  const indexes = (...deltas: readonly (readonly JsonRecord[])[]) =>
    repaired(...deltas).calls.map((piece) => (piece as { index: number }).index);

  test.each([
    ["a new id at a number in use is a new call", [[call(0, "a", "f")], [call(0, "b", "f")]], [0, 1]],
    ["a known id is the same call", [[call(0, "a", "f", "{")], [call(0, "a", "f", "}")]], [0, 0]],
    ["the same id at another number is another call", [[call(0, "a", "f")], [call(1, "a", "g")]], [0, 1]],
    [
      "the same name at the same number, arguments open",
      [[call(0, undefined, "f", "{")], [call(0, undefined, "f", "}")]],
      [0, 0],
    ],
    [
      "the same name at the same number, arguments whole",
      [[call(0, undefined, "f")], [call(0, undefined, "f")]],
      [0, 1],
    ],
    [
      "braces within strings do not end arguments",
      [[call(0, undefined, "f", '{"a":"}\\"}')], [call(0, undefined, "f", '"}')]],
      [0, 0],
    ],
    [
      "neither number nor id nor name continues the latest",
      [[call(0, "a", "f"), call(1, "b", "g", "")], [{ function: { arguments: "{}" } }]],
      [0, 1, 1],
    ],
    [
      "a number behind calls without numbers",
      [[call(undefined, "a", "f")], [call(undefined, "b", "g")], [call(0, "c", "h")]],
      [0, 1, 2],
    ],
  ])("%s", (_, deltas, expected) => {
    expect(indexes(...(deltas as JsonRecord[][]))).toEqual(expected as number[]);
  });
});

describe("odd values", () => {
  test("a call that is not in a list is put into one, and what is none is dropped", () => {
    const single: JsonRecord = { tool_calls: call(undefined, "a", "f") };
    expect(create().repair(single)).toBe(true);
    expect(single["tool_calls"]).toEqual([call(0, "a", "f")]);
    const none: JsonRecord = { tool_calls: "f()" };
    expect(create().repair(none)).toBe(true);
    expect(none).toEqual({});
  });

  test.each([[-1], [1.5], ["x"], [null], [1e300]])("a number that is %p is replaced", (index) => {
    const { calls } = repaired([{ ...call(0, "a", "f"), index }]);
    expect(calls).toEqual([call(0, "a", "f")]);
  });
});

test("an endless stream of calls takes bounded memory and linear time: the first 10,000 are repaired", () => {
  const tools = create();
  const last: JsonRecord = {};
  for (let n = 0; n < 200_000; n++) {
    last["tool_calls"] = [call(undefined, `call_${n}`, "f")];
    tools.repair(last);
  }
  expect(last["tool_calls"]).toEqual([call(undefined, "call_199999", "f")]);
});
