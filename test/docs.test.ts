// Keeps the generated pages of docs/ equal to what their sources say.

import { expect, test } from "bun:test";
import { GENERATED } from "../scripts/docs.ts";

for (const [path, text] of Object.entries(GENERATED)) {
  test(`${path} is what its source says (else: bun run docs)`, async () => {
    const written = Bun.file(new URL(`../${path}`, import.meta.url));
    expect(await written.text()).toBe(text());
  });
}
