// What `serve` says when it is up: where it is, and a line that works when it is pasted into a shell.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { banner } from "../../../src/cli/banner.ts";
import { scratch } from "../../support/scratch.ts";
import { configOf } from "../../support/snapshots.ts";

const PROVIDERS = "providers: { demo: { type: mock }, up: { base_url: 'http://h' } }\n";
const OPEN = "keys: { local: { anonymous: true } }\n";

interface Told {
  readonly yaml?: string;
  readonly address?: string | undefined;
  readonly model?: string;
}

function told({ yaml = PROVIDERS + OPEN, model, ...more }: Told = {}): string {
  const address = "address" in more ? more.address : "http://127.0.0.1:4000";
  return banner({ config: configOf(yaml).config, address, version: "1.2.3", model });
}

/** The words of the last line, as a shell reads them. */
function pasted(text: string): string[] {
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  const { stdout } = Bun.spawnSync(["sh", "-c", `curl() { printf '%s\\n' "$@"; }; ${line}`], {
    env: { POSTERN_KEY: "sk-mine" },
  });
  return stdout.toString().trimEnd().split("\n");
}

describe("the banner", () => {
  test("says version, address and providers", () => {
    expect(told()).toStartWith(
      "postern 1.2.3 is listening on http://127.0.0.1:4000\nproviders: demo, up\ntry it:\n  curl ",
    );
    expect(told()).toEndWith("\n");
    expect(told({ yaml: "{}" })).toContain("no providers yet");
  });

  test("has a line that asks a model", () => {
    expect(pasted(told({ model: "it's/größe" }))).toEqual([
      "http://127.0.0.1:4000/v1/chat/completions",
      "-H",
      "content-type: application/json",
      "-d",
      '{"model":"it\'s/größe","messages":[{"role":"user","content":"Hello"}]}',
    ]);
  });

  test("has one that lists the models where none is known", () => {
    expect(pasted(told())).toEqual(["http://127.0.0.1:4000/v1/models"]);
  });

  test.each([
    [PROVIDERS],
    [`${PROVIDERS}keys: { local: { anonymous: true, disabled: true } }\n`],
    [`${PROVIDERS}keys: { k: { secret: "a-key-of-my-own-choosing-0123456789" } }\n`],
  ])("sends the key of the environment where callers need one (%#)", (yaml) => {
    expect(pasted(told({ yaml }))).toEqual([
      "http://127.0.0.1:4000/v1/models",
      "-H",
      "authorization: Bearer sk-mine",
    ]);
    expect(told({ yaml })).not.toContain("my-own-choosing");
  });

  test("speaks to a unix socket, whatever its path", () => {
    const path = join(scratch({ "my 'own' dir/x": "" }), "my 'own' dir/x.sock");
    const yaml = `server: { listen: "unix:${path}", base_path: /gw }\n${PROVIDERS}${OPEN}`;
    expect(told({ yaml, address: undefined })).toContain(`is listening on unix:${path}\n`);
    expect(pasted(told({ yaml, address: undefined }))).toEqual([
      "--unix-socket",
      path,
      "http://localhost/gw/v1/models",
    ]);
  });
});
