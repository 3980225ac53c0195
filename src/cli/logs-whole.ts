// One request whole, for people: `postern logs ID`.

import type { RequestJson } from "../store/read-request-json.ts";
import { grouped, harmless } from "./table.ts";

/** Lines `name  value`; what there is not is left out. */
export function wholeRequest(row: RequestJson): string {
  const lines: (readonly [string, string | null])[] = [
    ["id", row.id],
    ["at", row.at],
    ["key", row.key],
    ["user", row.user],
    ["workspace", row.workspace],
    ["tags", pairs(row.tags)],
    ["endpoint", `${row.endpoint} (${row.format}${row.stream ? ", stream" : ""})`],
    ["requested model", row.requested_model],
    ["target", row.target],
    ["status", [row.status, row.code].filter((part) => part !== null).join(" ")],
    ["ended", row.ended],
    ["flags", list(row.flags)],
    ...row.attempts.map((attempt, i) => [`attempt ${i + 1}`, attemptText(attempt)] as const),
    ["usage", row.usage === null ? null : usageText(row.usage)],
    ["cost", row.ended === "refused" ? null : `$${row.cost_usd}`],
    ["price", row.price === null ? null : priceText(row.price)],
    ["timings", timingsText(row.timings)],
    ["policies passed", list(row.policies.passed)],
    ["policies violated", list(row.policies.violated)],
    ["client", list([row.client.ip, row.client.user_agent].filter((part) => part !== null))],
    ["trace id", row.trace_id],
  ];
  const given = lines.filter((entry): entry is readonly [string, string] => entry[1] !== null);
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${harmless(value)}\n`).join("");
}

function list(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : texts.join(", ");
}

function pairs(tags: RequestJson["tags"]): string | null {
  return list(Object.entries(tags).map(([name, value]) => `${name}=${value}`));
}

function attemptText(attempt: RequestJson["attempts"][number]): string {
  const status = attempt.status === null ? "no answer" : String(attempt.status);
  return `${attempt.target}  ${status}  ${attempt.outcome}  ${attempt.ms} ms`;
}

function usageText(usage: NonNullable<RequestJson["usage"]>): string {
  const parts = [
    [usage.cache_read_tokens, "read from the cache"],
    [usage.cache_write_tokens, "written to the cache"],
    [usage.reasoning_tokens, "reasoning"],
  ] as const;
  const some = parts.filter(([count]) => count > 0).map(([count, words]) => `, ${grouped(count)} ${words}`);
  return `${grouped(usage.input_tokens)} in, ${grouped(usage.output_tokens)} out${some.join("")}`;
}

function priceText(price: NonNullable<RequestJson["price"]>): string {
  return `$${price.input} in, $${price.output} out per million tokens (${price.match}, ${price.source})`;
}

function timingsText({ total_ms, first_byte_ms, overhead_ms }: RequestJson["timings"]): string {
  const first = first_byte_ms === null ? "" : `, first byte after ${first_byte_ms} ms`;
  return `${total_ms} ms${first}, ${overhead_ms} ms of it here`;
}
