/**
 * What Node itself gives, taken before the world puts its own in their place. Whoever imports this first has to be
 * imported before `replace-globals.ts` is called.
 */
const { setImmediate: setRealImmediate, setTimeout: setRealTimeout, performance: realPerformance } = globalThis;
const realNow = realPerformance.now.bind(realPerformance);

/** Resolves when all microtasks have run, with those that they queued. */
export function microtasksAreDone(): Promise<void> {
  return new Promise((resolve) => setRealImmediate(resolve));
}

/** Milliseconds of the real clock, from some point on. */
export function realMs(): number {
  return realNow();
}

/** What must not be in any history. */
export function startRealTimer(ms: number): void {
  setRealTimeout(() => undefined, ms);
}
