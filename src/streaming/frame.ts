// One thing that a stream says, however it says it.

import type { Stretch } from "../lib/sse.ts";

export type Frame =
  | JsonFrame
  /** The end of the stream, in any spelling; `line` when it is exactly `data: [DONE]`. */
  | { readonly kind: "done"; readonly line: Stretch | undefined }
  /** llama.cpp's `error:` field. */
  | { readonly kind: "error"; readonly value: unknown }
  /** It began as JSON, came to its end, and is none. */
  | { readonly kind: "broken" }
  /** Anything else: a heartbeat, the text of a proxy's error. */
  | { readonly kind: "text"; readonly text: string; readonly name: string | undefined };

export interface JsonFrame {
  readonly kind: "json";
  readonly value: unknown;
  /** The JSON on one line, otherwise as it came. */
  readonly text: string;
  /** The line it came on, if that is exactly `data: {json}` in valid UTF-8. */
  readonly line: Stretch | undefined;
  /** The `event` field above it. */
  readonly name: string | undefined;
  /** That field's line with its LF, if it is exactly `event: NAME` and directly above. */
  readonly nameLine: Stretch | undefined;
}
