import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CouponDefinition } from './coupon-definition.js';
import { type ReserveRequest, type Decide, ReserveBatcher } from './reserve-batcher.js';

const coupon = (couponId: number) => ({ couponId }) as CouponDefinition;
const user = (userId: number): ReserveRequest => ({ userId, askedAt: 0 });

describe('ReserveBatcher', () => {
  const decide = jest.fn<Decide>();
  let batcher: ReserveBatcher;

  beforeEach(() => {
    decide
      .mockReset()
      .mockImplementation(async (_definition, asking) =>
        asking.map(({ userId }) =>
          userId < 1000 ? { userId, sequenceNumber: userId * 10 } : new Error(`no ${userId}`),
        ),
      );
    batcher = new ReserveBatcher(decide);
  });

  const asked = () =>
    decide.mock.calls.map(([{ couponId }, asking, always]) => [couponId, asking.map(({ userId }) => userId), always]);

  it('decides together about all who ask for a coupon in one turn, and tells each of them what is theirs', async () => {
    const outcomes = await Promise.allSettled([
      batcher.ask(coupon(7), user(1), false),
      batcher.ask(coupon(7), user(1001), false),
      batcher.ask(coupon(8), user(2), false),
      batcher.ask(coupon(7), user(3), false),
    ]);
    expect(asked()).toEqual([
      [7, [1, 1001, 3], false],
      [8, [2], false],
    ]);
    expect(
      outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value.sequenceNumber : String(outcome.reason),
      ),
    ).toEqual([10, 'Error: no 1001', 20, 30]);
  });

  it('keeps those apart who ignore the window', async () => {
    await Promise.all([batcher.ask(coupon(7), user(1), false), batcher.ask(coupon(7), user(2), true)]);
    expect(asked()).toEqual([
      [7, [1], false],
      [7, [2], true],
    ]);
  });

  it('decides about 200 at a time at most', async () => {
    await Promise.all(Array.from({ length: 450 }, (_, index) => batcher.ask(coupon(7), user(index), false)));
    expect(decide.mock.calls.map(([, asking]) => asking.length)).toEqual([200, 200, 50]);
  });

  it('tells everybody of a decision that failed, and decides anew for the next', async () => {
    decide.mockRejectedValueOnce(new Error('Redis is away'));
    const outcomes = await Promise.allSettled([
      batcher.ask(coupon(7), user(1), false),
      batcher.ask(coupon(7), user(2), false),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await batcher.ask(coupon(7), user(1), false)).sequenceNumber).toBe(10);
  });

  it('leaves nobody waiting whom the decision has left out', async () => {
    decide.mockResolvedValueOnce([]);
    await expect(batcher.ask(coupon(7), user(1), false)).rejects.toThrow('left without a decision');
  });
});
