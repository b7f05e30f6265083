import { beforeAll, describe, expect, it } from '@jest/globals';
import { CouponCodeGenerator } from '../../src/coupon/issuance/coupon-code.js';
import { LockIssuanceRepository } from '../../src/coupon/lock/lock-issuance.repository.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { LockCoupons, outcome } from '../support/lock-coupons.js';
import { eventually } from '../support/poll.js';
import { countEach } from '../support/tally.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

let coupons: LockCoupons;

beforeAll(async () => {
  coupons = await LockCoupons.open();
});

describe('a drop', () => {
  it('issues 10 coupons to 10 of 100 users who ask at once', async () => {
    const service = coupons.service();
    const couponId = await coupons.create({ total_quantity: 10 });
    const outcomes = await inParallel(newUserIds(100), (userId) => outcome(service.issue(couponId, userId)));
    expect(countEach(outcomes)).toEqual({ ISSUED: 10, COUPON_SOLD_OUT: 90 });
    await coupons.expectLedger(couponId, 10);
  });

  it('issues 200 coupons once each to 200 of 300 users who ask five times, and tells each holder so', async () => {
    const service = coupons.service();
    const couponId = await coupons.create({ total_quantity: 200 });
    const users = newUserIds(300);
    const asks = shuffled([users, users, users, users, users].flat());
    const outcomes = await inParallel(asks, (userId) => outcome(service.issue(couponId, userId)));
    expect(countEach(outcomes)).toEqual({ ISSUED: 200, ALREADY_ISSUED: 200 * 4, COUPON_SOLD_OUT: 100 * 5 });
    await coupons.expectLedger(couponId, 200);
  });

  it('answers what it wrote', async () => {
    const couponId = await coupons.create({ name: '첫 쿠폰', code_format: 'alphanumeric' });
    const userId = newUserId();
    const issued = await coupons.service().issue(couponId, userId);
    const [row] = await coupons.database.userCoupons(couponId);
    expect(row).toEqual({
      id: issued.userCouponId,
      userId,
      sequenceNumber: 1,
      code: issued.code,
      issuedAt: issued.issuedAt,
    });
    expect(issued).toMatchObject({ couponId, userId, couponName: '첫 쿠폰' });
    const coupon = await coupons.database.row<{ expiresAt: Date }>(
      'SELECT expires_at AS expiresAt FROM coupons WHERE id = ?',
      [couponId],
    );
    expect(issued.expiresAt).toEqual(coupon.expiresAt);
  });

  it('never gives out a number twice, not even after its row was deleted', async () => {
    const service = coupons.service();
    const couponId = await coupons.create();
    await service.issue(couponId, newUserId());
    const { userCouponId } = await service.issue(couponId, newUserId());
    await coupons.database.change('DELETE FROM user_coupons WHERE id = ?', [userCouponId]);
    await coupons.change(couponId, 'issued_quantity = 1');
    expect((await service.issue(couponId, newUserId())).sequenceNumber).toBe(3);
  });
});

describe('refusals', () => {
  it('come in the order of the API', async () => {
    const holder = newUserId();
    const couponId = await coupons.create({ total_quantity: 1 });
    // A new service each time: it remembers for a moment that a coupon has ended.
    const ask = (userId: number): Promise<string> => outcome(coupons.service().issue(couponId, userId));
    expect(await ask(holder)).toBe('ISSUED');

    expect(await ask(newUserId())).toBe('COUPON_SOLD_OUT');
    expect(await ask(holder)).toBe('ALREADY_ISSUED');
    await coupons.change(couponId, 'expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE');
    expect(await ask(holder)).toBe('COUPON_EXPIRED');
    await coupons.change(couponId, 'starts_at = UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE');
    expect(await ask(holder)).toBe('COUPON_NOT_STARTED');
    await coupons.change(couponId, 'is_active = FALSE');
    expect(await ask(holder)).toBe('COUPON_INACTIVE');
    expect(await outcome(coupons.service().issue(2 ** 52, holder))).toBe('COUPON_NOT_FOUND');
    await coupons.expectLedger(couponId, 1);
  });

  it('of a coupon that has ended come from memory, until it may have been prolonged', async () => {
    let looks = 0;
    class CountingRepository extends LockIssuanceRepository {
      override lockCoupon(...args: Parameters<LockIssuanceRepository['lockCoupon']>) {
        looks += 1;
        return super.lockCoupon(...args);
      }
    }
    const service = coupons.service({ repository: new CountingRepository() });
    const couponId = await coupons.create({ expires_at: new Date(Date.now() - 60_000) });
    const outcomes = await inParallel(newUserIds(500), (userId) => outcome(service.issue(couponId, userId)));
    expect(countEach(outcomes)).toEqual({ COUPON_EXPIRED: 500 });
    expect(looks).toBeLessThan(100);

    await coupons.change(couponId, 'expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR');
    await eventually(async () => expect(await outcome(service.issue(couponId, newUserId()))).toBe('ISSUED'));
  });

  it('judge the window at the moment the lock is held, not when the request began to wait for it', async () => {
    const couponId = await coupons.create();
    await coupons.change(couponId, "expires_at = UTC_TIMESTAMP(3) + INTERVAL '0.3' SECOND_MICROSECOND");
    const giveBack = await coupons.holdRowLock(couponId);

    const waiting = outcome(coupons.service().issue(couponId, newUserId()));
    try {
      await eventually(async () => expect(await coupons.waitingForRowLock(couponId)).toBe(1), { intervalMs: 10 });
      await eventually(async () => {
        const { isOver } = await coupons.database.row<{ isOver: number }>(
          'SELECT UTC_TIMESTAMP(3) > expires_at AS isOver FROM coupons WHERE id = ?',
          [couponId],
        );
        expect(isOver).toBe(1);
      });
    } finally {
      await giveBack();
    }
    expect(await waiting).toBe('COUPON_EXPIRED');
    await coupons.expectLedger(couponId, 0);
  });

  it('begin with the very millisecond in which the coupon ends, and not with that in which it starts', async () => {
    let now = new Date();
    class AtAGivenTime extends LockIssuanceRepository {
      override async lookUpUser(...args: Parameters<LockIssuanceRepository['lookUpUser']>) {
        return { ...(await super.lookUpUser(...args)), now };
      }
    }
    const service = coupons.service({ repository: new AtAGivenTime() });
    const startsAt = new Date('2030-01-01T00:00:00.123Z');
    const expiresAt = new Date('2030-01-01T00:00:00.456Z');
    const couponId = await coupons.create({ starts_at: startsAt, expires_at: expiresAt });
    now = new Date(startsAt.getTime() - 1);
    expect(await outcome(service.issue(couponId, newUserId()))).toBe('COUPON_NOT_STARTED');
    now = startsAt;
    expect(await outcome(service.issue(couponId, newUserId()))).toBe('ISSUED');
    now = expiresAt;
    expect(await outcome(service.issue(couponId, newUserId()))).toBe('COUPON_EXPIRED');
  });
});

describe('codes', () => {
  it.each([
    ['none', /^null$/],
    ['alphanumeric', /^[2-9A-HJKMNP-Z]{12}$/],
    ['hangul', /^[가-힣2-9]{10}$/],
  ])('of format %s are stored as they were drawn', async (format, pattern) => {
    const service = coupons.service();
    const couponId = await coupons.create({ code_format: format });
    const issued = await inParallel(newUserIds(20), (userId) => service.issue(couponId, userId));
    const rows = await coupons.database.userCoupons(couponId);
    const byNumber = issued.sort((a, b) => a.sequenceNumber - b.sequenceNumber);
    expect(rows.map((row) => row.code)).toEqual(byNumber.map(({ code }) => code));
    for (const { code } of rows) expect(String(code)).toMatch(pattern);
  });

  it('are drawn again after a collision, in the same transaction', async () => {
    const service = coupons.service({ codes: new ScriptedCodes(['SAME', 'SAME', 'SAME', 'OTHER']) });
    const couponId = await coupons.create({ code_format: 'alphanumeric' });
    expect(await service.issue(couponId, newUserId())).toMatchObject({ sequenceNumber: 1, code: 'SAME' });
    expect(await service.issue(couponId, newUserId())).toMatchObject({ sequenceNumber: 2, code: 'OTHER' });
    await coupons.expectLedger(couponId, 2);
  });

  it('that always collide end in an error, which leaves neither a row nor a gap', async () => {
    const couponId = await coupons.create({ code_format: 'alphanumeric' });
    const broken = coupons.service({ codes: new ScriptedCodes(['SAME']) });
    await broken.issue(couponId, newUserId());
    await expect(broken.issue(couponId, newUserId())).rejects.toThrow('were taken');
    await coupons.service().issue(couponId, newUserId());
    await coupons.expectLedger(couponId, 2);
  });
});

/** Answers these codes, the last one for ever. */
class ScriptedCodes extends CouponCodeGenerator {
  constructor(private readonly script: string[]) {
    super();
  }

  override draw(): string {
    return (this.script.length > 1 ? this.script.shift() : this.script[0]) ?? '';
  }
}
