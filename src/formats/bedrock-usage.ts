// Reads usage of Amazon Bedrock: of Converse, of the metrics beside an invocation, and of its headers.

import { isRecord, type JsonRecord } from "../lib/json-value.ts";
import { readCount, toUsage, type Usage } from "./usage.ts";

/** The member of an invocation's last chunk that holds its metrics, whatever the model. */
export const INVOCATION_METRICS = "amazon-bedrock-invocationMetrics";

/**
 * The `usage` of Converse and of Nova's own format; undefined when the value holds no token count. The input leaves out
 * what was read from or written to the cache; ours contains it.
 */
export function readConverseUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  return fromCounts({
    input: readCount(value["inputTokens"]),
    output: readCount(value["outputTokens"]),
    cacheRead: readCount(value["cacheReadInputTokens"], value["cacheReadInputTokenCount"]),
    cacheWrite: readCount(value["cacheWriteInputTokens"], value["cacheWriteInputTokenCount"]),
    cacheWrite1h: writtenForAnHour(value["cacheDetails"]),
  });
}

/** The metrics under {@link INVOCATION_METRICS}; undefined when the value holds no token count. */
export function readInvocationMetrics(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  return fromCounts({
    input: readCount(value["inputTokenCount"]),
    output: readCount(value["outputTokenCount"]),
    cacheRead: readCount(value["cacheReadInputTokenCount"]),
    cacheWrite: readCount(value["cacheWriteInputTokenCount"]),
  });
}

/** The counts that stand in an answer's headers; undefined when none does. */
export function readBedrockHeaders(headers: Headers): Usage | undefined {
  const count = (name: string) => readCount(headers.get(`x-amzn-bedrock-${name}-token-count`) ?? undefined);
  return fromCounts({
    input: count("input"),
    output: count("output"),
    cacheRead: count("cache-read-input"),
    cacheWrite: count("cache-write-input"),
  });
}

/** As Bedrock counts: the input leaves out the cache. */
interface Counts {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
}

/** Undefined when neither input nor output was counted. */
export function fromCounts({
  input,
  output,
  cacheRead,
  cacheWrite,
  cacheWrite1h,
}: Counts): Usage | undefined {
  if (input === undefined && output === undefined) return undefined;
  const cacheReadTokens = cacheRead ?? 0;
  const cacheWriteTokens = cacheWrite ?? 0;
  return toUsage({
    inputTokens: (input ?? 0) + cacheReadTokens + cacheWriteTokens,
    outputTokens: output ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: cacheWrite1h ?? 0,
    reasoningTokens: 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
  });
}

/** Of a list of `{ttl, inputTokens}`. */
function writtenForAnHour(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  const hours = details.filter((detail): detail is JsonRecord => isRecord(detail) && detail["ttl"] === "1h");
  return hours.reduce((sum, detail) => sum + (readCount(detail["inputTokens"]) ?? 0), 0);
}
