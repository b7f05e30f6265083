import { beforeAll, describe, expect, it } from '@jest/globals';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { AuditedApp } from '../support/audited-app.js';
import { expectConsistent } from '../support/drop.js';
import { eventually } from '../support/poll.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

let app: AuditedApp;

beforeAll(async () => {
  app = await AuditedApp.open({ sweepIntervalMs: 100 });
});

describe('the sweep heals by itself', () => {
  it.each([
    ['a smaller total', 'total_quantity = 2', 'COUPON_SOLD_OUT'],
    ['a pause', 'is_active = FALSE', 'COUPON_INACTIVE'],
    ['an end', 'expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE', 'COUPON_EXPIRED'],
  ])('DEFINITION_MISMATCH: %s that was written to MySQL by hand', async (_what, assignment, refusal) => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, assignment);
    await expectConsistent(app.api, couponId);
    expect((await app.api.reserve(couponId, newUserId())).error).toBe(refusal);
  });

  it('DEFINITION_MISMATCH: a definition in Redis that MySQL does not know, of a PATCH that died half way', async () => {
    const { couponId } = await app.coupon(2);
    await app.redis.hset(keys.state(couponId), 'total', 2, 'version', 99);
    await expectConsistent(app.api, couponId);
    expect((await app.audit(couponId)).redis).toMatchObject({ available: 8 });
    const { body } = await app.api.patchCoupon(couponId, { totalQuantity: 4 });
    expect(body).toMatchObject({ totalQuantity: 4, remainingQuantity: 2 });
    expect((await app.audit(couponId)).redis).toMatchObject({ available: 2 });
  });

  it('SLOT_LEAKED: slots of nobody are offered again', async () => {
    const { couponId } = await app.coupon(2, { totalQuantity: 4 });
    for (const userId of newUserIds(2)) await app.plantSlot(couponId, userId);
    await expectConsistent(app.api, couponId);
    for (const userId of newUserIds(2)) expect((await app.api.issue(couponId, userId)).status).toBe(200);
    expect((await app.api.reserve(couponId, newUserId())).error).toBe('COUPON_SOLD_OUT');
  });

  it('ISSUED_NOT_IN_REDIS: holders whom Redis has forgotten have their slots again', async () => {
    const { couponId, users } = await app.coupon(3, { totalQuantity: 3 });
    await app.redis
      .multi()
      .srem(keys.users(couponId), String(users[0]), String(users[1]))
      .decrby(keys.reserved(couponId), 2)
      .exec();
    await expectConsistent(app.api, couponId);
    expect((await app.audit(couponId)).redis).toMatchObject({ reserved: 3, users: 3 });
    expect((await app.api.reserve(couponId, newUserId())).error).toBe('COUPON_SOLD_OUT');
    expect((await app.api.reserve(couponId, users[0])).error).toBe('ALREADY_ISSUED');
  });

  it('no leak where only the counter in MySQL says so: the coupon is not rebuilt again and again', async () => {
    const { couponId } = await app.coupon(3);
    const before = await app.audit(couponId);
    await app.changeRow(couponId, 'issued_quantity = 2');
    // Healed at the third sweep from now at the latest, so the coupon above was swept as often.
    const { couponId: leaking } = await app.coupon(2);
    await app.plantSlot(leaking, newUserId());
    await expectConsistent(app.api, leaking);
    const after = await app.audit(couponId);
    expect(after.violations.map(({ code }) => code)).toEqual(['COUNTER_MISMATCH']);
    expect(after.redis).toEqual(before.redis);
  });

  it('pending entries that were deleted: their slots are offered again, also to those who lost them', async () => {
    const { couponId } = await app.coupon(2, { totalQuantity: 4 });
    const [first, second] = newUserIds(2) as [number, number];
    // As after a crash between the script and the event, and then the loss of the entries.
    for (const userId of [first, second]) await app.plantSlot(couponId, userId);
    await app.redis.set(keys.sequence(couponId), 4);
    await expectConsistent(app.api, couponId);
    expect((await app.api.issue(couponId, first)).body).toMatchObject({ status: 'ISSUED', sequenceNumber: 5 });
    expect((await app.api.issue(couponId, second)).body).toMatchObject({ status: 'ISSUED', sequenceNumber: 6 });
  });

  it('reservations that stayed pending: they are issued under their numbers, also of a coupon that is paused or has ended', async () => {
    const { couponId } = await app.coupon(2);
    const { couponId: ended } = await app.coupon(2);
    const users = newUserIds(3);
    for (const id of [couponId, ended]) {
      for (const [index, userId] of users.entries()) {
        await app.plantSlot(id, userId);
        await app.redis
          .multi()
          .incr(keys.sequence(id))
          .zadd(keys.pending(id), index + 3, String(userId))
          .exec();
      }
    }
    await app.api.patchCoupon(couponId, { isActive: false });
    await app.api.patchCoupon(ended, { expiresAt: new Date(Date.now() - 1000).toISOString() });
    for (const id of [couponId, ended]) {
      await expectConsistent(app.api, id);
      const rows = await app.database.userCoupons(id);
      expect(rows.slice(2).map(({ userId, sequenceNumber }) => [userId, sequenceNumber])).toEqual(
        users.map((userId, index) => [userId, index + 3]),
      );
    }
  });

  it.each([
    ['the state', (id: number) => app.redis.del(keys.state(id))],
    ['the counter of slots', (id: number) => app.redis.del(keys.reserved(id))],
    ['the set of users', (id: number) => app.redis.del(keys.users(id))],
    ['the sequence', (id: number) => app.redis.del(keys.sequence(id))],
  ])('NOT_LOADED: missing is %s', async (_missing, plant) => {
    const { couponId } = await app.coupon(2);
    await plant(couponId);
    await expectConsistent(app.api, couponId);
    expect((await app.audit(couponId)).redis).toMatchObject({ reserved: 2, users: 2 });
  });
});

describe('the audit names what the sweeps did not bring to an end', () => {
  it('STALE_PENDING: no room in the queue of a process whose database is stuck; healed when it goes on', async () => {
    const crowded = await AuditedApp.open({ sweepIntervalMs: 100, env: { COUPON_ISSUANCE_QUEUE_CAPACITY: '1' } });
    const { couponId } = await crowded.coupon(2);
    const giveBack = await crowded.holdRowLock(couponId);
    try {
      for (const userId of newUserIds(3)) expect((await crowded.api.reserve(couponId, userId)).status).toBe(200);
      await eventually(async () => expect(await crowded.violations(couponId)).toEqual(['STALE_PENDING']));
    } finally {
      await giveBack();
    }
    await expectConsistent(crowded.api, couponId);
    expect((await crowded.database.userCoupons(couponId)).map(({ sequenceNumber }) => sequenceNumber)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });
});
