import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AdmissionService } from './admission.service.js';
import type { CouponDefinition } from './coupon-definition.js';
import type { ReservationMetrics } from './reservation-metrics.js';
import { ReserveBatcher } from './reserve-batcher.js';

const coupon = (couponId: number) => ({ couponId }) as CouponDefinition;

describe('ReserveBatcher', () => {
  const admit = jest.fn<(...asked: Parameters<AdmissionService['admit']>) => Promise<unknown[]>>();
  let batcher: ReserveBatcher;

  beforeEach(() => {
    admit
      .mockReset()
      .mockImplementation(async (_definition, requests) =>
        requests.map(({ userId }) =>
          userId < 1000 ? { userId, sequenceNumber: userId * 10 } : new Error(`no ${userId}`),
        ),
      );
    const metrics = { now: () => 0 } as ReservationMetrics;
    batcher = new ReserveBatcher({ admit } as unknown as AdmissionService, metrics);
  });

  const asked = () =>
    admit.mock.calls.map(([{ couponId }, requests]) => [couponId, requests.map(({ userId }) => userId)]);

  it('decides together about all who ask for a coupon in one turn, and tells each of them what is theirs', async () => {
    const outcomes = await Promise.allSettled([
      batcher.reserve(coupon(7), 1),
      batcher.reserve(coupon(7), 1001),
      batcher.reserve(coupon(8), 2),
      batcher.reserve(coupon(7), 3),
    ]);
    expect(asked()).toEqual([
      [7, [1, 1001, 3]],
      [8, [2]],
    ]);
    expect(
      outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value.sequenceNumber : String(outcome.reason),
      ),
    ).toEqual([10, 'Error: no 1001', 20, 30]);
  });

  it('decides about 200 at a time at most', async () => {
    await Promise.all(Array.from({ length: 450 }, (_, index) => batcher.reserve(coupon(7), index)));
    expect(admit.mock.calls.map(([, requests]) => requests.length)).toEqual([200, 200, 50]);
  });

  it('tells everybody of a decision that failed, and decides anew for the next', async () => {
    admit.mockRejectedValueOnce(new Error('Redis is away'));
    const outcomes = await Promise.allSettled([batcher.reserve(coupon(7), 1), batcher.reserve(coupon(7), 2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await batcher.reserve(coupon(7), 1)).sequenceNumber).toBe(10);
  });

  it('leaves nobody waiting whom the decision has left out', async () => {
    admit.mockResolvedValueOnce([]);
    await expect(batcher.reserve(coupon(7), 1)).rejects.toThrow('left without a decision');
  });
});
