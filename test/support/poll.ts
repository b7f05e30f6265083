import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `assertion` until it no longer throws, and returns its value; after `timeoutMs` its last error is thrown.
 * For everything that happens after an answer: a test says what must be true in the end, never how long it takes.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 50 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() + intervalMs > deadline) throw error;
    }
    await delay(intervalMs);
  }
}
