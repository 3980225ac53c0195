// Sizes as people write them: 512B, 64KiB, 32MiB, 1GiB.

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Source of a regular expression that matches exactly the texts {@link sizeBytes} reads. */
export const SIZE_PATTERN = "^(?:0|[0-9]{1,9}(?:\\.[0-9]{1,6})?(?:B|KiB|MiB|GiB|TiB))$";

/** Bytes, rounded; a bare 0 needs no unit. Undefined when it is no size. */
export function parseSize(value: string | number): number | undefined {
  if (value === 0 || value === "0") return 0;
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,6})?)(B|KiB|MiB|GiB|TiB)$/.exec(String(value));
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
}

/** Bytes of a size that was checked before; throws a RangeError when it is none. */
export function sizeBytes(value: string | number): number {
  const bytes = parseSize(value);
  if (bytes === undefined) throw new RangeError("not a size");
  return bytes;
}
