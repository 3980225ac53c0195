// What went wrong with the store, in words for people.

/** Its message says what is wrong, where, and what to do; it is printed as it is. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system or SQLite error: `ENOSPC`, `SQLITE_BUSY`; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
