import { isDeepStrictEqual } from 'node:util';
import type { Actor, Course, Moment, Session } from './steps.js';

const DEADLOCK = 1213;
/** Calls that want several keys, one after the other. */
const INSERTS = /(insertUserCoupons|insertFailures|lockIssuance\.insert)\(/;

/**
 * Whether a transaction that is open after these steps has gone on with an insert while another one was rolled back. The
 * server takes that one's entries back one after the other, and whoever waits for the first goes on at once. It may come
 * upon the next before that has gone, and lock it: then it has more locks than on the simulated server, which rolls back
 * before anyone goes on. Which of them is faster is chance; the locks count when the victim of a deadlock is chosen.
 */
export function hasRacedWithRollback({ steps, moments }: Course): boolean {
  const raced = new Set<Session>();
  const lastCall = new Map<Actor, string>();
  moments.forEach((moment, index) => {
    const step = steps[index];
    if (step === undefined || !('by' in step)) return;
    const { by } = step;
    if ('inside' in step) lastCall.set(by, moment.step);
    for (const session of ['A', 'B'] as const) {
      const isVictim = hasVictim(moment, session);
      const hasEnded = 'end' in step && by === session;
      if (!hasEnded && !isVictim) continue;
      raced.delete(session);
      const other = session === 'A' ? 'B' : 'A';
      // Whoever closes a deadlock has not waited before.
      const hasOtherWaited = isVictim || moments[index - 1]?.waiting.includes(other) === true;
      const isRolledBack = isVictim || ('end' in step && step.end !== 'commit');
      if (isRolledBack && hasOtherWaited && INSERTS.test(lastCall.get(other) ?? '')) raced.add(other);
    }
  });
  return raced.size > 0;
}

export function hasDeadlock(moment: Moment | undefined): boolean {
  return moment !== undefined && (hasVictim(moment, 'A') || hasVictim(moment, 'B'));
}

function hasVictim({ answers }: Moment, session: Session): boolean {
  return answers.some(({ to, answer }) => to === session && isDeepStrictEqual(answer, { errno: DEADLOCK }));
}
