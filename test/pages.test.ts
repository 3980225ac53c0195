// The pages that people read: their links lead somewhere, and the configurations they show are good ones.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadConfig } from "../src/config/load.ts";
import { formatProblem } from "../src/config/problem.ts";
import { PROJECT_ROOT } from "./support/binary.ts";
import { scratch } from "./support/scratch.ts";

const PAGES = [
  ...["README.md", "CHANGELOG.md", "THIRD-PARTY-NOTICES.md"],
  ...readdirSync(join(PROJECT_ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .sort(),
];

function textOf(page: string): string {
  return readFileSync(join(PROJECT_ROOT, page), "utf8");
}

/** As GitHub makes them: `## One process per store` → `one-process-per-store`. */
function anchorsOf(page: string): readonly string[] {
  const headings = withoutCode(textOf(page)).matchAll(/^#+ +(.+)$/gm);
  return Array.from(headings, ([, heading = ""]) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}

function linksOf(page: string): readonly string[] {
  const links = withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g);
  return Array.from(links, ([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(PROJECT_ROOT, target))) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

test.each(PAGES)("every link of %s inside the project leads somewhere", (page) => {
  expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
});

/** Pages whose examples are configurations in themselves. */
const SHOWING = ["README.md", "docs/http.md", "docs/providers.md", "docs/spend.md"];

/** Those with a `…` in the place of something long are not meant to be loaded. */
function configurationsOf(page: string): readonly string[] {
  const blocks = textOf(page).matchAll(/^```yaml\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, yaml = ""]) => yaml).filter((yaml) => !yaml.includes("…"));
}

describe.each(SHOWING)("the configurations in %s", (page) => {
  test.each(configurationsOf(page).map((yaml, i) => [i + 1, yaml] as const))("number %d loads", (_, yaml) => {
    const path = join(scratch({ "config.yaml": yaml }), "config.yaml");
    const { problems } = loadConfig(path, { env: {}, allowMissingEnv: true });
    const errors = problems.filter(({ level }) => level === "error");
    expect(errors.map(formatProblem)).toEqual([]);
  });
});
