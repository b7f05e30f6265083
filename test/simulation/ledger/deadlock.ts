import type { LockHolder } from './lock-queue.js';

interface Weighed extends LockHolder {
  readonly weight: number;
}

/**
 * Whom to roll back, when this transaction has just begun to wait and therewith waits for itself; undefined otherwise.
 * As InnoDB chooses: the lightest of the circle, of equals the one whose wait has closed it.
 */
export function deadlockVictim<Holder extends Weighed>(waiting: Holder): Holder | undefined {
  const circle = circleFrom(waiting, waiting, new Set());
  if (circle === undefined) return undefined;
  return circle.reduce((victim, each) => (each.weight < victim.weight ? each : victim), waiting);
}

/** The transactions on a way from `at` to `goal` along who waits for whom. */
function circleFrom<Holder extends Weighed>(at: Holder, goal: Holder, seen: Set<Holder>): Holder[] | undefined {
  const { waitsFor } = at;
  if (waitsFor === undefined || seen.has(at)) return undefined;
  seen.add(at);
  for (const blocker of waitsFor.queue.blockersOf(waitsFor) as Holder[]) {
    if (blocker === goal) return [at];
    const rest = circleFrom(blocker, goal, seen);
    if (rest !== undefined) return [at, ...rest];
  }
  return undefined;
}
