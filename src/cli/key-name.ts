// Which names a virtual key may have.

const MAX_LENGTH = 200;

/** What is wrong with the name, as a clause; undefined when it is good. */
export function keyNameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return "has control characters";
  if (name.trim() !== name) return "begins or ends with a space";
  // YAML's merge key: quoted or not, readers differ on what it means.
  if (name === "<<") return "means a merge in YAML";
  return undefined;
}
