import { describe, expect, it } from '@jest/globals';
import type { CouponOverview } from '../../coupon/index.js';
import { CouponHistory, HISTORY_MS } from './coupon-history.js';

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
  return { view, ...redis, openFailures: 0, refusals: {}, ...rest };
}

describe('the history of a coupon', () => {
  it('tells how many were accepted and refused in each second', () => {
    const history = new CouponHistory();
    expect(history.add(START, overview())).toMatchObject({ acceptedPerSecond: null, refusedPerSecond: 0 });
    const second = overview({ accepted: 40, remaining: 60, refusals: { COUPON_SOLD_OUT: 3, ALREADY_ISSUED: 2 } });
    expect(history.add(START + 1000, second)).toMatchObject({ acceptedPerSecond: 40, refusedPerSecond: 5 });
    expect(
      history.add(START + 3000, overview({ accepted: 50, remaining: 50, refusals: second.refusals })),
    ).toMatchObject({
      acceptedPerSecond: 5,
      refusedPerSecond: 0,
    });
    expect(history.points).toEqual([
      [START, 100, null, 0, 0],
      [START + 1000, 60, 40, 5, 0],
      [START + 3000, 50, 5, 0, 0],
    ]);
  });

  it('does not take the gap in the numbers after a rebuild for a rush', () => {
    const history = new CouponHistory();
    history.add(START, overview({ accepted: 10 }));
    expect(history.add(START + 1000, overview({ accepted: 1010, epoch: 2 })).acceptedPerSecond).toBeNull();
    expect(history.add(START + 2000, overview({ accepted: 1012, epoch: 2 })).acceptedPerSecond).toBe(2);
  });

  it('spreads over an outage of Redis what was accepted in it', () => {
    const history = new CouponHistory();
    history.add(START, overview({ accepted: 10 }));
    expect(history.add(START + 1000, overview({ accepted: null, epoch: null })).acceptedPerSecond).toBeNull();
    expect(history.add(START + 2000, overview({ accepted: 30 })).acceptedPerSecond).toBe(10);
  });

  it('begins a coupon that was just created with all of its stock', () => {
    const history = new CouponHistory();
    const at = CREATED.getTime() + 500;
    expect(history.add(at, overview({ accepted: 100, remaining: 0 })).acceptedPerSecond).toBe(200);
    expect(history.points.map(([time, remaining]) => [time, remaining])).toEqual([
      [CREATED.getTime(), 100],
      [at, 0],
    ]);
  });

  it('knows the age of what is pending by the number, and takes the word of who looked before', () => {
    const history = new CouponHistory();
    expect(
      history.add(START, overview({ accepted: 10, pending: 1, oldestPending: 10, pendingForMs: 90_000 }))
        .oldestPendingMs,
    ).toBe(90_000);
    history.add(START + 1000, overview({ accepted: 20 }));
    history.add(START + 2000, overview({ accepted: 30 }));
    expect(
      history.add(START + 5000, overview({ accepted: 30, pending: 9, oldestPending: 12, pendingForMs: 90_000 }))
        .oldestPendingMs,
    ).toBe(4000);
    expect(history.add(START + 6000, overview({ accepted: 30 })).oldestPendingMs).toBeNull();
  });

  it('forgets what is older than ten minutes', () => {
    const history = new CouponHistory();
    history.add(START, overview());
    history.add(START + HISTORY_MS, overview());
    history.add(START + HISTORY_MS + 1, overview());
    expect(history.points.map(([at]) => at)).toEqual([START + HISTORY_MS, START + HISTORY_MS + 1]);
  });
});
