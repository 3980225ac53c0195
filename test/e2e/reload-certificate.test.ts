// The gateway's own certificate changes while it serves: new connections get the new one, and no request is lost.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { CERTIFICATE, OTHER_CERTIFICATE } from "../support/certificates.ts";
import { until } from "../support/deadline.ts";
import { type Gateway, runPostern, startGateway } from "../support/gateway.ts";
import { TEST_KEY } from "../support/keys.ts";
import { liveYaml, untilLive } from "../support/live-config.ts";

const YAML = liveYaml({ marker: "secure", server: ["tls: { cert_file: cert.pem, key_file: key.pem }"] });
const FIRST_NAME = "Postern tests";
const SECOND_NAME = "Postern tests, second";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({
    yaml: YAML,
    files: { "cert.pem": CERTIFICATE.cert, "key.pem": CERTIFICATE.key },
    reach: "https",
  });
});

afterAll(async () => {
  expect(await gateway?.stop()).toBe(0);
});

/** The name in the certificate that a new connection is shown. */
function shownName(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: gateway.port, rejectUnauthorized: false });
    socket.once("secureConnect", () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

function writePair({ cert, key }: typeof CERTIFICATE): void {
  writeFileSync(join(gateway.dir, "cert.pem"), cert);
  writeFileSync(join(gateway.dir, "key.pem"), key);
}

async function rotateTo(pair: typeof CERTIFICATE, name: string): Promise<void> {
  writePair(pair);
  await until(`the certificate of ${name}`, async () => ((await shownName()) === name ? true : undefined));
}

interface Tally {
  whole: number;
  readonly failed: unknown[];
}

/** Sends one request after the other until told to stop, on a kept connection or on a new one each. */
async function load(tally: Tally, kept: boolean, isOver: () => boolean): Promise<void> {
  const body = JSON.stringify({ model: "demo/m", messages: [{ role: "user", content: "ping" }] });
  while (!isOver()) {
    try {
      const answer = await gateway.fetch("/v1/chat/completions", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${TEST_KEY}`,
          ...(kept ? {} : { connection: "close" }),
        },
        keepalive: kept,
        body,
      });
      const text = await answer.text();
      if (answer.status === 200 && text.includes("ping")) tally.whole++;
      else tally.failed.push([answer.status, text]);
    } catch (error) {
      tally.failed.push(error);
    }
  }
}

describe("a certificate that is replaced", () => {
  test("is what new connections get, several times over and under load, without a failed request", async () => {
    const tally: Tally = { whole: 0, failed: [] };
    let over = false;
    const clients = [true, true, true, false, false, false].map((kept) => load(tally, kept, () => over));
    for (let round = 0; round < 5; round++) {
      await rotateTo(OTHER_CERTIFICATE, SECOND_NAME);
      await rotateTo(CERTIFICATE, FIRST_NAME);
    }
    // With one listener per certificate, every new connection must be led to the last one.
    const shown = await Promise.all(Array.from({ length: 30 }, shownName));
    over = true;
    await Promise.all(clients);
    expect(new Set(shown)).toEqual(new Set([FIRST_NAME]));
    expect(tally.failed).toEqual([]);
    expect(tally.whole).toBeGreaterThan(100);
    const line = await gateway.logged(({ changed }) => String(changed).includes("server.tls"));
    expect(line["level"]).toBe("info");
  }, 30_000);

  test("by one without its key is a bad file, and the one before stays", async () => {
    writeFileSync(join(gateway.dir, "cert.pem"), OTHER_CERTIFICATE.cert);
    await gateway.logged(({ path, level }) => level === "error" && path === "server.tls.key_file");
    expect(await shownName()).toBe(FIRST_NAME);
    await rotateTo(OTHER_CERTIFICATE, SECOND_NAME);
    await untilLive(gateway, "secure");
  });
});

describe("the address of a TLS listener", () => {
  test("is not shared with a second gateway", async () => {
    const second = await runPostern(["serve", "--config", "config.yaml"], {
      yaml: YAML.replace(`\${PORT}`, String(gateway.port)),
      files: { "cert.pem": CERTIFICATE.cert, "key.pem": CERTIFICATE.key },
    });
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringContaining("another process listens there"),
    ]);
  });
});
