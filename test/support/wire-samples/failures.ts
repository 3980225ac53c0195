// Samples of streams that fail: errors in every shape, and streams that are cut.

import { events, GOOD, ROLE, stream } from "./chunks.ts";
import type { Sample } from "./sample.ts";

const CUT = "The upstream's stream ended before the answer was complete.";
const failing = (quirk: string, tail: string, error = "engine died"): Sample => ({
  quirk,
  bytes: `${events(ROLE, GOOD)}${tail}`,
  expect: { text: "Good ", error },
});
const IN_ENVELOPE = '{"error":{"message":"engine died","type":"server_error","param":null,"code":null}}';

export const FAILURE_SAMPLES: readonly Sample[] = [
  { ...failing("an error in the envelope, then `[DONE]`", stream(IN_ENVELOPE)), wellFormed: true },
  failing("an error in the envelope, nothing behind it", events(IN_ENVELOPE)),
  failing(
    "an error whose code is a number",
    stream('{"error": {"message": "engine died", "type": "Fault", "code": 500}}'),
  ),
  failing(
    "a flat error",
    stream('{"object":"error","message":"engine died","type":"Fault","param":null,"code":500}'),
  ),
  failing("`error:` as a field", 'error: {"code":500,"message":"engine died","type":"server_error"}\n\n'),
  failing("`error:` as a field with text", "error: engine died\n\n"),
  failing("an event named error", 'event: error\ndata: {"message":"engine died"}\n\n'),
  failing("an event named error with text", "event: error\ndata: engine died\n\n"),
  failing("a string under error", stream('{"error":"engine died"}')),
  failing(
    "an error beside choices",
    stream(
      '{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"engine died"}}',
    ),
  ),
  failing(
    "Gemini's error in an array",
    stream('[{"error":{"code":503,"message":"engine died","status":"UNAVAILABLE"}}]'),
  ),
  failing("FastAPI's detail", stream('{"detail":"engine died"}')),
  failing(
    "an event that is no JSON",
    `data: {"id":"chatcmpl-s1","choi\n\n${stream(GOOD)}`,
    "The upstream sent an event that is not JSON.",
  ),
  failing("cut behind an event", "", CUT),
  failing("cut within an event", `data: {"id":"chatcmpl-s1","object":"chat.comp`, CUT),
  failing("plain text in place of the rest", "Internal Server Error", CUT),
  {
    quirk: "an error as the first event",
    bytes: stream('{"error":{"message":"queue is full","type":"overloaded","param":null,"code":null}}'),
    expect: { text: "", error: "queue is full" },
    wellFormed: true,
  },
  {
    quirk: "an HTML page",
    bytes:
      "<!DOCTYPE html><html><head><title>502</title></head>\n<body><h1>502 Bad Gateway</h1></body></html>",
    expect: { text: "", error: "The upstream sent text in place of a stream: 502 Bad Gateway" },
  },
  {
    quirk: "plain text",
    bytes: "upstream connect error",
    expect: { text: "", error: "The upstream sent text in place of a stream: upstream connect error" },
  },
  {
    quirk: "a JSON error in place of a stream",
    bytes: '{\n  "error": {\n    "message": "quota exceeded",\n    "code": 429\n  }\n}',
    expect: { text: "", error: "quota exceeded" },
  },
  { quirk: "nothing at all", bytes: "", expect: { text: "", error: CUT } },
];
