import type { Outcome } from './history.js';
import { drawPlan } from './plan.js';
import { runHistory, type RunOptions } from './run-history.js';

/** A history with as few events as possible that still breaks the same promise. */
export interface ShrunkHistory {
  readonly only: readonly number[];
  readonly outcome: Outcome;
}

/**
 * Leaves out planned events of a history that breaks a promise, first many at a time, for as long as the same check
 * still finds something. What happens besides them may change: another history of the same kind does as well.
 */
export async function shrink(seed: number, found: Outcome, options: RunOptions): Promise<ShrunkHistory> {
  let only = drawPlan(seed).events.map((_event, index) => index);
  let outcome = found;
  const stillFails = async (fewer: readonly number[]): Promise<Outcome | undefined> => {
    const tried = await runHistory(seed, { ...options, only: new Set(fewer) });
    return tried.violation?.check === found.violation?.check ? tried : undefined;
  };
  for (let size = Math.ceil(only.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let first = 0; first < only.length;) {
      const fewer = [...only.slice(0, first), ...only.slice(first + size)];
      const failing = await stillFails(fewer);
      if (failing === undefined) first += size;
      else [only, outcome] = [fewer, failing];
    }
  }
  return { only, outcome };
}
