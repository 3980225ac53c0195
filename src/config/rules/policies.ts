// Rules of spend policies and rate limits: their windows, their limits, and what they leave out.

import { didYouMean } from "../../lib/did-you-mean.ts";
import { parseRate } from "../../lib/rate.ts";
import { isTimeZone, timeZones } from "../../lib/time-zone.ts";
import type { Scene } from "../scene.ts";
import type { RateLimitConfig } from "../schema.ts";
import type { Path } from "../tree.ts";
import { checkOverrides, checkScope, knownSubjects } from "./applies-to.ts";
import { checkHeaderCover, checkOwnerlessKeys } from "./coverage.ts";
import { otherPlace } from "./names.ts";

export function checkPolicies(scene: Scene): void {
  const { spend_policies: spendPolicies, rate_limits: rateLimits } = scene.config;
  const known = knownSubjects(scene);
  for (const [name, policy] of Object.entries(spendPolicies)) {
    const path = ["spend_policies", name];
    checkScope(scene, path, policy, known);
    checkOverrides(scene, path, policy, known);
    checkTimeZone(scene, [...path, "timezone"], policy.timezone);
  }
  const spendNames = new Set(scene.names(["spend_policies"]));
  for (const [name, limit] of Object.entries(rateLimits)) {
    const path = ["rate_limits", name];
    checkScope(scene, path, limit, known);
    checkRates(scene, path, limit);
    if (spendNames.has(name))
      scene.warning(
        path,
        `has the name of ${otherPlace(scene, ["spend_policies", name])}: a caller who is refused cannot tell them apart`,
        "key",
      );
  }
  checkOwnerlessKeys(scene);
  checkHeaderCover(scene);
}

function checkTimeZone(scene: Scene, path: Path, name: string): void {
  if (!isTimeZone(name))
    scene.error(path, `is not a time zone such as UTC or Europe/Berlin${didYouMean(name, timeZones())}`);
}

function checkRates(scene: Scene, path: Path, limit: RateLimitConfig): void {
  const { requests, tokens, concurrent } = limit;
  if (requests === undefined && tokens === undefined && concurrent === undefined && scene.sound(path))
    scene.error(path, "limits nothing: set requests, tokens or concurrent", "key");
  for (const [metric, rates] of Object.entries({ requests, tokens })) {
    if (!Array.isArray(rates)) continue;
    const seen = new Set<string>();
    rates.forEach((rate, i) => {
      const { per } = parseRate(rate);
      if (seen.has(per)) scene.error([...path, metric, i], `limits ${metric} per ${per} a second time`);
      seen.add(per);
    });
  }
}
