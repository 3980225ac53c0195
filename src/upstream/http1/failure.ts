// Why the own client has no answer, or only a part of one.

/** A failed exchange. Its code is the one that `fetch` gives for the same failure. */
export class TransportError extends Error {
  readonly code: string;
  /** A byte of the request was handed to the network, so the upstream may have begun to work. */
  readonly reached: boolean;

  constructor(code: string, reached: boolean, cause?: unknown) {
    super(`the exchange with the upstream failed (${code})`, { cause });
    this.name = "TransportError";
    this.code = code;
    this.reached = reached;
  }
}

/** What arrived is not HTTP/1.1 as this client reads it; thrown while parsing. */
export class BadAnswer extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`the answer cannot be read (${code})`);
    this.name = "BadAnswer";
    this.code = code;
  }
}
