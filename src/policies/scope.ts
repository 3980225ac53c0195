// Whose calls a policy counts: `applies_to`, compiled.

import type { AppliesToConfig } from "../config/schema.ts";
import { normaliseGatewayHeader } from "../lib/gateway-header.ts";
import { compileGlobs } from "../lib/glob.ts";
import type { PolicyCaller, Subject } from "./policy.ts";

/** From the broadest to the narrowest: the order in which refusals name policies. */
export const BREADTH = {
  organization: 0,
  workspace: 1,
  user: 2,
  key: 3,
  provider: 4,
  model: 5,
  header: 6,
} as const;

/** A header that has to have this value, by the name it carries. */
interface HeaderCondition {
  readonly name: string;
  readonly value: string;
}

export interface Scope {
  /** Of the narrowest setting. */
  readonly breadth: number;
  /** Whether it is limited to certain keys or users. */
  readonly isPersonal: boolean;
  /** For the reader of a refusal: `workspace research`. */
  readonly who: string;
  /** What it says, the same text however it is written. */
  readonly text: string;
  /** Whether calls of the caller are in it, as far as that depends on the caller. */
  readonly concerns: (caller: PolicyCaller) => boolean;
  /** Whether a call is in it, headers aside. */
  readonly covers: (subject: Subject) => boolean;
  readonly headers: readonly HeaderCondition[];
}

/** Absent, and `organization: true` alone, is everything; of several settings all must fit. */
export function compileScope(settings: AppliesToConfig = {}): Scope {
  const { workspaces, users, keys, providers, models, header } = settings;
  const headers = conditionsOf(header);
  const isWorkspace = memberTest(workspaces);
  const isUser = memberTest(users);
  const isKey = memberTest(keys);
  const isProvider = providers === undefined ? undefined : compileGlobs(providers);
  const isModel = models === undefined ? undefined : compileGlobs(models);
  const concerns = ({ workspace, user, key }: PolicyCaller): boolean =>
    isWorkspace(workspace) && isUser(user) && isKey(key);
  return {
    breadth: breadthOf(settings, headers),
    isPersonal: users !== undefined || keys !== undefined,
    who: whoIsIn(settings, headers),
    text: textOf(settings, headers),
    concerns,
    covers: (subject) =>
      concerns(subject) &&
      (isProvider === undefined || (subject.provider !== undefined && isProvider([subject.provider]))) &&
      (isModel === undefined || isModel(namesOf(subject))),
    headers,
  };
}

function memberTest(names: readonly string[] | undefined): (name: string | undefined) => boolean {
  if (names === undefined) return () => true;
  const members = new Set(names);
  return (name) => name !== undefined && members.has(name);
}

/** Without a model there is nothing that a pattern could match: an exclusion excludes nothing then. */
function namesOf({ target, publicName }: Subject): readonly string[] {
  return [target, publicName].filter((name) => name !== undefined);
}

function conditionsOf(header: Readonly<Record<string, string>> | undefined): readonly HeaderCondition[] {
  return Object.entries(header ?? {})
    .map(([name, value]) => ({ name: normaliseGatewayHeader(name) ?? name, value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function breadthOf(settings: AppliesToConfig, headers: readonly HeaderCondition[]): number {
  if (headers.length > 0) return BREADTH.header;
  if (settings.models !== undefined) return BREADTH.model;
  if (settings.providers !== undefined) return BREADTH.provider;
  if (settings.keys !== undefined) return BREADTH.key;
  if (settings.users !== undefined) return BREADTH.user;
  return settings.workspaces === undefined ? BREADTH.organization : BREADTH.workspace;
}

/** Names of a group are not told: whoever reads a refusal need not know who else is in it. */
function whoIsIn(settings: AppliesToConfig, headers: readonly HeaderCondition[]): string {
  const groups: [string, readonly string[] | undefined][] = [
    ["workspace", settings.workspaces],
    ["user", settings.users],
    ["key", settings.keys],
    ["provider", settings.providers],
    ["model", settings.models],
    ...headers.map(({ name, value }): [string, string[]] => [name, [value]]),
  ];
  const parts = groups.flatMap(([kind, names]) => {
    if (names === undefined) return [];
    return names.length === 1 ? [`${kind} ${names[0]}`] : [`a group of ${names.length} ${kind}s`];
  });
  return parts.length === 0 ? "the organization" : parts.join(", ");
}

/** Names stand in no order; of patterns the last one that matches wins. */
function textOf(settings: AppliesToConfig, headers: readonly HeaderCondition[]): string {
  const { workspaces, users, keys, providers, models } = settings;
  return JSON.stringify({
    workspaces: workspaces?.toSorted(),
    users: users?.toSorted(),
    keys: keys?.toSorted(),
    providers,
    models,
    header: headers.length === 0 ? undefined : headers.map(({ name, value }) => [name, value]),
  });
}
