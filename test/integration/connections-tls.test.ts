// Which certificate of an upstream is accepted, and that one provider's leniency is not another's.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { TESTER } from "../support/keys.ts";
import {
  chatChunk,
  DONE,
  eventStream,
  type FakeUpstream,
  fakeUpstream,
  firstChunk,
  lastChunk,
} from "../support/upstream.ts";

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = fakeUpstream(undefined, CERTIFICATE);
  const local = upstream.url;
  const provider = (url: string, tls: string): string => `{ base_url: "${url}/v1", auth: none${tls} }`;
  gateway = await startGateway({
    files: {
      "ca.pem": CERTIFICATE.cert,
      "wrong.pem": OTHER_CERTIFICATE.cert,
      "both.pem": OTHER_CERTIFICATE.cert + CERTIFICATE.cert,
    },
    yaml: `
providers:
  trusted: ${provider(local, ", tls: { ca_file: ca.pem }")}
  bundle: ${provider(local, ", tls: { ca_file: both.pem }")}
  wrong: ${provider(local, ", tls: { ca_file: wrong.pem }")}
  unknown: ${provider(local, "")}
  elsewhere: ${provider(local.replace("127.0.0.1", "127.0.0.2"), ", tls: { ca_file: ca.pem }")}
  insecure: ${provider(local, ", tls: { insecure: true }")}
${TESTER}`,
  });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function ask(provider: string): Promise<{ status: number; text: string }> {
  const answer = await gateway.post("/v1/chat/completions", { model: `${provider}/m` });
  return { status: answer.status, text: await answer.text() };
}

const ACCEPTED = ["trusted", "bundle", "insecure"];
const REFUSED = ["wrong", "unknown"];

describe("an upstream's certificate", () => {
  test("is accepted from the provider's own authority, also out of several, or unseen", async () => {
    for (const provider of ACCEPTED)
      expect([provider, (await ask(provider)).status]).toEqual([provider, 200]);
  });

  test.each(REFUSED)(
    "is refused from another authority (%s), with the setting that would help",
    async (name) => {
      const { status, text } = await ask(name);
      expect(status).toBe(502);
      expect(JSON.parse(text)).toMatchObject({ error: { code: "upstream_unreachable" } });
      expect(text).toContain("tls.ca_file");
      expect(text).toContain("certificate");
    },
  );

  test("that is accepted for one provider is not accepted for the next one at the same address", async () => {
    // A socket that a lenient provider has opened must not be handed to a strict one.
    for (let round = 0; round < 3; round++) {
      for (const provider of ACCEPTED)
        expect([provider, (await ask(provider)).status]).toEqual([provider, 200]);
      for (const provider of REFUSED)
        expect([provider, (await ask(provider)).status]).toEqual([provider, 502]);
    }
  });

  test("also when all of them are asked at once", async () => {
    const names = Array.from({ length: 12 }, () => [...ACCEPTED, ...REFUSED]).flat();
    const statuses = await Promise.all(names.map(async (name) => [name, (await ask(name)).status]));
    expect(statuses).toEqual(names.map((name) => [name, ACCEPTED.includes(name) ? 200 : 502]));
  });

  test("of a server that is reached under another name is refused", async () => {
    const other = fakeUpstream(undefined, CERTIFICATE);
    await other.stop();
    const { status, text } = await ask("elsewhere");
    expect(status).toBe(502);
    expect(text).toMatch(/connection refused|another host name/);
  });
});

test("a stream over TLS leaves as it comes and whole", async () => {
  const events = firstChunk("a") + chatChunk("b".repeat(50_000)) + lastChunk() + DONE;
  upstream.answer(() => eventStream(events));
  const body = { model: "trusted/m", stream: true, stream_options: { include_usage: true } };
  expect(await (await gateway.post("/v1/chat/completions", body)).text()).toBe(events);
});
