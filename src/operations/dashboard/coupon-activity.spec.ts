import { describe, expect, it } from '@jest/globals';
import type { CouponOverview } from '../../coupon/index.js';
import { CouponActivity, REMEMBERED_MS } from './coupon-activity.js';

const CREATED = new Date('2026-11-20T09:00:00Z');
const START = CREATED.getTime() + 60_000;

type Seen = Partial<Omit<CouponOverview, 'view'>> & { readonly remaining?: number };

function overview({ remaining = 100, ...rest }: Seen = {}): CouponOverview {
  const view = {
    couponId: 1,
    totalQuantity: 100,
    remainingQuantity: remaining,
    createdAt: CREATED,
  } as CouponOverview['view'];
  const redis = { pending: 0, oldestPending: null, pendingForMs: 0, accepted: 0, epoch: 1, isLoaded: true };
  return { view, ...redis, openFailures: 0, refusals: {}, isRefusalsOfAll: true, ...rest };
}

describe('the activity of a coupon', () => {
  it('tells how many were accepted and refused in each second', () => {
    const activity = new CouponActivity();
    expect(activity.add(START, overview())).toMatchObject({ acceptedPerSecond: null, refusedPerSecond: 0 });
    const second = overview({ accepted: 40, remaining: 60, refusals: { COUPON_SOLD_OUT: 3, ALREADY_ISSUED: 2 } });
    expect(activity.add(START + 1000, second)).toMatchObject({ acceptedPerSecond: 40, refusedPerSecond: 5 });
    expect(
      activity.add(START + 3000, overview({ accepted: 50, remaining: 50, refusals: second.refusals })),
    ).toMatchObject({
      acceptedPerSecond: 5,
      refusedPerSecond: 0,
    });
  });

  it('does not take the gap in the numbers after a rebuild for a rush', () => {
    const activity = new CouponActivity();
    activity.add(START, overview({ accepted: 10 }));
    expect(activity.add(START + 1000, overview({ accepted: 1010, epoch: 2 })).acceptedPerSecond).toBeNull();
    expect(activity.add(START + 2000, overview({ accepted: 1012, epoch: 2 })).acceptedPerSecond).toBe(2);
  });

  it('spreads over an outage of Redis what was accepted in it', () => {
    const activity = new CouponActivity();
    activity.add(START, overview({ accepted: 10 }));
    expect(activity.add(START + 1000, overview({ accepted: null, epoch: null })).acceptedPerSecond).toBeNull();
    expect(activity.add(START + 2000, overview({ accepted: 30 })).acceptedPerSecond).toBe(10);
  });

  it('begins a coupon that was just created with all of its stock', () => {
    const activity = new CouponActivity();
    const at = CREATED.getTime() + 500;
    expect(activity.add(at, overview({ accepted: 100, remaining: 0 })).acceptedPerSecond).toBe(200);
  });

  it('knows the age of what is pending by the number, and takes the word of who looked before', () => {
    const activity = new CouponActivity();
    expect(
      activity.add(START, overview({ accepted: 10, pending: 1, oldestPending: 10, pendingForMs: 90_000 }))
        .oldestPendingMs,
    ).toBe(90_000);
    activity.add(START + 1000, overview({ accepted: 20 }));
    activity.add(START + 2000, overview({ accepted: 30 }));
    expect(
      activity.add(START + 5000, overview({ accepted: 30, pending: 9, oldestPending: 12, pendingForMs: 90_000 }))
        .oldestPendingMs,
    ).toBe(4000);
    expect(activity.add(START + 6000, overview({ accepted: 30 })).oldestPendingMs).toBeNull();
  });

  it('does not take what others refused before for a rush, once it is heard of', () => {
    const activity = new CouponActivity();
    activity.add(START, overview({ refusals: { COUPON_SOLD_OUT: 1 }, isRefusalsOfAll: false }));
    const heard = overview({ refusals: { COUPON_SOLD_OUT: 5001 } });
    expect(activity.add(START + 1000, heard).refusedPerSecond).toBe(0);
    const more = overview({ refusals: { COUPON_SOLD_OUT: 5004 } });
    expect(activity.add(START + 2000, more).refusedPerSecond).toBe(3);
  });

  it('forgets what is older than ten minutes', () => {
    const activity = new CouponActivity();
    activity.add(START, overview({ accepted: 10 }));
    activity.add(START + 1000, overview({ accepted: 20 }));
    activity.add(START + REMEMBERED_MS + 1001, overview({ accepted: 30 }));
    const waiting = overview({ accepted: 30, pending: 1, oldestPending: 5, pendingForMs: 1_000_000 });
    expect(activity.add(START + REMEMBERED_MS + 2000, waiting).oldestPendingMs).toBe(1_000_000);
  });
});
