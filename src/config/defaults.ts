// Third stage: settings that are not in the file get their defaults. (TypeBox's own filler skips records and unions.)

import { resolve } from "node:path";
import type { TSchema } from "@sinclair/typebox";
import { KindGuard } from "@sinclair/typebox";
import { accessKeysOf } from "../catalog/aws.ts";
import { DEFAULT_TYPE, OWN_AUTHS, PROVIDERS, type ProviderPreset } from "../catalog/providers.ts";
import { emptyValues, isValues, itemSchema, kindOf, memberSchema, narrow, type Values } from "./shape.ts";

/** Fills the defaults into a value, in place; what is of the wrong type is left for the checks. */
export function fillDefaults(schema: TSchema, value: unknown): void {
  const own = narrow(schema, kindOf(value), isValues(value) ? Object.keys(value) : []);
  if (own === undefined) return;
  if (Array.isArray(value)) {
    const items = itemSchema(own);
    if (items !== undefined) for (const item of value) fillDefaults(items, item);
  } else if (isValues(value)) {
    if (KindGuard.IsObject(own)) complete(own.properties, value);
    for (const [name, member] of Object.entries(value)) {
      const memberOwn = memberSchema(own, name);
      if (memberOwn !== undefined) fillDefaults(memberOwn, member);
    }
  }
}

/** Adds what is missing, and puts all settings into the order of the schema. */
function complete(properties: Readonly<Record<string, TSchema>>, value: Values): void {
  for (const [name, property] of Object.entries(properties)) {
    const own = Object.hasOwn(value, name) ? value[name] : copy(property.default);
    delete value[name];
    if (own !== undefined) value[name] = own;
  }
}

/** A default of the schema as a value of its own: nobody may change the schema through the configuration. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isValues(value)) return value;
  const values = emptyValues();
  for (const [name, member] of Object.entries(value)) values[name] = copy(member);
  return values;
}

/** Fills where the store is when nothing is said: beside the main file. */
export function fillStore(store: unknown, folder: string): void {
  if (isValues(store) && !Object.hasOwn(store, "path")) store["path"] = resolve(folder, STORE_FILE);
}

const STORE_FILE = "postern.db";

/** Fills what a provider takes from its preset, in place: `type`, `endpoints`, `api_key`, `auth`, `mock`. */
export function fillProviders(providers: unknown, env: Readonly<Record<string, string | undefined>>): void {
  if (!isValues(providers)) return;
  for (const [name, provider] of Object.entries(providers))
    if (isValues(provider)) fillProvider(name, provider, env);
}

function fillProvider(
  name: string,
  provider: Values,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const fill = (field: string, value: unknown) => {
    if (value !== undefined && !Object.hasOwn(provider, field)) provider[field] = value;
  };
  fill("type", presetFor(name) === undefined ? DEFAULT_TYPE : name);
  const preset = presetFor(provider["type"]);
  if (preset === undefined) return;
  fill("endpoints", [...preset.endpoints]);
  fill("api_key", preset.secrets.map((variable) => env[variable]).find(isSet));
  fill("auth", defaultAuth(preset, provider["api_key"], env));
  if (preset.local) fill("mock", emptyValues());
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== "";
}

/** The preset of a type; undefined for anything that is none. */
export function presetFor(type: unknown): ProviderPreset | undefined {
  return typeof type === "string" && Object.hasOwn(PROVIDERS, type) ? PROVIDERS[type] : undefined;
}

/** A preset that needs a key keeps its way of sending it even without one: calls then say what is missing. */
function defaultAuth(
  preset: ProviderPreset,
  apiKey: unknown,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  if (preset.signs && !isSet(apiKey) && accessKeysOf(env) !== undefined) return OWN_AUTHS.accessKeys;
  return isSet(apiKey) || !preset.keyless ? copy(preset.auth) : "none";
}
