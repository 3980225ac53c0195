// Vertex AI: one exchange for a token that all calls share, renewed in time, and calls that stay in their place.

import { afterEach, describe, expect, test } from "bun:test";
import { createVerify } from "node:crypto";
import { keySection } from "../support/callers.ts";
import { until } from "../support/deadline.ts";
import { hashOf, TEST_KEY } from "../support/keys.ts";
import type { Settings } from "../support/money-scene.ts";
import { wrongWith } from "../support/native-refusals.ts";
import { ACCESS_TOKEN, type NativeScene, nativeScene, presetSettings } from "../support/native-scene.ts";
import {
  ACCOUNT_EMAIL,
  ACCOUNT_PRIVATE_KEY,
  ACCOUNT_PUBLIC_KEY,
  keyFile,
} from "../support/service-account.ts";

const running: NativeScene[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((scene) => scene.stop()));
});

/** `vertex` are further settings of the provider. */
async function start(vertex: Settings = {}): Promise<NativeScene> {
  const scene = await nativeScene({
    settings: (urls) => ({
      keys: { ...keySection({ caller: {} }), tester: { hash: hashOf(TEST_KEY) } },
      providers: { vertex: { ...presetSettings("vertex", urls), ...vertex } },
    }),
  });
  running.push(scene);
  return scene;
}

const SHORT = "/vertex/v1/publishers/google/models/m:generateContent";
const CONTENTS = { contents: [] };

function pathAt(project: string, location: string, publisher = "google", call = "m:generateContent"): string {
  return `/vertex/v1/projects/${project}/locations/${location}/publishers/${publisher}/models/${call}`;
}

function answerTokens(scene: NativeScene, expiresIn = 3_600): void {
  let count = 0;
  scene.tokens.answer(() => {
    count++;
    return Response.json({ access_token: `token-${count}`, expires_in: expiresIn, token_type: "Bearer" });
  });
}

const tokensSeen = ({ upstream }: NativeScene) =>
  upstream.requests.map(({ headers }) => headers["authorization"]);

describe("the access token", () => {
  test("is asked for as Google wants it: a signed assertion for cloud-platform, at most an hour", async () => {
    const scene = await start();
    expect((await scene.gateway.post(SHORT, CONTENTS)).status).toBe(200);
    const [request] = scene.tokens.requests;
    expect([request?.method, request?.path]).toEqual(["POST", "/token"]);
    expect(request?.headers["content-type"]).toStartWith("application/x-www-form-urlencoded");
    const form = new URLSearchParams(request?.text);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [header = "", claims = "", signature = ""] = form.get("assertion")?.split(".") ?? [];
    const verify = createVerify("RSA-SHA256").update(`${header}.${claims}`);
    expect(verify.verify(ACCOUNT_PUBLIC_KEY, Buffer.from(signature, "base64url"))).toBe(true);
    const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(decode(header)).toMatchObject({ alg: "RS256", kid: "key-1" });
    const { iat, exp, ...who } = decode(claims);
    expect(who).toEqual({
      iss: ACCOUNT_EMAIL,
      aud: `${scene.tokens.url}/token`,
      scope: "https://www.googleapis.com/auth/cloud-platform",
    });
    expect(exp - iat).toBeGreaterThan(0);
    expect(exp - iat).toBeLessThanOrEqual(3_600);
  });

  test("is exchanged once for calls that come side by side, and for all that come after", async () => {
    const scene = await start();
    const { promise, resolve } = Promise.withResolvers<Response>();
    scene.tokens.answer(() => promise);
    const calls = Array.from({ length: 12 }, (_, i) =>
      scene.gateway.post(i % 2 === 0 ? SHORT : pathAt("acme-prod", "global"), CONTENTS),
    );
    await scene.tokens.request(0);
    expect(scene.upstream.requests).toEqual([]);
    resolve(Response.json({ access_token: ACCESS_TOKEN, expires_in: 3_600 }));
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
    await scene.gateway.post(SHORT, CONTENTS);
    expect(scene.tokens.requests).toHaveLength(1);
    expect(new Set(tokensSeen(scene))).toEqual(new Set([`Bearer ${ACCESS_TOKEN}`]));
    expect(scene.upstream.requests).toHaveLength(13);
  });

  test("is renewed when it ends", async () => {
    const scene = await start();
    answerTokens(scene, 1);
    await until("the second token", async () => {
      const answer = await scene.gateway.post(SHORT, CONTENTS);
      expect(answer.status).toBe(200);
      return tokensSeen(scene).includes("Bearer token-2") ? true : undefined;
    });
    expect(tokensSeen(scene)[0]).toBe("Bearer token-1");
  });

  test("is not asked for by a call that is refused", async () => {
    const scene = await start();
    const answers = [
      await scene.gateway.post(pathAt("other-project", "global"), CONTENTS),
      await scene.gateway.post("/vertex/v1/publishers/google/models/m:predict", CONTENTS),
      await scene.gateway.post(SHORT, CONTENTS, { authorization: "Bearer nobody" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 501, 401]);
    expect(scene.tokens.requests).toEqual([]);
  });
});

describe("a token endpoint that fails is a 502 without key material", () => {
  /** The key's lines, and what stands in the assertion. */
  const MATERIAL = [...ACCOUNT_PRIVATE_KEY.split("\n").filter((line) => line.length > 16), "BEGIN"];

  test.each<[string, (assertion: string) => Response]>([
    ["with 500", () => new Response("down", { status: 500 })],
    ["with 401", () => Response.json({ error: "invalid_client" }, { status: 401 })],
    [
      "by repeating what it was sent",
      (assertion) => Response.json({ error: "invalid_grant", error_description: assertion }, { status: 400 }),
    ],
    ["with words that are not JSON", (assertion) => new Response(`<p>${assertion}</p>`)],
    ["without a token", () => Response.json({ token_type: "Bearer" })],
    [
      "with a redirect",
      () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
    ],
  ])("%s", async (_, answer) => {
    const scene = await start();
    let assertion = "";
    scene.tokens.answer(({ text }) => {
      assertion = new URLSearchParams(text).get("assertion") ?? "";
      return answer(text);
    });
    for (const path of [SHORT, `${SHORT.replace("generate", "streamGenerate")}?alt=sse`]) {
      const refused = await scene.gateway.post(path, CONTENTS);
      const text = await refused.clone().text();
      expect(await wrongWith(refused, "gemini", { status: 502, code: "upstream_unreachable" })).toEqual([]);
      for (const secret of [...MATERIAL, assertion.split(".")[2] ?? "none"])
        expect(text).not.toContain(secret);
    }
    expect(scene.upstream.requests).toEqual([]);
    const output = scene.gateway.stdout().join("\n") + scene.gateway.stderr();
    for (const secret of [...MATERIAL, assertion]) expect(output).not.toContain(secret);
  });

  test("that cannot be reached, likewise, and the call costs nothing", async () => {
    const scene = await start({ api_key: keyFile({ token_uri: "http://127.0.0.1:1/token" }) });
    const refused = await scene.gateway.post(SHORT, CONTENTS);
    expect(await wrongWith(refused, "gemini", { status: 502, code: "upstream_unreachable" })).toEqual([]);
  });

  test("and is asked again for the next call", async () => {
    const scene = await start();
    scene.tokens.answer(() => new Response("down", { status: 503 }));
    expect((await scene.gateway.post(SHORT, CONTENTS)).status).toBe(502);
    answerTokens(scene);
    expect((await scene.gateway.post(SHORT, CONTENTS)).status).toBe(200);
  });
});

describe("project and location", () => {
  const LISTS = { project: ["acme-prod", "acme-dev"], location: ["europe-west4", "global"] };

  test("are the provider's: those of its lists pass, the first of each is used where a path has none", async () => {
    const scene = await start(LISTS);
    const paths = [
      SHORT,
      pathAt("acme-dev", "global"),
      pathAt("acme-prod", "europe-west4", "anthropic", "c:rawPredict"),
    ];
    for (const path of paths) expect((await scene.gateway.post(path, CONTENTS)).status).toBe(200);
    expect(scene.upstream.requests.map(({ path }) => path)).toEqual([
      `/vertex${pathAt("acme-prod", "europe-west4").slice("/vertex".length)}`,
      ...paths.slice(1),
    ]);
  });

  test.each([
    ["another project", pathAt("acme-test", "global")],
    ["another location", pathAt("acme-dev", "us-central1")],
    ["another project, for a list of models", pathAt("acme-test", "global", "google", "")],
    ["letters that none has", pathAt("Acme", "global")],
    ["an encoded slash", pathAt("acme-prod%2Fx", "global")],
    ["a dot", pathAt("acme-prod", "a.b")],
    ["a percent sign", pathAt("acme-prod", "%2567lobal")],
    ["nothing", pathAt("", "global")],
    ["another one, for Claude", pathAt("acme-test", "global", "anthropic", "c:streamRawPredict")],
    ["another one, for a count", pathAt("acme-test", "global", "anthropic", "count-tokens:rawPredict")],
  ])("%s is a 400", async (what, path) => {
    const scene = await start(LISTS);
    const isList = what.includes("list");
    const answer = isList
      ? await scene.gateway.fetch(path.slice(0, -1), { headers: { authorization: `Bearer ${TEST_KEY}` } })
      : await scene.gateway.post(path, CONTENTS);
    const family = path.includes("anthropic") ? "anthropic" : "gemini";
    expect(await wrongWith(answer, family, { status: 400, code: "invalid_request" })).toEqual([]);
    expect(scene.upstream.requests).toEqual([]);
  });

  test("the project may be said in the file where the key file names none", async () => {
    const scene = await start({ project: "acme-own" });
    expect((await scene.gateway.post(SHORT, CONTENTS)).status).toBe(200);
    expect((await scene.gateway.post(pathAt("acme-prod", "global"), CONTENTS)).status).toBe(400);
    expect(scene.upstream.requests.map(({ path }) => path)).toEqual([
      "/vertex/v1/projects/acme-own/locations/global/publishers/google/models/m:generateContent",
    ]);
  });
});
