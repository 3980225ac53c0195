// Names of time zones: which there are.

/**
 * Whether a text names a time zone of the IANA database, such as `Europe/Berlin` or `UTC`, in any case. Offsets
 * (`+01:00`) are none: they know no daylight-saving time.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** All names there are, to find the one that was meant. */
export function timeZones(): readonly string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone")];
}
