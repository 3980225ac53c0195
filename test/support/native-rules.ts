// The policies of the matrix of routes and policies: a key for each, and what becomes of its calls.

import { PROVIDERS } from "../../src/catalog/providers.ts";
import { ENDPOINTS } from "../../src/formats/table.ts";
import { keySection } from "./callers.ts";
import type { Settings } from "./money-scene.ts";
import type { Expected } from "./native-refusals.ts";
import { GRAMMAR_PRESETS, type MatrixRoute, matrixRoutes, otherName } from "./native-routes.ts";
import { NATIVE_PRICE, presetSettings, type Urls } from "./native-scene.ts";

/** Whose model has no price. */
const UNPRICED_ROUTES = matrixRoutes({ model: "unpriced", publicName: "unpriced-smart" });

type Headers = Readonly<Record<string, string>>;

/** One policy: the key that is subject to it, and what becomes of a route; undefined = it passes. */
export interface Rule {
  readonly name: string;
  readonly key: string;
  readonly headers?: Headers;
  readonly routes?: readonly MatrixRoute[];
  readonly refusal: (route: MatrixRoute) => Expected | undefined;
}

const isPaid = ({ endpoint }: MatrixRoute) => endpoint.paid;
export const isList = ({ endpoint }: MatrixRoute) => endpoint.name === "models";
/** A list of several providers' models, made here: allowlists leave out, and do not refuse. */
const isOwnList = (route: MatrixRoute) => isList(route) && /^\/(?:v1|models\/)/.test(route.root);

const forPaid = (expected: Expected) => (route: MatrixRoute) => (isPaid(route) ? expected : undefined);

const REQUIRED = "Customer budget";

export const RULES: readonly Rule[] = [
  {
    name: "spend, block",
    key: "broke",
    refusal: forPaid({ status: 402, code: "budget_exceeded", policy: "Broke" }),
  },
  {
    name: "spend with status 429",
    key: "later",
    refusal: forPaid({ status: 429, code: "budget_exceeded", policy: "Broke later" }),
  },
  {
    name: "unpriced: block",
    key: "free",
    routes: UNPRICED_ROUTES,
    refusal: forPaid({ status: 403, code: "model_unpriced" }),
  },
  {
    name: "rate, tokens",
    key: "few-tokens",
    refusal: forPaid({ status: 429, code: "rate_limited", policy: "Few tokens", retry: true }),
  },
  {
    name: "rate, concurrency",
    key: "one-by-one",
    refusal: () => ({ status: 429, code: "rate_limited", policy: "One by one", retry: true }),
  },
  {
    name: "models_allowed",
    key: "other-models",
    refusal: (route) => (isList(route) ? undefined : { status: 403, code: "model_not_allowed" }),
  },
  {
    name: "providers_allowed",
    key: "other-providers",
    refusal: (route) => (isOwnList(route) ? undefined : { status: 403, code: "provider_not_allowed" }),
  },
  { name: "a disabled key", key: "off", refusal: () => ({ status: 403, code: "key_disabled" }) },
  { name: "an expired key", key: "old", refusal: () => ({ status: 403, code: "key_expired" }) },
  { name: "an unknown key", key: "nobody", refusal: () => ({ status: 401, code: "invalid_api_key" }) },
  {
    name: "a header that a policy needs, and that is missing",
    key: "customer",
    refusal: forPaid({ status: 400, code: "invalid_request" }),
  },
  {
    name: "spend by header",
    key: "customer",
    headers: { "x-gateway-customer": "acme" },
    refusal: forPaid({ status: 402, code: "budget_exceeded", policy: REQUIRED }),
  },
];

export function ruleSettings(urls: Urls): Settings {
  const keys = (...names: readonly string[]) => ({ applies_to: { keys: names } });
  const nothing = { limit_usd: 0, window: "total" };
  return {
    providers: {
      ...Object.fromEntries(Object.keys(PROVIDERS).map((name) => [name, presetSettings(name, urls)])),
      ...Object.fromEntries(
        GRAMMAR_PRESETS.map((name) => [otherName(name), presetSettings(name, urls, otherName(name))]),
      ),
      up: { base_url: `${urls.upstream}/up/v1`, auth: "none", endpoints: Object.keys(ENDPOINTS) },
    },
    models: { smart: "up/m", "unpriced-smart": "up/unpriced" },
    pricing: { unpriced: "block", models: { "*/m": NATIVE_PRICE, "*/": NATIVE_PRICE } },
    keys: keySection({
      free: {},
      broke: {},
      later: {},
      "few-tokens": {},
      "one-by-one": {},
      "one-each": {},
      customer: {},
      "other-models": { models_allowed: ["elsewhere/*"] },
      "other-providers": { providers_allowed: ["elsewhere"] },
      off: { disabled: true },
      old: { expires: "2020-01-01" },
    }),
    spend_policies: {
      Broke: { ...nothing, ...keys("broke") },
      "Broke later": { ...nothing, ...keys("later"), status: 429 },
      [REQUIRED]: {
        ...nothing,
        ...keys("customer"),
        each: { header: "X-Gateway-Customer", required: true },
      },
    },
    rate_limits: {
      "Few tokens": { ...keys("few-tokens"), tokens: "1/day" },
      "One by one": { ...keys("one-by-one"), concurrent: 1 },
      "One each": { ...keys("one-each"), each: { header: "X-Gateway-Route" }, requests: "1/day" },
    },
  };
}
