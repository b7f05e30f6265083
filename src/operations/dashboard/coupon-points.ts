import { type HistoryPoint, refusedIn } from '../../coupon/index.js';
import { perSecond } from './coupon-activity.js';
import type { CouponPoint } from './snapshot.js';

/** What the page draws: from each point to the next, how many were accepted and refused in a second. */
export function pointsOf(history: readonly HistoryPoint[]): CouponPoint[] {
  return history.map((point, index) => {
    const { at, remaining, accepted, epoch, pending, refusals } = point;
    const before = history[index - 1];
    if (before === undefined) return [at, remaining, null, 0, pending];
    const ms = at - before.at;
    // The numbers of a coupon that was rebuilt go on above a gap.
    const acceptedPerSecond = epoch === before.epoch ? perSecond(Math.max(0, accepted - before.accepted), ms) : null;
    const refused = Math.max(0, refusedIn(refusals) - refusedIn(before.refusals));
    return [at, remaining, acceptedPerSecond, perSecond(refused, ms), pending];
  });
}
