// The second stage: what ${…} stands for.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createFiles } from "../../../src/config/files.ts";
import { createInterpolator } from "../../../src/config/interpolate.ts";
import { createReport, formatProblem } from "../../../src/config/problem.ts";
import type { ScalarNode, Source } from "../../../src/config/tree.ts";
import { scratch } from "../../support/scratch.ts";

/** `§` stands for `$` in what follows: linters take the real thing for a template. */
const dollars = (text: string) => text.replaceAll("§", "$");
const paragraphs = (text: string) => text.replaceAll("$", "§");

const ENV = { NAME: "value", EMPTY: "", NESTED: dollars("§{NAME}"), _low9: "odd" };

const folder = scratch({
  "secret.txt": "\n  from a file \r\n",
  "deep/secret.txt": "deep",
  "binary.bin": new Uint8Array([0, 1, 2]),
  "empty.txt": "",
});

function interpolate(value: ScalarNode["value"], allowMissingEnv = false) {
  const report = createReport();
  const files = createFiles();
  const source: Source = { name: "c.yaml", folder, order: 0, position: () => ({ line: 3, column: 7 }) };
  const node: ScalarNode = {
    kind: "scalar",
    place: { source, offset: 0 },
    value: typeof value === "string" ? dollars(value) : value,
    origin: "written",
    size: 0,
  };
  const result = createInterpolator({ env: ENV, allowMissingEnv, files, report }).scalar(node, ["a", "b"]);
  return {
    value: typeof result.value === "string" ? paragraphs(result.value) : result.value,
    origin: result.origin,
    lines: report.problems().map(formatProblem).map(paragraphs),
    files: files.list(),
  };
}

describe("texts", () => {
  test.each<[string, string, ScalarNode["origin"]]>([
    ["plain", "plain", "written"],
    ["§NAME", "§NAME", "written"],
    ["§{NAME}", "value", "whole"],
    ["a §{NAME} b §{_low9}", "a value b odd", "written"],
    ["§{NAME}§{NAME}", "valuevalue", "written"],
    ["§{EMPTY}", "", "whole"],
    ["§{NONE:-}", "", "whole"],
    ["§{NONE:-a: b}", "a: b", "whole"],
    ["§{EMPTY:-default}", "default", "whole"],
    ["§{NAME:-default}", "value", "whole"],
    ["§{NESTED}", "§{NAME}", "whole"],
    ["§§{NAME}", "§{NAME}", "written"],
    ["§§§{NAME}", "§§{NAME}", "written"],
    ["a §§{b} §{NAME}", "a §{b} value", "written"],
    ["§ {NAME} {NAME} §", "§ {NAME} {NAME} §", "written"],
    ["§{file:secret.txt}", "from a file", "whole"],
    ["Bearer §{file:deep/secret.txt}", "Bearer deep", "written"],
    ["§{file:empty.txt}", "", "whole"],
    [`§{file:${join(folder, "secret.txt")}}`, "from a file", "whole"],
  ])("%s becomes %j", (text, value, origin) => {
    expect(interpolate(text)).toMatchObject({ value, origin, lines: [] });
  });

  test.each([5, true, null])("%p is no text and stays", (value) => {
    expect(interpolate(value)).toMatchObject({ value, lines: [] });
  });
});

describe("what is missing", () => {
  test("an unset variable is an error at the value", () => {
    const line =
      "c.yaml:3:7  a.b: the environment variable NONE is not set: set it, or write a default as §{NONE:-default}";
    expect(interpolate("§{NONE}")).toMatchObject({ origin: "missing", value: "§{NONE}", lines: [line] });
  });

  test("or a warning, where that is allowed", () => {
    const { origin, lines } = interpolate("x§{NONE}", true);
    expect(origin).toBe("missing");
    expect(lines).toEqual([expect.stringContaining("a.b: warning: the environment variable NONE")]);
  });

  test.each(["§{file:nothing.txt}", "§{file:.}", "§{file:binary.bin}", "§{file:secret.txt/x}"])(
    "%s is an error even there",
    (text) => {
      const { origin, lines } = interpolate(text, true);
      expect(origin).toBe("missing");
      expect(lines).toEqual([expect.stringMatching(/^c\.yaml:3:7 {2}a\.b: the file /)]);
    },
  );

  test.each([
    "§{}",
    "§{",
    "§{NAME",
    "§{not a name}",
    "§{1A}",
    "§{A-b}",
    "§{A:-§{B}}",
    "§{file:}",
    "§{env:A}",
    "x §{ y",
  ])("%s is malformed", (text) => {
    expect(interpolate(text).lines).toEqual([expect.stringContaining("a §{…} must be §{NAME}")]);
  });
});

test("a secret file counts as read, whether it is there or not", () => {
  expect(interpolate("§{file:nothing.txt}").files).toEqual([join(folder, "nothing.txt")]);
  expect(interpolate("§{file:secret.txt} §{file:secret.txt}").files).toEqual([join(folder, "secret.txt")]);
});
