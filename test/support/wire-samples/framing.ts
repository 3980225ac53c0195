// Samples of streams that are framed differently: line ends, field names, end marks, heartbeats.

import { ANSWER, chunk, events, GOOD, MORNING, ROLE, STOP, stream, usageChunk } from "./chunks.ts";
import type { Sample } from "./sample.ts";

const GREETING = { text: "Good morning", finish: "stop" };
const CLEAN = stream(...ANSWER);

const ENDS: readonly Sample[] = [
  { quirk: "as the specification has it", bytes: CLEAN, expect: GREETING, wellFormed: true },
  { quirk: "CRLF line ends", bytes: CLEAN.replaceAll("\n", "\r\n"), expect: GREETING },
  { quirk: "bare CR line ends", bytes: CLEAN.replaceAll("\n", "\r"), expect: GREETING },
  {
    quirk: "LF, CRLF and CR mixed",
    bytes: `data: ${ROLE}\r\n\ndata: ${GOOD}\r\rdata: ${MORNING}\n\r\ndata: ${STOP}\r\n\r\ndata: [DONE]\n\n`,
    expect: GREETING,
  },
  {
    quirk: "extra blank lines",
    bytes: `\n\n${CLEAN.replaceAll("\n\n", "\n\n\n\n")}`,
    expect: GREETING,
  },
  { quirk: "one newline between events", bytes: CLEAN.replaceAll("\n\n", "\n"), expect: GREETING },
  { quirk: "a byte order mark", bytes: `\uFEFF${CLEAN}`, expect: GREETING },
];

const FIELDS: readonly Sample[] = [
  { quirk: "no space behind `data:`", bytes: CLEAN.replaceAll("data: ", "data:"), expect: GREETING },
  {
    quirk: "two spaces, and one at the end",
    bytes: CLEAN.replaceAll(/data: (.*)/g, "data:  $1 "),
    expect: GREETING,
  },
  { quirk: "`data: data:`", bytes: CLEAN.replaceAll("data: ", "data: data: "), expect: GREETING },
  { quirk: "indented fields", bytes: CLEAN.replaceAll("data: ", "  data: "), expect: GREETING },
  { quirk: "bare JSON lines (NDJSON)", bytes: `${ANSWER.join("\n")}\n[DONE]\n`, expect: GREETING },
  { quirk: "NDJSON without an end mark", bytes: ANSWER.join("\n"), expect: GREETING },
  {
    quirk: "one event without `data:`",
    bytes: `${events(ROLE)}${usageChunk()}\n\n${stream(GOOD, MORNING, STOP)}`,
    expect: { ...GREETING, usage: [12, 5] },
  },
  {
    quirk: "JSON over several `data:` lines",
    bytes: ANSWER.map((json) => JSON.stringify(JSON.parse(json), null, 2).replaceAll(/^/gm, "data: "))
      .map((lines) => `${lines}\n\n`)
      .concat("data: [DONE]\n\n")
      .join(""),
    expect: GREETING,
  },
  {
    quirk: "named events, ids and retry times",
    bytes: `retry: 3000\n\n${CLEAN.replaceAll("data: ", "event: message\nid: 7\ndata: ")}`,
    expect: GREETING,
  },
  {
    quirk: "the name behind the data",
    bytes: CLEAN.replaceAll("\n\n", "\nevent: message\n\n"),
    expect: GREETING,
  },
];

const HEARTBEATS: readonly Sample[] = [
  {
    quirk: "comments as heartbeats",
    bytes: `: PROCESSING\n\n:\n\n${events(ROLE, GOOD)}: ping - 12:00:01\n\n${stream(MORNING, STOP)}`,
    expect: GREETING,
  },
  {
    quirk: "a comment without a blank line behind it",
    bytes: `: x-cost=0.1\n${events(ROLE, GOOD)}: more\n${stream(MORNING, STOP)}`,
    expect: GREETING,
  },
  {
    quirk: "comments behind events with an id",
    bytes: CLEAN.replaceAll("data: ", ": ping\n\nid: 1\ndata: "),
    expect: GREETING,
  },
  {
    quirk: "heartbeats as `data: : keepalive`",
    bytes: CLEAN.replaceAll("data: ", "data: : keepalive\n\ndata: "),
    expect: GREETING,
  },
  {
    quirk: "empty `data:`",
    bytes: CLEAN.replaceAll("data: ", "data:\n\ndata: \n\ndata: "),
    expect: GREETING,
  },
  {
    quirk: 'pings as `data: {"type":"ping"}`',
    bytes: CLEAN.replaceAll("data: ", 'data: {"type":"ping"}\n\nevent: ping\ndata: {}\n\ndata: '),
    expect: GREETING,
  },
];

const END_MARKS: readonly Sample[] = [
  ...["[done]", "DONE", "[Done]", "[DONE] ", " [DONE]"].map(
    (mark): Sample => ({
      quirk: `\`${mark}\``,
      bytes: `${events(...ANSWER)}data: ${mark}\n\n`,
      expect: GREETING,
    }),
  ),
  { quirk: "`[DONE]` without `data:`", bytes: `${events(...ANSWER)}[DONE]\n\n`, expect: GREETING },
  { quirk: "`[DONE]` without a line end", bytes: CLEAN.trimEnd(), expect: GREETING },
  { quirk: "no `[DONE]`", bytes: events(...ANSWER), expect: GREETING },
  { quirk: "no `[DONE]`, the last event unterminated", bytes: events(...ANSWER).trimEnd(), expect: GREETING },
  {
    quirk: "events behind `[DONE]`",
    bytes: `${CLEAN}${events(chunk({ content: " again" }), usageChunk())}`,
    expect: GREETING,
  },
];

const EMOJI = ["你好", "👩‍🚀", "é—“ß"].map((content) => chunk({ content }));

const TEXTS: readonly Sample[] = [
  {
    quirk: "text of several bytes a character",
    bytes: stream(ROLE, ...EMOJI, STOP),
    expect: { text: "你好👩‍🚀é—“ß", finish: "stop" },
    wellFormed: true,
  },
  {
    quirk: "bytes that are no UTF-8",
    bytes: Buffer.from(stream(ROLE, chunk({ content: "Good\xff" }), STOP), "latin1"),
    expect: { text: "Good\uFFFD", finish: "stop" },
  },
  {
    quirk: "an event of 2 MB",
    bytes: stream(ROLE, chunk({ content: "x".repeat(2_000_000) }), STOP),
    expect: { text: "x".repeat(2_000_000), finish: "stop" },
    wellFormed: true,
  },
];

export const FRAMING_SAMPLES: readonly Sample[] = [...ENDS, ...FIELDS, ...HEARTBEATS, ...END_MARKS, ...TEXTS];
