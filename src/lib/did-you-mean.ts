// Finds the name somebody probably meant.

/**
 * The candidates closest to a mistyped name, closest first, at most `max`; empty when none is close. Close means
 * few edits for the length (swapping neighbours is one), differing only in case, `-`, `_` or a plural, or one
 * being the beginning of the other.
 */
export function closest(name: string, candidates: Iterable<string>, max = 3): string[] {
  const wanted = fold(name);
  if (wanted === "" || name.length > MAX_LENGTH) return [];
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of candidates) {
    if (candidate.length > MAX_LENGTH) continue;
    const score = distance(wanted, fold(candidate));
    if (score !== undefined) scored.push({ candidate, score });
  }
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, max).map((entry) => entry.candidate);
}

/** What to append to a message about an unknown name: "; did you mean `a` or `b`?", or nothing when none is close. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = closest(name, candidates, 2).map((candidate) => `\`${candidate}\``);
  return names.length === 0 ? "" : `; did you mean ${names.join(" or ")}?`;
}

/** Names longer than this are nobody's typing mistake, and comparing them would take long. */
const MAX_LENGTH = 100;

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, "");
}

/** Edits between two folded names; undefined when too many for them to be the same word. */
function distance(a: string, b: string): number | undefined {
  if (b === "") return undefined;
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  if (shorter >= 4 && (a.startsWith(b) || b.startsWith(a))) return 1;
  const allowed = shorter <= 2 ? 0 : shorter <= 5 ? 1 : shorter <= 8 ? 2 : 3;
  if (Math.abs(a.length - b.length) > allowed) return undefined;
  const edits = editDistance(a, b);
  return edits <= allowed ? edits : undefined;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
