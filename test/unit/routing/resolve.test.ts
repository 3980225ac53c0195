// Which route a model name leads to: alias, public model, provider/model, declared id, default provider, in that order.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GatewayError } from "../../../src/errors.ts";
import type { Provider, Route } from "../../../src/exchange.ts";
import type { Discovered } from "../../../src/routing/discovery.ts";
import {
  type Directory,
  resolveKnown,
  resolveModel,
  resolveProvider,
  resolvePublicModel,
  splitProvider,
  targetOf,
} from "../../../src/routing/resolve.ts";
import { fakeKey, fakeProvider, fakeTarget } from "../../support/fake-parts.ts";

function named(...names: string[]): Map<string, Provider> {
  return new Map(names.map((name) => [name, fakeProvider({ name })]));
}

const providers = named("up", "one", "two", "team", "team/gpu", "fast", "pinned");
providers.set("pinned", fakeProvider({ name: "pinned", pin: "the/pin" }));

function of(name: string): Provider {
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(name);
  return provider;
}

function route(name: string, provider: string, model: string): [string, Route] {
  return [name, { publicName: name, targets: [fakeTarget(of(provider), model)] }];
}

const directory: Directory = {
  providers,
  models: new Map([
    route("fast", "up", "quick"),
    route("up/special", "one", "x"),
    route("deep/er", "team/gpu", "m"),
  ]),
  declaredBy: new Map([
    ["alone", [of("one")]],
    ["shared", [of("one"), of("two")]],
    ["up/declared", [of("two")]],
    ["fast", [of("two")]],
    ["pinned-id", [of("pinned")]],
  ]),
  discoverable: [],
  unaskable: [],
  defaultProvider: undefined,
  suggest: () => [],
};

const aliased = fakeKey({
  aliases: new Map([
    ["mine", "fast"],
    ["fast", "two/slow"],
    ["up/special", "up/plain"],
    ["direct", "team/gpu/a/b"],
  ]),
});

/** Target and public name, or the code of the refusal. */
function led(name: string, key = fakeKey(), where: Directory = directory): string {
  try {
    const { targets, publicName } = resolveModel(name, key, where);
    return `${targets.map(({ id }) => id).join()} ${publicName ?? "-"}`;
  } catch (error) {
    return error instanceof GatewayError ? error.code : "fault";
  }
}

describe("a model name", () => {
  test.each([
    ["fast", "up/quick fast"],
    ["up/special", "one/x up/special"],
    ["deep/er", "team/gpu/m deep/er"],
    ["up/m", "up/m -"],
    ["up/a/b//c/", "up/a/b//c/ -"],
    ["up//a", "up//a -"],
    ["up/up/a", "up/up/a -"],
    ["fast/x", "fast/x -"],
    ["team/m", "team/m -"],
    ["team/gpu", "team/gpu -"],
    ["team/gpu/m", "team/gpu/m -"],
    ["team/gpux/m", "team/gpux/m -"],
    ["up/declared", "up/declared -"],
    ["alone", "one/alone -"],
    ["shared", "model_ambiguous"],
    ["one/shared", "one/shared -"],
    ["pinned/other", "pinned/the/pin -"],
    ["pinned-id", "pinned/the/pin -"],
    ["unknown", "model_not_found"],
    ["unknown/x", "model_not_found"],
    ["up", "model_not_found"],
    ["up/", "model_not_found"],
    ["/up/x", "model_not_found"],
    ["UP/x", "model_not_found"],
    ["", "model_not_found"],
    ["__proto__", "model_not_found"],
  ])("%p leads to %s", (name, expected) => {
    expect(led(name)).toBe(expected);
  });

  test.each([
    ["mine", "up/quick fast"],
    ["fast", "two/slow -"],
    ["up/special", "up/plain -"],
    ["direct", "team/gpu/a/b -"],
    ["deep/er", "team/gpu/m deep/er"],
  ])("that the key may have under another meaning: %p leads to %s", (name, expected) => {
    expect(led(name, aliased)).toBe(expected);
  });

  test("that nobody knows goes to the default provider, if there is one", () => {
    const withDefault = { ...directory, defaultProvider: of("up") };
    expect(led("unknown/x", fakeKey(), withDefault)).toBe("up/unknown/x -");
    expect(led("alone", fakeKey(), withDefault)).toBe("one/alone -");
    expect(led("shared", fakeKey(), withDefault)).toBe("model_ambiguous");
  });

  describe("that only providers know", () => {
    const offers = new Map([
      ["found", [of("two")]],
      ["both", [of("one"), of("two")]],
      ["alone", [of("two")]],
      ["shared", [of("team")]],
      ["fast", [of("two")]],
      ["up/x", [of("two")]],
    ]);
    const discovered: Discovered = {
      idsOf: () => [],
      offering: (id) => offers.get(id) ?? [],
      unasked: [],
    };
    const withDefault = { ...directory, defaultProvider: of("up") };

    test.each([
      ["found", "two/found"],
      ["both", "model_ambiguous"],
      ["alone", "one/alone"],
      ["shared", "model_ambiguous"],
      ["fast", "up/quick"],
      ["up/x", "up/x"],
      ["unknown", "up/unknown"],
    ])("leads there only when nobody declares it, and before the default provider: %s to %s", (name, id) => {
      const resolve = (): unknown => resolveModel(name, fakeKey(), withDefault, discovered).targets[0]?.id;
      if (id === "model_ambiguous") expect(resolve).toThrow("offered by several providers");
      else expect(resolve()).toBe(id);
    });

    test("is not known beforehand, nor is what goes to the default provider", () => {
      for (const name of ["found", "both", "unknown"])
        expect(resolveKnown(name, fakeKey(), withDefault)).toBeUndefined();
      for (const name of ["alone", "fast", "up/x", "pinned-id"])
        expect(resolveKnown(name, fakeKey(), withDefault)).toBeDefined();
      expect(() => resolveKnown("shared", fakeKey(), withDefault)).toThrow("offered by several providers");
    });

    test("may be with providers that could not be asked, of which five are named", () => {
      const unasked = Array.from({ length: 7 }, (_, i) => ({
        provider: fakeProvider({ name: `p${i}` }),
        reason: "why",
      }));
      const ask = (some: typeof unasked) => () =>
        resolveModel("gone", fakeKey(), directory, { ...discovered, unasked: some });
      expect(ask(unasked.slice(0, 2))).toThrow(/could not be asked: p0 \(why\), p1 \(why\)$/);
      expect(ask(unasked)).toThrow(/p4 \(why\) and 2 more$/);
      expect(ask([])).not.toThrow("asked");
    });
  });

  test("that several providers declare is refused with all full ids", () => {
    expect(() => resolveModel("shared", fakeKey(), directory)).toThrow(/one\/shared, two\/shared/);
  });

  test("that is not found is answered with close names, and repeated only in part", () => {
    const suggesting = { ...directory, suggest: () => ["fast", "fase"] };
    expect(() => resolveModel("fsat", fakeKey(), suggesting)).toThrow("did you mean fast or fase?");
    const call = () => resolveModel("x".repeat(1_000_000), fakeKey(), directory);
    expect(call).toThrow(/^.{1,300}$/);
  });
});

describe("a public model of the path", () => {
  test("is one of models, or an alias of the key, and nothing else", () => {
    expect(resolvePublicModel("fast", fakeKey(), directory).targets[0]?.id).toBe("up/quick");
    expect(resolvePublicModel("direct", aliased, directory).targets[0]?.id).toBe("team/gpu/a/b");
    expect(resolvePublicModel("fast", aliased, directory).targets[0]?.id).toBe("two/slow");
    for (const name of ["up/m", "alone", "nobody", "__proto__", ""])
      expect(() => resolvePublicModel(name, fakeKey(), directory)).toThrow("does not exist");
  });
});

describe("a provider of the path", () => {
  test("is found by its exact name", () => {
    expect(resolveProvider("team/gpu", directory)).toBe(of("team/gpu"));
    for (const name of ["UP", "up/", "team%2Fgpu", "__proto__", ""])
      expect(() => resolveProvider(name, directory)).toThrow("no provider is named");
  });
});

describe("a target", () => {
  test.each([
    ["up", "m", "m", "up/m"],
    ["up", undefined, undefined, "up"],
    ["pinned", "m", "the/pin", "pinned/the/pin"],
    ["pinned", undefined, "the/pin", "pinned/the/pin"],
  ])("of %s asked for %p calls %p under the id %s", (provider, asked, model, id) => {
    expect(targetOf(of(provider), asked)).toEqual({ provider: of(provider), model: model as string, id });
  });
});

test("provider/rest is split at the longest configured name, and put together again it is the same", () => {
  const segment = fc.string({ unit: fc.constantFrom("a", "b", "/"), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(segment, { maxLength: 5 }),
      fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 12 }),
      (names, id) => {
        const known = named(...names);
        const fitting = names.filter((name) => id.startsWith(`${name}/`) && id.length > name.length + 1);
        const longest = fitting.toSorted((x, y) => y.length - x.length)[0];
        const split = splitProvider(id, known);
        expect(split?.provider.name).toBe(longest as string);
        if (split !== undefined) expect(`${split.provider.name}/${split.rest}`).toBe(id);
      },
    ),
    { seed: 41, numRuns: 3_000 },
  );
});
