// Waiting with an end: an event that never comes fails the test that waits for it, by name, instead of the run.

const PATIENCE_MS = 10_000;

/**
 * The promise's value, or a rejection after ten seconds that says what did not happen. The limit only ends
 * tests that fail anyway; none of them passes because of it.
 */
export async function within<T>(what: string, promise: Promise<T>, limitMs = PATIENCE_MS): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited ${limitMs} ms for ${what}`)), limitMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is defined; for states that announce themselves by no event. */
export async function until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms for ${what}`);
    await Bun.sleep(10);
  }
}
