// An upstream that says what models it has.

import { CHAT_REPLY, type FakeUpstream, type SeenRequest } from "./upstream.ts";

/** Answers chat, and lists these models. */
export function listing(...ids: readonly string[]): (request: SeenRequest) => Response {
  const data = ids.map((id) => ({ id, object: "model", created: 1, owned_by: "them" }));
  return ({ method }) => Response.json(method === "GET" ? { object: "list", data } : CHAT_REPLY);
}

/** The questions for that list. */
export function asksFor(upstream: FakeUpstream): SeenRequest[] {
  return upstream.requests.filter(({ method }) => method === "GET");
}
