// Rules of the lists that organization, workspaces, users and keys allow by.

import type { Scene } from "../scene.ts";
import type { MemberConfig } from "../schema.ts";
import type { Path } from "../tree.ts";

export function checkAllowlists(scene: Scene): void {
  const { organization, workspaces, users, keys } = scene.config;
  if (typeof organization === "object") checkLists(scene, ["organization"], organization);
  for (const [section, owners] of Object.entries({ workspaces, users, keys }))
    for (const [name, owner] of Object.entries(owners)) checkLists(scene, [section, name], owner);
}

function checkLists(scene: Scene, path: Path, owner: MemberConfig): void {
  for (const list of ["models_allowed", "providers_allowed"] as const) {
    owner[list]?.forEach((pattern, i) => {
      if (pattern === "!") scene.error([...path, list, i], "must be a pattern that is not empty after `!`");
    });
  }
}
