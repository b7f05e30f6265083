import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

/**
 * Asks until it is so; throws when it is asked to end, or with the problem when a minute has passed.
 * @type {(signal: AbortSignal, problem: string | (() => string), isSo: () => Promise<boolean>) => Promise<void>}
 */
export async function until(signal, problem, isSo) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new Error(`After ${PATIENCE_MS / 1000} s ${typeof problem === 'string' ? problem : problem()}`);
    await sleep(POLL_MS);
  }
}
