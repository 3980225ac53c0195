// The list of the mock's models.

import { jsonResponse } from "./respond.ts";
import type { Turn } from "./turn.ts";

/** A fixed date, 1 January 2026, so that the list is always the same. */
const CREATED = 1_767_225_600;

export function answerModels(turn: Turn): Response {
  const data = turn.profile.models.map((id) => ({
    id,
    object: "model",
    created: CREATED,
    owned_by: "postern",
  }));
  return jsonResponse({ object: "list", data });
}
