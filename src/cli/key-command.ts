// What `postern key` was told, whichever verb it is.

export interface KeyCommand {
  readonly name: string;
  readonly config: string | undefined;
  readonly write: boolean;
  readonly json: boolean;
  /** As written: a duration, it is hoped. */
  readonly grace: string | undefined;
}
