import { Chance } from '../world/chance.js';
import type { Moments } from './moments.js';
import type { CouponPlan, PlannedEvent } from './plan.js';
import { seconds } from './seconds.js';

/** Someone else locks the row of a coupon for a while: an operator at the database, or an instance whose host is gone. */
export function drawLockedRows(seed: number, moments: Moments, coupons: readonly CouponPlan[]): PlannedEvent[] {
  const chance = new Chance(seed, 'locked rows');
  if (!chance.is(0.15)) return [];
  return Array.from({ length: chance.pick([1, 2]) }, (_, index) => {
    const own = new Chance(seed, `locked row ${index + 1}`);
    const [{ couponId }, ms] = [own.pick(coupons), own.pick([own.between(500, 14_000), 20_000])];
    return lockedRow(moments.draw(own), couponId, ms);
  });
}

/** The row of the first coupon is locked nearly all the time. */
export function drawStuckCoupon(seed: number): PlannedEvent[] {
  return [lockedRow(new Chance(seed, 'stuck coupon').below(5000), 1, 20_000)];
}

/** Someone deletes the row of a coupon from the table. */
export function drawDeletions(seed: number, moments: Moments, coupons: readonly CouponPlan[]): PlannedEvent[] {
  const chance = new Chance(seed, 'deletions');
  return coupons
    .filter(({ isDeleted }) => isDeleted)
    .map(({ couponId }) => ({
      at: moments.draw(chance),
      what: `someone deletes coupon ${couponId} from the table`,
      happen: (history) => history.ledgerFaults.deleteCoupon(couponId),
      disturbs: couponId,
    }));
}

function lockedRow(at: number, couponId: number, ms: number): PlannedEvent {
  return {
    at,
    what: `someone locks the row of coupon ${couponId} for ${seconds(ms)}`,
    happen: (history) => history.ledgerFaults.lockRow(couponId, ms),
    disturbs: couponId,
  };
}
