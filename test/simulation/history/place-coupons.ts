import { Coupon } from '../../../src/coupon/coupon.entity.js';
import { OPEN_ENTRY } from '../../../src/coupon/entry-terms.js';
import { PLAIN_USAGE } from '../../../src/coupon/usage-terms.js';
import type { Tables } from '../ledger/table.js';
import { EPOCH_MS } from '../world/world.js';
import type { Plan } from './plan.js';

const HOUR_MS = 3_600_000;

/** The coupons of the plan are in the ledger from the beginning, open, and not loaded yet. */
export function placeCoupons({ coupons }: Plan, tables: Tables): void {
  for (const { couponId, strategy, totalQuantity, codeFormat, isNotOpenYet, endsAfterMs = 2 * HOUR_MS } of coupons) {
    tables.coupons.put(
      Object.assign(new Coupon(), {
        id: couponId,
        name: `Coupon ${couponId}`,
        totalQuantity,
        returnedQuantity: 0,
        issuedQuantity: 0,
        failedQuantity: 0,
        discountAmount: 1000,
        discountRate: null,
        startsAt: new Date(EPOCH_MS + (isNotOpenYet ? HOUR_MS : -HOUR_MS)),
        expiresAt: new Date(EPOCH_MS + endsAfterMs),
        isActive: true,
        audience: 'anyone',
        codeFormat,
        strategy,
        ...OPEN_ENTRY,
        ...PLAIN_USAGE,
        latestExpiresAt: new Date(0),
        version: 1,
        epoch: 0,
        sequenceBase: 0,
        lateQuantity: 0,
        eventPosition: 0,
        createdAt: new Date(EPOCH_MS - HOUR_MS),
        updatedAt: null,
      }),
    );
  }
}
