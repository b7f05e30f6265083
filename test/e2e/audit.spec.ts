import { beforeAll, describe, expect, it } from '@jest/globals';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { AuditedApp } from '../support/audited-app.js';
import { newUserId } from '../support/unique-ids.js';

let app: AuditedApp;

beforeAll(async () => {
  app = await AuditedApp.open();
});

describe('an audit without a violation', () => {
  it('shows what is counted on both sides', async () => {
    const { couponId } = await app.coupon(3);
    const { redis, ...others } = await app.audit(couponId);
    expect(others).toEqual({
      couponId,
      consistent: true,
      database: { totalQuantity: 10, issuedQuantity: 3, rows: 3, distinctUsers: 3 },
      violations: [],
    });
    expect(redis).toEqual({ reserved: 3, users: 3, pending: 0, sequence: 3, epoch: expect.anything(), available: 7 });
    expect(Number(redis?.epoch)).toBe(1);
  });

  it('counts a slot that is held and not yet issued', async () => {
    const { couponId } = await app.coupon(2);
    const giveBack = await app.holdRowLock(couponId);
    try {
      expect((await app.api.reserve(couponId, newUserId())).status).toBe(200);
      const { consistent, redis, database } = await app.audit(couponId);
      expect({ consistent, redis, database }).toMatchObject({
        consistent: true,
        redis: { reserved: 3, users: 3, pending: 1, sequence: 3, available: 7 },
        database: { issuedQuantity: 2, rows: 2 },
      });
    } finally {
      await giveBack();
    }
  });

  it('is one of a coupon that nobody has asked for', async () => {
    const { couponId } = await app.api.createCoupon({ totalQuantity: 5 });
    const { consistent, redis } = await app.audit(couponId);
    expect({ consistent, redis }).toMatchObject({
      consistent: true,
      redis: { reserved: 0, users: 0, sequence: 0, available: 5 },
    });
  });

  it('is one of MySQL alone with strategy lock', async () => {
    const { couponId } = await app.coupon(2, { strategy: 'lock' });
    expect(await app.audit(couponId)).toMatchObject({ consistent: true, redis: null, violations: [] });
    await app.changeRow(couponId, 'issued_quantity = 3');
    expect(await app.audit(couponId)).toMatchObject({
      consistent: false,
      redis: null,
      violations: [{ code: 'COUNTER_MISMATCH' }],
    });
  });

  it('is one of a coupon that has ended and that Redis has forgotten', async () => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, 'expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE');
    await app.redis.del(keys.state(couponId), keys.reserved(couponId), keys.users(couponId), keys.sequence(couponId));
    expect(await app.violations(couponId)).toEqual([]);
  });
});

describe('an audit names this very fault and no other', () => {
  it('OVER_ISSUED: more rows than the total', async () => {
    const { couponId } = await app.coupon(2, { totalQuantity: 2 });
    const userId = newUserId();
    await app.plantRow(couponId, userId, 3);
    await app.plantSlot(couponId, userId);
    const { violations, database } = await app.audit(couponId);
    expect(violations).toEqual([{ code: 'OVER_ISSUED', detail: '3 rows for a capacity of 2' }]);
    expect(database).toEqual({ totalQuantity: 2, issuedQuantity: 3, rows: 3, distinctUsers: 3 });
  });

  it('DUPLICATE_USER: two rows of one user', async () => {
    const { couponId, users } = await app.coupon(2);
    await app.database.change('ALTER TABLE user_coupons DROP KEY uq_user_coupons_user');
    try {
      await app.plantRow(couponId, users[0], 3);
      const { violations, database } = await app.audit(couponId);
      expect(violations).toEqual([{ code: 'DUPLICATE_USER', detail: '3 rows for 2 users' }]);
      expect(database).toMatchObject({ rows: 3, distinctUsers: 2 });
    } finally {
      await app.database.change('DELETE FROM user_coupons WHERE coupon_id = ? AND sequence_number = 3', [couponId]);
      await app.database.change('ALTER TABLE user_coupons ADD UNIQUE KEY uq_user_coupons_user (coupon_id, user_id)');
    }
  });

  it.each([1, 3])('COUNTER_MISMATCH: issued_quantity is %i for 2 rows', async (counter) => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, `issued_quantity = ${counter}`);
    const { violations } = await app.audit(couponId);
    expect(violations).toEqual([
      { code: 'COUNTER_MISMATCH', detail: `issued_quantity is ${counter}, there are 2 rows` },
    ]);
  });

  it('ISSUED_NOT_IN_REDIS: a user with a row who holds no slot', async () => {
    const { couponId, users } = await app.coupon(3);
    await app.loseSlot(couponId, users[1]);
    const { violations } = await app.audit(couponId);
    expect(violations).toEqual([{ code: 'ISSUED_NOT_IN_REDIS', detail: expect.stringContaining(String(users[1])) }]);
  });

  it('SLOT_LEAKED: a slot of a user without a row and without a pending entry', async () => {
    const { couponId } = await app.coupon(2);
    const userId = newUserId();
    await app.plantSlot(couponId, userId);
    const { violations } = await app.audit(couponId);
    expect(violations).toEqual([{ code: 'SLOT_LEAKED', detail: expect.stringContaining(String(userId)) }]);
  });

  it('STALE_PENDING: a pending entry under a number that was not given out, which no sweep looks for', async () => {
    const { couponId } = await app.coupon(2);
    const userId = newUserId();
    await app.plantSlot(couponId, userId);
    await app.redis.zadd(keys.pending(couponId), 99, String(userId));
    const { violations } = await app.audit(couponId);
    expect(violations).toEqual([{ code: 'STALE_PENDING', detail: expect.stringContaining(String(userId)) }]);
  });

  it('RETURNED_MISMATCH: more slots given back than rows gave back, which Redis has not heard of', async () => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, 'returned_quantity = 1');
    const { violations } = await app.audit(couponId);
    expect(violations).toEqual([
      { code: 'RETURNED_MISMATCH', detail: 'returned_quantity is 1, 0 rows gave their slot back' },
      { code: 'DEFINITION_MISMATCH', detail: 'capacity is 11 in MySQL and 10 in Redis' },
    ]);
  });

  it.each([
    ['name', "name = 'Another'", 'name is Another in MySQL'],
    ['total', 'total_quantity = 7', 'capacity is 7 in MySQL and 10 in Redis'],
    ['pause', 'is_active = FALSE', 'isActive is false in MySQL and true in Redis'],
    ['end', 'expires_at = expires_at + INTERVAL 1 SECOND', 'expiresAt is'],
  ])('DEFINITION_MISMATCH: another %s in MySQL', async (_field, assignment, detail) => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, assignment);
    const { violations } = await app.audit(couponId);
    expect(violations).toEqual([{ code: 'DEFINITION_MISMATCH', detail: expect.stringContaining(detail) }]);
  });

  it.each([
    ['the state', (id: number) => app.redis.del(keys.state(id))],
    ['the counter of slots', (id: number) => app.redis.del(keys.reserved(id))],
    ['the sequence', (id: number) => app.redis.del(keys.sequence(id))],
    ['every key', (id: number) => app.redis.del(keys.state(id), keys.reserved(id), keys.users(id), keys.sequence(id))],
    ['nothing, but another server holds the keys', (id: number) => app.redis.hset(keys.state(id), 'server', 'another')],
  ])('NOT_LOADED: missing is %s', async (_missing, plant) => {
    const { couponId } = await app.coupon(2);
    await plant(couponId);
    expect(await app.violations(couponId)).toEqual(['NOT_LOADED']);
  });

  // A counter that contradicts the set also closes the coupon, so both are named.
  it.each([
    ['the counter says more', (id: number) => app.redis.incr(keys.reserved(id))],
    ['the counter says less', (id: number) => app.redis.decr(keys.reserved(id))],
    ['the set of users is missing', (id: number) => app.redis.del(keys.users(id))],
  ])('RESERVED_MISMATCH, and therefore NOT_LOADED: %s', async (_how, plant) => {
    const { couponId } = await app.coupon(2);
    await plant(couponId);
    expect(await app.violations(couponId)).toEqual(['NOT_LOADED', 'RESERVED_MISMATCH']);
  });
});

describe('an audit names', () => {
  it('every fault at once, and no more than ten users of each kind', async () => {
    const { couponId, users } = await app.coupon(2, { totalQuantity: 100 });
    for (const userId of users) await app.loseSlot(couponId, userId);
    const leaked = Array.from({ length: 25 }, newUserId);
    for (const userId of leaked) await app.plantSlot(couponId, userId);
    await app.changeRow(couponId, "issued_quantity = 1, name = 'Another'");
    const { violations } = await app.audit(couponId);
    expect(violations.map(({ code }) => code).sort()).toEqual([
      'COUNTER_MISMATCH',
      'DEFINITION_MISMATCH',
      'ISSUED_NOT_IN_REDIS',
      'SLOT_LEAKED',
    ]);
    const detail = violations.find(({ code }) => code === 'SLOT_LEAKED')?.detail ?? '';
    expect(detail).toContain('25 users');
    expect(leaked.filter((userId) => detail.includes(String(userId))).length).toBe(10);
  });

  it.each(['freeze', 'kill'] as const)(
    'REDIS_UNAVAILABLE while Redis is away (%s), together with what MySQL alone shows',
    async (how) => {
      const impatient = await app.startImpatient();
      const { couponId } = await app.coupon(2);
      await app.changeRow(couponId, 'issued_quantity = 3');
      await app.redisServer[how]();
      try {
        const { status, body } = await impatient.audit(couponId);
        const { redis, violations, database } = body;
        expect({ status, redis, database }).toMatchObject({
          status: 200,
          redis: null,
          database: { issuedQuantity: 3, rows: 2 },
        });
        expect(violations.map(({ code }) => code).sort()).toEqual(['COUNTER_MISMATCH', 'REDIS_UNAVAILABLE']);
      } finally {
        await (how === 'freeze' ? app.redisServer.thaw() : app.redisServer.restart());
      }
    },
  );
});
