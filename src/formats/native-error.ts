// What every native error envelope is made from, and what comes of it.

import type { ErrorCode } from "../errors.ts";

export interface NativeError {
  /** HTTP status of the answer: the code's own, or the one that a policy or an upstream put in its place. */
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly requestId: string;
  /** Whole seconds after which trying again can help; undefined where it cannot. */
  readonly retryAfterSeconds?: number | undefined;
}

export interface NativeErrorAnswer {
  /** To be written as JSON. */
  readonly body: object;
  /** Beside those that every format has; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}
