// Lists of names with `*` and `!`, as allowlists use them.

type Matcher = (name: string) => boolean;

/**
 * Compiles one pattern: `*` stands for any run of characters, `/` included; everything else is literal and
 * case-sensitive. Linear in the length of the name, so no pattern can be made to run away.
 */
export function compileGlob(pattern: string): Matcher {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return (name) => name === pattern;
  const last = parts[parts.length - 1] ?? "";
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  return (name) => {
    if (name.length < first.length + last.length) return false;
    if (!name.startsWith(first) || !name.endsWith(last)) return false;
    const limit = name.length - last.length;
    let from = first.length;
    for (const part of middle) {
      const at = name.indexOf(part, from);
      if (at < 0 || at + part.length > limit) return false;
      from = at + part.length;
    }
    return true;
  };
}

/**
 * Compiles a list. The last pattern that matches wins; a pattern that begins with `!` excludes; no match refuses;
 * a list that begins with an exclusion has an implied `*` before it. Each pattern is tried on all names a thing
 * is known by, and a match of any one of them counts.
 */
export function compileGlobs(patterns: readonly string[]): (names: readonly string[]) => boolean {
  const rules = patterns.map((pattern) => {
    const exclude = pattern.startsWith("!");
    return { exclude, matches: compileGlob(exclude ? pattern.slice(1) : pattern) };
  });
  const otherwise = rules[0]?.exclude === true;
  return (names) => {
    for (let i = rules.length - 1; i >= 0; i--) {
      const rule = rules[i];
      if (rule !== undefined && names.some(rule.matches)) return !rule.exclude;
    }
    return otherwise;
  };
}

/** Whether a pattern is a plain name: no wildcard, not an exclusion. */
export function isLiteral(pattern: string): boolean {
  return !pattern.includes("*") && !pattern.startsWith("!");
}
