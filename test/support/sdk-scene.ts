// The scene of the SDK tests: a gateway with an independent mock, an upstream of the tests' own, and one that is down.

import { type Aimock, MOCK_ANSWERS, startAimock } from "./aimock.ts";
import { freePort, type Gateway, startGateway } from "./gateway.ts";
import { hashOf, TEST_KEY, virtualKey } from "./keys.ts";
import { fakeUpstream, type PacedStream, pacedStream, type SeenRequest } from "./upstream.ts";

/** A virtual key that may call `smart` and `far/*` only. */
export const NARROW_KEY = virtualKey("narrow");

export interface SdkScene {
  readonly gateway: Gateway;
  /** What `own/…` streams to the next caller: begun anew by each call of this function. */
  pacedAnswer(): PacedStream;
  stop(): Promise<void>;
}

/** Embeddings as the specification has them: in the encoding that was asked for. */
function vectors(request: SeenRequest): Response {
  const floats = Float32Array.from(MOCK_ANSWERS.embedding);
  const encoded = request.json()["encoding_format"] === "base64";
  const embedding = encoded ? Buffer.from(floats.buffer).toString("base64") : [...floats];
  const usage = { prompt_tokens: 2, total_tokens: 2 };
  return Response.json({
    object: "list",
    data: [{ object: "embedding", index: 0, embedding }],
    model: "e",
    usage,
  });
}

/**
 * Providers: `far` (the mock), `own` (paced streams, embeddings), `chatty` (the mock, chat only), `nobody` (down).
 * Model: `smart` (= `far/gpt-4o`). Bodies may have 64 KiB.
 */
export async function startSdkScene(): Promise<SdkScene> {
  let paced = pacedStream();
  const own = fakeUpstream((request) =>
    request.path.endsWith("/embeddings") ? vectors(request) : paced.response,
  );
  const mock: Aimock = await startAimock();
  const nobody = await freePort();
  const stopUpstreams = async () => {
    await Promise.all([mock.stop(), own.stop()]);
  };
  const gateway = await startGateway(`
server:
  max_body: 64KiB
providers:
  far: { base_url: "${mock.url}/v1", api_key: "\${UP_KEY}", models: [gpt-4o, text-embedding-3-small] }
  own: { base_url: "${own.url}/v1", auth: none }
  chatty: { base_url: "${mock.url}/v1", auth: none, endpoints: [chat] }
  nobody: { base_url: "http://127.0.0.1:${nobody}/v1", auth: none }
models: { smart: far/gpt-4o }
keys:
  tester: { hash: "${hashOf(TEST_KEY)}" }
  narrow: { hash: "${hashOf(NARROW_KEY)}", models_allowed: [smart, "far/*"] }
`).catch(async (error: unknown) => {
    await stopUpstreams();
    throw error;
  });
  return {
    gateway,
    pacedAnswer() {
      paced = pacedStream();
      return paced;
    },
    stop: async () => {
      await gateway.stop();
      await stopUpstreams();
    },
  };
}
