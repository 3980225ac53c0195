// Holds the house rules that no other tool checks: who imports whom, where packages live, what files look like.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "./support/binary.ts";

const WORDS = ["lib", "errors", "formats", "catalog", "exchange"];
const FEATURES = ["auth", "access", "routing", "redaction", "upstream", "cache", "telemetry"];
const MAKERS = ["translators", "streaming", "mock"];

/** Folder (or file of src) → what it may import beside itself; `config types` = `import type` from config, and so on. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  errors: [],
  formats: ["lib", "errors"],
  catalog: ["formats", "lib", "exchange types"],
  exchange: ["formats", "errors", "lib"],
  config: WORDS,
  ...Object.fromEntries(MAKERS.map((maker) => [maker, WORDS])),
  store: ["lib", "errors", "exchange", "formats"],
  ...Object.fromEntries(FEATURES.map((feature) => [feature, [...WORDS, "config types"]])),
  policies: [...WORDS, "config types", "store types"],
  telemetry: [...WORDS, "config types", "store types"],
  gateway: [...WORDS, "config", "store", "policies", ...MAKERS, ...FEATURES],
  http: [...WORDS, "gateway", "telemetry", "store"],
  cli: ["anything"],
  main: ["anything"],
};

/** Each third-party package has one home. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "@pydantic/genai-prices": ["src/catalog/"],
  elysia: ["src/http/"],
  "@sinclair/typebox": ["src/config/"],
  yaml: ["src/config/", "src/cli/key-file/"],
  pino: ["src/telemetry/"],
  "pino-pretty": ["src/telemetry/"],
};

const FORBIDDEN_NAMES = ["utils", "helpers", "common", "types", "misc", "manager", "base", "index"];

/** Clock, randomness, environment and process enter through the composition root, as arguments. */
const WORLD = [
  /\bprocess\s*[.[]/,
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bperformance\.now\b/,
  /\bMath\.random\b/,
  /\brandom(UUID|UUIDv7|Bytes|Int)\b/,
  /\bgetRandomValues\b/,
  /\bBun\.env\b/,
  /\bimport\.meta\.env\b/,
];

/** Where words that are providers' names, too, stand outside the catalog as whole strings. */
const NAMES_ELSEWHERE: readonly {
  readonly home: string;
  readonly names: readonly string[];
  readonly as: string;
}[] = [
  { home: "src/formats/", names: ["openai", "anthropic", "gemini", "bedrock"], as: "names of wire formats" },
  {
    home: "src/http/error-response.ts",
    names: ["openai", "anthropic", "gemini", "bedrock"],
    as: "names of wire formats",
  },
  { home: "src/http/native-places.ts", names: ["gemini", "bedrock"], as: "names of wire formats" },
  { home: "src/mock/refusal.ts", names: ["anthropic"], as: "name of a wire format" },
  { home: "src/config/", names: ["mock"], as: "name of a setting" },
  { home: "src/cli/env", names: ["openai", "anthropic"], as: "names of clients" },
];

/** Texts that show people how a client is set up in code. */
const SHOWS_CODE = "src/cli/env/";

interface Source {
  /** From the project root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments and types. */
  readonly code: string;
}

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function filesOf(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`)
    .sort();
}

const transpiler = new Bun.Transpiler({ loader: "ts", trimUnusedImports: false });

const SOURCES: readonly Source[] = filesOf("src").map((path) => {
  const text = readFileSync(join(PROJECT_ROOT, path), "utf8");
  return { path, text, code: codeOf(path, text) };
});

function codeOf(path: string, text: string): string {
  try {
    // Macros are run by whoever bundles.
    return transpiler.transformSync(text.replaceAll(' with { type: "macro" }', ""));
  } catch (error) {
    throw new Error(`${path} cannot be read`, { cause: error });
  }
}

/** `src/lib/glob.ts` → `lib`, `src/errors.ts` → `errors`. */
function placeOf(path: string): string {
  return path.replace(/^src\//, "").replace(/(\/.*|\.ts)$/, "");
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:([^"';=()]*?)\bfrom\s+)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']/g;

function importsOf({ path, text }: Source): Import[] {
  const found: Import[] = [];
  for (const [, type, clause = "", specifier = ""] of text.matchAll(STATEMENT)) {
    const names = /^\{([^}]*)\}\s*$/
      .exec(clause)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "");
    const onlyTypes = names?.every((name) => /^\s*type\s/.test(name)) ?? false;
    found.push({ from: path, specifier, typeOnly: type !== undefined || onlyTypes });
  }
  for (const [, specifier = ""] of text.matchAll(DYNAMIC))
    found.push({ from: path, specifier, typeOnly: false });
  return found;
}

function targetOf({ from, specifier }: Import): string {
  return join(from, "..", specifier);
}

const IMPORTS = SOURCES.flatMap(importsOf);
const INNER = IMPORTS.filter(({ specifier }) => specifier.startsWith("."));
const OUTER = IMPORTS.filter(({ specifier }) => !specifier.startsWith("."));

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isAllowed(line: Import): boolean {
  const from = placeOf(line.from);
  const to = placeOf(targetOf(line));
  const allowed = MAY_IMPORT[from] ?? [];
  if (from === to || allowed.includes("anything") || allowed.includes(to)) return true;
  return line.typeOnly && allowed.includes(`${to} types`);
}

describe("who imports whom", () => {
  test("the scan sees imports of every kind", () => {
    const text =
      'import a from "./a.ts";\nimport type { B } from "./b.ts";\nimport {\n  type C,\n  type D,\n} from "./c.ts";\n' +
      'import "./d.ts";\nexport * from "./e.ts";\nconst f = await import("./f.ts");\nimport { type G, h } from "./g.ts";\n';
    expect(
      importsOf({ path: "src/x/y.ts", text, code: "" }).map(({ specifier, typeOnly }) => [
        specifier,
        typeOnly,
      ]),
    ).toEqual([
      ["./a.ts", false],
      ["./b.ts", true],
      ["./c.ts", true],
      ["./d.ts", false],
      ["./e.ts", false],
      ["./g.ts", false],
      ["./f.ts", false],
    ]);
    expect(INNER.length).toBeGreaterThan(20);
  });

  test("every folder of src has a row in the table", () => {
    const unknown = SOURCES.map(({ path }) => placeOf(path)).filter((place) => !(place in MAY_IMPORT));
    expect([...new Set(unknown)]).toEqual([]);
  });

  test("every import, type imports included, is in the table", () => {
    const wrong = INNER.filter((line) => !isAllowed(line));
    expect(wrong.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
  });

  test("nothing reaches out of src, save package.json", () => {
    const outside = INNER.map(targetOf).filter((path) => !path.startsWith("src/") && path !== "package.json");
    expect(outside).toEqual([]);
  });

  test("each package is imported in its home folder only, and lib imports none", () => {
    const wrong = OUTER.filter(({ from, specifier }) => {
      if (specifier.startsWith("node:") || specifier === "bun" || specifier.startsWith("bun:")) return false;
      return !(HOMES[packageOf(specifier)] ?? []).some((home) => from.startsWith(home));
    });
    expect(wrong.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
  });

  test("the database is opened in the store only", () => {
    const wrong = OUTER.filter(
      ({ from, specifier }) => specifier === "bun:sqlite" && !from.startsWith("src/store/"),
    );
    expect(wrong.map(({ from }) => from)).toEqual([]);
  });

  test("every package of the map is a dependency, and the other way round", () => {
    const manifest: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(join(PROJECT_ROOT, "package.json"), "utf8"),
    );
    expect(Object.keys(manifest.dependencies).sort()).toEqual(Object.keys(HOMES).sort());
  });
});

describe("what a file looks like", () => {
  test.each(["src", "test"])("no file of %s is longer than 300 lines", (folder) => {
    const long = filesOf(folder)
      .map((path) => ({ path, lines: readFileSync(join(PROJECT_ROOT, path), "utf8").split("\n").length - 1 }))
      .filter(({ path, lines }) => lines > 300 && !path.includes("/generated/"));
    expect(long).toEqual([]);
  });

  test("its first line is a comment that says what it is for", () => {
    const bare = SOURCES.filter(({ text }) => !/^\/\/ \S.{15,}\n/.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  test("it has no default export and does not pass on what others export", () => {
    const wrong = SOURCES.filter(({ text }) =>
      /^export default\b|^export\s[^"';=(]*\bfrom\s+["']/m.test(text),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("its name, and its folder's, says what is in it", () => {
    const vague = [...filesOf("src"), ...filesOf("test")].filter((path) =>
      path.split(/[/.]/).some((part) => FORBIDDEN_NAMES.includes(part)),
    );
    expect(vague).toEqual([]);
  });
});

describe("what stays in its place", () => {
  test("clock, randomness, environment and process are touched in cli and main only", () => {
    const wrong = SOURCES.filter(
      ({ path }) => !path.startsWith("src/cli/") && path !== "src/main.ts",
    ).flatMap(({ path, code }) =>
      WORLD.filter((pattern) => pattern.test(code)).map((pattern) => `${path}: ${pattern.source}`),
    );
    expect(wrong).toEqual([]);
  });

  test("nothing is printed with console", () => {
    const wrong = SOURCES.filter(
      ({ path, code }) => !path.startsWith(SHOWS_CODE) && /\bconsole\s*[.[]/.test(code),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("no provider is known by name outside the catalog", async () => {
    const { PROVIDERS } = await import("../src/catalog/providers.ts");
    const names = Object.keys(PROVIDERS);
    expect(names).toContain("openai");
    const isException = (path: string, name: string) =>
      NAMES_ELSEWHERE.some(({ home, names }) => path.startsWith(home) && names.includes(name));
    const wrong = SOURCES.filter(({ path }) => !path.startsWith("src/catalog/")).flatMap(({ path, code }) =>
      names
        .filter((name) => code.includes(JSON.stringify(name)) && !isException(path, name))
        .map((name) => `${path}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});
