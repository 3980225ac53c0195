// The providers of the compatibility tests: an independent mock behind a front that records every request.

import { type Aimock, startAimock } from "../aimock.ts";
import { rewritten } from "./rewrite.ts";
import { withUsage } from "./usage.ts";

/** What the mock answers to which last user message. */
export const ANSWERS = {
  hello: "Hello there, this answer takes several chunks. Ünïcödé 😀.",
  afterTool: "It is sunny in Paris.",
  slow: "one two three four five six seven eight nine ten ".repeat(40),
} as const;

/** Prompts that clients send; the words are what the mock looks for. */
export const PROMPTS = { hello: "compat hello", weather: "compat weather", slow: "compat slow" } as const;

const FIXTURES = [
  { match: { userMessage: PROMPTS.hello }, response: { content: ANSWERS.hello } },
  {
    match: { userMessage: PROMPTS.weather, hasToolResult: false },
    response: { toolCalls: [{ name: "get_weather", arguments: '{"city":"Paris"}', id: "call_weather1" }] },
  },
  { match: { userMessage: PROMPTS.weather, hasToolResult: true }, response: { content: ANSWERS.afterTool } },
  { match: { userMessage: PROMPTS.slow }, response: { content: ANSWERS.slow }, chunkSize: 4, latency: 100 },
];

export interface SeenCall {
  /** First segment of the path: whose base URL was called. */
  readonly provider: string;
  readonly method: string;
  /** Behind the provider's segment, with the query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the caller gave it up before its end. */
  gone: boolean;
}

export interface CompatUpstream {
  /** `http://127.0.0.1:PORT`; each provider's base URL is a path below it, beginning with the provider's name. */
  readonly url: string;
  readonly calls: readonly SeenCall[];
  stop(): Promise<void>;
}

export const ACCESS_TOKEN = "ya29.access-token-of-the-tests";

/** Starts both. The mock answers by further fixtures, too, which it tries first. */
export async function startCompatUpstream(more: readonly unknown[] = []): Promise<CompatUpstream> {
  const mock = await startAimock([...more, ...FIXTURES]);
  const calls: SeenCall[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => answer(request, mock, calls),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    calls,
    stop: async () => {
      await server.stop(true);
      await mock.stop();
    },
  };
}

async function answer(request: Request, mock: Aimock, calls: SeenCall[]): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const [, provider = "", ...rest] = pathname.split("/");
  const path = `/${rest.join("/")}`;
  const body = await request.text();
  const headers = Object.fromEntries(request.headers);
  const call: SeenCall = {
    provider,
    method: request.method,
    target: path + search,
    headers,
    body,
    gone: false,
  };
  calls.push(call);
  request.signal.addEventListener("abort", () => {
    call.gone = true;
  });
  if (path === "/token")
    return Response.json({ access_token: ACCESS_TOKEN, expires_in: 3_600, token_type: "Bearer" });
  const heard = await fetch(mock.url + mockPath(path), {
    method: request.method,
    headers: { "content-type": "application/json", "accept-encoding": "identity" },
    signal: request.signal,
    ...(body === "" ? {} : { body }),
  });
  const type = heard.headers.get("content-type") ?? "application/json";
  return new Response(rewritten(heard, asProvidersSayIt), {
    status: heard.status,
    headers: { "content-type": type },
  });
}

/** The mock's own word for it is none of Gemini's: a turn that ends in a call ends in `STOP`. */
function asProvidersSayIt(json: unknown): unknown {
  return JSON.parse(
    JSON.stringify(withUsage(json)).replaceAll('"finishReason":"FUNCTION_CALL"', '"finishReason":"STOP"'),
  );
}

/** The mock knows one version of each of Google's paths, and Azure's only with a deployment. */
function mockPath(path: string): string {
  if (path.includes("/projects/")) return path.replace(/^\/v1beta1?\//, "/v1/");
  if (path.startsWith("/v1/models/") && path.includes(":")) return path.replace("/v1/", "/v1beta/");
  return path.replace(/^\/openai\/v1\//, "/v1/");
}
