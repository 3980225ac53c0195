// What the gateway reads of an answer: fields as `Headers` has them, and a body that asks for more only when it may.

import { describe, expect, test } from "bun:test";
import { Answer } from "../../../src/upstream/http1/answer.ts";
import { AnswerBody } from "../../../src/upstream/http1/answer-body.ts";
import { ParsedFields } from "../../../src/upstream/http1/header-fields.ts";

const FLAT = ["x-a", "1", "set-cookie", "a=1", "x-b", "", "x-a", "2", "set-cookie", "b=2", "x-a", "3"];

function asHeaders(): Headers {
  const headers = new Headers();
  for (let at = 0; at < FLAT.length; at += 2) headers.append(FLAT[at] ?? "", FLAT[at + 1] ?? "");
  return headers;
}

describe("fields", () => {
  test.each(["x-a", "X-A", "x-b", "set-cookie", "x-c", ""])(
    "are found like those of `Headers` (%s)",
    (name) => {
      const fields = new ParsedFields(FLAT);
      const wanted = name === "" ? null : asHeaders().get(name);
      expect([fields.get(name), fields.has(name)]).toEqual([wanted, wanted !== null]);
    },
  );

  test("are visited like those of `Headers`, and make the same ones", () => {
    const fields = new ParsedFields(FLAT);
    expect([...new Headers([...fields])]).toEqual([...asHeaders()]);
    expect([...fields].toSorted()).toEqual([...asHeaders()].toSorted());
  });
});

class Source {
  calls: string[] = [];

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }
}

const HALF = Buffer.alloc(40_000, "a");

describe("a body", () => {
  test("that nobody reads is stopped once, and goes on when all of it was read", async () => {
    const source = new Source();
    const body = new AnswerBody(source);
    for (let i = 0; i < 4; i++) body.push(HALF, false);
    expect(source.calls).toEqual(["pause"]);
    for (let i = 0; i < 4; i++) await body.read();
    expect(source.calls).toEqual(["pause", "resume"]);
  });

  test("that is whole never wakes its source: another answer may flow there", async () => {
    const source = new Source();
    const body = new AnswerBody(source);
    body.push(HALF, false);
    body.push(HALF, false);
    body.close();
    for (let i = 0; i < 3; i++) await body.read();
    expect(source.calls).toEqual(["pause"]);
  });

  test("is not stopped by its last part, nor where all of it is wanted", async () => {
    const source = new Source();
    const last = new AnswerBody(source);
    last.push(HALF, false);
    last.push(HALF, true);
    const wanted = new AnswerBody(source);
    const bytes = wanted.bytes();
    for (let i = 0; i < 3; i++) wanted.push(HALF, false);
    wanted.close();
    expect([(await bytes).length, source.calls]).toEqual([120_000, []]);
  });

  test("answers several reads in their order, and all of them at its end", async () => {
    const body = new AnswerBody(new Source());
    const reads = [body.read(), body.read(), body.read()];
    body.push(Buffer.from("1"), false);
    body.push(Buffer.from("2"), true);
    body.close();
    const values = (await Promise.all(reads)).map(({ value }) => value && Buffer.from(value).toString());
    expect([...values, await body.read()]).toEqual(["1", "2", undefined, { done: true }]);
  });

  test("hands over what has come before it tells that it broke off", async () => {
    const body = new AnswerBody(new Source());
    body.push(Buffer.from("1"), false);
    body.fail("why");
    expect(Buffer.from((await body.read()).value ?? "").toString()).toBe("1");
    expect(await body.read().catch((reason: unknown) => reason)).toBe("why");
  });

  test("that is half there is never all of it", async () => {
    const body = new AnswerBody(new Source());
    body.push(Buffer.from("1"), false);
    const early = body.bytes();
    body.fail("why");
    const outcomes = [early, body.bytes()].map((bytes) => bytes.catch((reason: unknown) => reason));
    expect(await Promise.all(outcomes)).toEqual(["why", "why"]);
  });
});

test.each([
  [199, false],
  [200, true],
  [299, true],
  [300, false],
])("an answer with %d is good: %p", (status, ok) => {
  expect(new Answer(status, [], new AnswerBody(new Source())).ok).toBe(ok);
});
