// What admin answers have in common: nobody on the way keeps them, and times are written in one manner.

/** Headers of every answer of the administration. */
export const ADMIN_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** RFC 3339 in UTC. */
export function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
