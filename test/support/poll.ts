import { setTimeout as delay } from 'node:timers/promises';

/** Far longer than anything takes: what is only slow must not fail, and a test that fails may take its time. */
const TIMEOUT_MS = 60_000;

/**
 * Calls `assertion` until it no longer throws, and returns its value; after a minute its last error is thrown.
 * For everything that happens after an answer: a test says what must be true in the end, never how long it takes.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { intervalMs = 50 }: { intervalMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() + intervalMs > deadline) throw error;
    }
    await delay(intervalMs);
  }
}
