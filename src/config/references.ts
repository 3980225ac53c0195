// Fifth stage: everything that looks across settings, at the environment or at the file system.

import { checkAllowlists } from "./rules/allowlists.ts";
import { checkKeys } from "./rules/keys.ts";
import { checkListeners } from "./rules/listeners.ts";
import { checkModels } from "./rules/models.ts";
import { checkNames } from "./rules/names.ts";
import { checkPolicies } from "./rules/policies.ts";
import { checkPricing } from "./rules/pricing.ts";
import { checkProviders } from "./rules/providers.ts";
import { checkServer } from "./rules/server.ts";
import { checkStore } from "./rules/store.ts";
import type { Scene } from "./scene.ts";

/** Reports everything that `serve` could not do although each setting by itself is as the schema wants it. */
export function checkReferences(scene: Scene): void {
  checkNames(scene);
  const local = checkListeners(scene);
  checkServer(scene);
  checkProviders(scene);
  checkModels(scene);
  checkAllowlists(scene);
  checkKeys(scene, local);
  checkStore(scene);
  checkPolicies(scene);
  checkPricing(scene);
}
