// US dollars as whole nano-dollars, so that sums are exact: reading them from numbers, writing them for machines and people.

const DECIMALS = 9;
const NANO_PER_USD = 1_000_000_000n;

/** Cents. */
const SHOWN_DECIMALS = 2;

/** Enough to tell two amounts apart in a message. */
const SHOWN_DIGITS = 4;

/**
 * Dollars as a configuration or a price table writes them, to nano-dollars: the decimal number that was written, not
 * its nearest binary one; what is finer than a nano is rounded half up. Dollars per million tokens become nano-dollars
 * per million tokens.
 *
 * @throws {RangeError} when it is negative or not finite
 */
export function parseUsd(usd: number): bigint {
  if (!Number.isFinite(usd) || usd < 0) throw new RangeError("an amount of money is a number from 0 on");
  const [mantissa = "0", exponent = "0"] = String(usd).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const digits = BigInt(whole + fraction);
  const shift = DECIMALS + Number(exponent) - fraction.length;
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfUp(digits, 10n ** BigInt(-shift));
}

/** The quotient of numbers that are not negative, rounded half up. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/** The exact amount in dollars, as short as it can be, never with an exponent: `0`, `2`, `0.0001235`, `-1.5`. */
export function formatUsd(nanoUsd: bigint): string {
  // Every answer says its cost: small amounts, which numbers hold exactly, take the quick way.
  if (nanoUsd >= 0n && nanoUsd < QUICK_BELOW) return formatSmall(Number(nanoUsd));
  const sign = nanoUsd < 0n ? "-" : "";
  const amount = nanoUsd < 0n ? -nanoUsd : nanoUsd;
  const fraction = String(amount % NANO_PER_USD)
    .padStart(DECIMALS, "0")
    .replace(/0+$/, "");
  return `${sign}${amount / NANO_PER_USD}${fraction === "" ? "" : `.${fraction}`}`;
}

const QUICK_BELOW = 2n ** 53n;

function formatSmall(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / 1e9);
  const rest = nanoUsd % 1e9;
  if (rest === 0) return String(whole);
  const digits = String(rest).padStart(DECIMALS, "0");
  let end = DECIMALS;
  while (digits.charCodeAt(end - 1) === ZERO) end--;
  return `${whole}.${digits.slice(0, end)}`;
}

const ZERO = 0x30;

/** For messages: cents, and where that is less than four digits, as many more as are not zero: `$2.00`, `$0.0042`. */
export function showUsd(nanoUsd: bigint): string {
  const sign = nanoUsd < 0n ? "-" : "";
  const amount = nanoUsd < 0n ? -nanoUsd : nanoUsd;
  const surplus = BigInt(
    Math.min(Math.max(String(amount).length - SHOWN_DIGITS, 0), DECIMALS - SHOWN_DECIMALS),
  );
  const unit = 10n ** surplus;
  const [whole = "0", fraction = ""] = formatUsd(divideHalfUp(amount, unit) * unit).split(".");
  return `${sign}$${whole}.${fraction.padEnd(SHOWN_DECIMALS, "0")}`;
}

/** For JSON: a number while every reader has it exactly (up to 2^53), and a string of digits beyond. */
export function toJsonNano(nanoUsd: bigint): number | string {
  const exact = 2n ** 53n;
  return nanoUsd <= exact && nanoUsd >= -exact ? Number(nanoUsd) : String(nanoUsd);
}
