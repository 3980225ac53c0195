// Budgets whose models have no price: `check` says which, so that nobody relies on a cap that counts nothing.

import { describe, expect, test } from "bun:test";
import { load } from "./loading.ts";

/** A table that knows two models of one preset. */
const isPriced = (presetType: string, model: string) =>
  presetType === "openai" && ["gpt-a", "gpt-b"].includes(model);

const PROVIDERS = `
providers:
  openai: { api_key: k, models: [gpt-a, gpt-z, "o*"] }
  vllm: { base_url: http://127.0.0.1:1/v1, models: [qwen, llama] }
  open: { base_url: http://127.0.0.1:2/v1 }
  pinned: { base_url: http://127.0.0.1:3/v1, model: only }
models: { fast: vllm/qwen, slow: openai/gpt-b, other: pinned/whatever }
`;

/** What is said of the budgets of a file: the models each cannot count. */
function unpricedOf(policies: string): Record<string, string> {
  const { problems } = load({ "c.yaml": `${PROVIDERS}${policies}` }, { isPriced });
  const found = problems.flatMap(({ path, message }) => {
    const models = /^cannot count calls of (.*?): /.exec(message)?.[1];
    return models === undefined ? [] : [[path.split(".")[1] ?? "", models]];
  });
  return Object.fromEntries(found);
}

function budgets(scopes: Record<string, string>): string {
  const lines = Object.entries(scopes).map(
    ([name, scope]) => `  ${name}: { limit_usd: 1, window: day, ${scope} }\n`,
  );
  return `spend_policies:\n${lines.join("")}`;
}

describe("the models that a budget cannot count", () => {
  test("are those it means, as far as the file names them", () => {
    expect(
      unpricedOf(
        budgets({
          all: "each: key",
          openai: "applies_to: { providers: [openai] }",
          vllm: "applies_to: { providers: ['v*'] }",
          public: "applies_to: { models: [fast] }",
          pattern: "applies_to: { models: ['*/gpt-*'] }",
          literal: "applies_to: { models: [openai/gpt-q] }",
          priced: "applies_to: { models: [slow] }",
          pinned: "applies_to: { models: [other] }",
          nameless: "applies_to: { providers: [open] }",
          disabled: "enabled: false",
        }),
      ),
    ).toEqual({
      all: "openai/gpt-z, vllm/qwen, vllm/llama, pinned/only, openai/gpt-q and 1 more",
      openai: "openai/gpt-z, openai/gpt-q",
      vllm: "vllm/qwen, vllm/llama",
      public: "vllm/qwen",
      pattern: "openai/gpt-z, openai/gpt-q",
      literal: "openai/gpt-q",
      pinned: "pinned/only",
      nameless: "open/*",
    });
  });

  test("are none where the file prices them", () => {
    const prices =
      "pricing: { models: { openai/gpt-z: { input: 1, output: 1 }, 'vllm/*': { input: 0, output: 0 }, open/x: { input: 1, output: 1 } } }\n";
    expect(unpricedOf(`${budgets({ all: "each: key" })}${prices}`)).toEqual({ all: "pinned/only" });
  });

  test("are no matter without a budget, or where nobody asks", () => {
    expect(unpricedOf("rate_limits: { slow: { tokens: 1/minute } }\n")).toEqual({});
    const { lines } = load({ "c.yaml": `${PROVIDERS}${budgets({ all: "each: key" })}` });
    expect(lines).toEqual([]);
  });
});

test("it is said what becomes of such calls", () => {
  const messageOf = (more: string) =>
    load(
      { "c.yaml": `providers: { m: { type: mock } }\n${budgets({ all: "each: key" })}${more}` },
      { isPriced },
    ).lines;
  expect(messageOf("")).toEqual([
    "c.yaml:3:10  spend_policies.all.limit_usd: warning: cannot count calls of m/*: there is no price, so they count as 0; pricing.models gives one",
  ]);
  expect(messageOf("pricing: { unpriced: block }\n")).toEqual([
    "c.yaml:3:10  spend_policies.all.limit_usd: warning: cannot count calls of m/*: there is no price, so they are refused; pricing.models gives one",
  ]);
});
