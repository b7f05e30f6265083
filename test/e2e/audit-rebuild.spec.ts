import { beforeAll, describe, expect, it } from '@jest/globals';
import { scriptKeys, reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { AuditedApp } from '../support/audited-app.js';
import { expectConsistent } from '../support/drop.js';
import { eventually } from '../support/poll.js';
import { newUserId } from '../support/unique-ids.js';

let app: AuditedApp;

beforeAll(async () => {
  app = await AuditedApp.open();
});

/** Rebuilds, and asserts that the answer is a clean audit, which another call then repeats. */
async function expectRebuildHeals(couponId: number) {
  const { status, body } = await app.api.rebuild(couponId);
  expect({ status, ...body }).toMatchObject({ status: 200, couponId, consistent: true, violations: [] });
  expect(await app.audit(couponId)).toEqual(body);
  return body;
}

describe('a rebuild answers the audit after it, and heals', () => {
  it('RESERVED_MISMATCH', async () => {
    const { couponId } = await app.coupon(2);
    await app.redis.incrby(keys.reserved(couponId), 5);
    expect(await app.violations(couponId)).toContain('RESERVED_MISMATCH');
    const { redis } = await expectRebuildHeals(couponId);
    expect(redis).toMatchObject({ reserved: 2, users: 2, sequence: 2, available: 8 });
  });

  it('ISSUED_NOT_IN_REDIS: the holder is told again that they hold it', async () => {
    const { couponId, users } = await app.coupon(2);
    await app.loseSlot(couponId, users[0]);
    expect(await app.violations(couponId)).toEqual(['ISSUED_NOT_IN_REDIS']);
    await expectRebuildHeals(couponId);
    expect((await app.api.reserve(couponId, users[0])).error).toBe('ALREADY_ISSUED');
  });

  it('SLOT_LEAKED: the slot is offered again', async () => {
    const { couponId } = await app.coupon(2, { totalQuantity: 3 });
    await app.plantSlot(couponId, newUserId());
    expect((await app.api.reserve(couponId, newUserId())).error).toBe('COUPON_SOLD_OUT');
    await expectRebuildHeals(couponId);
    expect((await app.api.issue(couponId, newUserId())).status).toBe(200);
    expect((await app.api.reserve(couponId, newUserId())).error).toBe('COUPON_SOLD_OUT');
  });

  it('DEFINITION_MISMATCH', async () => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, 'total_quantity = 2');
    await expectRebuildHeals(couponId);
    expect((await app.api.reserve(couponId, newUserId())).error).toBe('COUPON_SOLD_OUT');
  });

  it.each([
    ['the state', (id: number) => app.redis.del(keys.state(id))],
    ['the counter of slots', (id: number) => app.redis.del(keys.reserved(id))],
    ['the set of users', (id: number) => app.redis.del(keys.users(id))],
    ['the sequence', (id: number) => app.redis.del(keys.sequence(id))],
    ['every key', (id: number) => app.redis.del(scriptKeys(id))],
    ['nothing, but another server holds the keys', (id: number) => app.redis.hset(keys.state(id), 'server', 'another')],
  ])('NOT_LOADED: missing is %s', async (_missing, plant) => {
    const { couponId, users } = await app.coupon(2);
    await plant(couponId);
    expect(await app.violations(couponId)).toContain('NOT_LOADED');
    const { redis } = await expectRebuildHeals(couponId);
    expect(redis).toMatchObject({ reserved: 2, users: 2, available: 8 });
    expect((await app.api.reserve(couponId, users[1])).error).toBe('ALREADY_ISSUED');
    const next = await app.api.issue(couponId, newUserId());
    expect(next.body.sequenceNumber).toBeGreaterThan(2);
  });

  it('nothing where nothing is wrong, but for the epoch', async () => {
    const { couponId } = await app.coupon(2);
    const before = await app.audit(couponId);
    const after = await expectRebuildHeals(couponId);
    expect(after).toEqual({ ...before, redis: { ...before.redis, epoch: Number(before.redis?.epoch) + 1 } });
  });
});

// Here, where no sweep can load it first.
describe('without a rebuild that is asked for', () => {
  it('a coupon that lost every key is loaded by its first reserve, which is told to come again', async () => {
    const { couponId, users } = await app.coupon(2);
    await app.redis.del(scriptKeys(couponId));
    expect(await app.api.reserve(couponId, users[0])).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    await eventually(async () => expect((await app.api.reserve(couponId, users[0])).error).toBe('ALREADY_ISSUED'));
    await expectConsistent(app.api, couponId);
  });
});

describe('a rebuild does not heal what MySQL itself says', () => {
  it('COUNTER_MISMATCH stays in the audit that it answers', async () => {
    const { couponId } = await app.coupon(2);
    await app.changeRow(couponId, 'issued_quantity = 3');
    const { status, body } = await app.api.rebuild(couponId);
    expect({ status, consistent: body.consistent }).toEqual({ status: 200, consistent: false });
    expect(body.violations.map(({ code }) => code)).toEqual(['COUNTER_MISMATCH']);
  });
});

describe('audit and rebuild', () => {
  it('of an unknown coupon are 404', async () => {
    for (const answer of [await app.api.audit(987_654), await app.api.rebuild(987_654)]) {
      expect(answer).toMatchObject({ status: 404, error: 'COUPON_NOT_FOUND' });
    }
  });

  it('of a coupon that has ended: the audit is answered, the rebuild is 409 and changes nothing', async () => {
    const { couponId } = await app.coupon(2);
    const { status } = await app.api.patchCoupon(couponId, { expiresAt: new Date(Date.now() - 1000).toISOString() });
    expect(status).toBe(200);
    const before = await app.audit(couponId);
    expect(before.consistent).toBe(true);
    expect(await app.api.rebuild(couponId)).toMatchObject({ status: 409, error: 'COUPON_EXPIRED' });
    expect(await app.audit(couponId)).toEqual(before);
  });

  it('need the admin token', async () => {
    const { couponId } = await app.coupon(2);
    expect(await app.api.call(`/api/coupons/${couponId}/audit`)).toMatchObject({
      status: 401,
      error: 'UNAUTHENTICATED',
    });
    const rebuild = await app.api.call(`/api/coupons/${couponId}/rebuild`, { method: 'POST' });
    expect(rebuild).toMatchObject({ status: 401, error: 'UNAUTHENTICATED' });
  });

  it('of a lock coupon: both answer what MySQL says', async () => {
    const { couponId } = await app.coupon(2, { strategy: 'lock' });
    const body = await expectRebuildHeals(couponId);
    expect(body).toMatchObject({ redis: null, database: { issuedQuantity: 2, rows: 2 } });
  });

  it('while another rebuild is going on: the rebuild is 503 and the coupon stays closed, until that one’s lock expires', async () => {
    const { couponId } = await app.coupon(2);
    await app.redis
      .multi()
      .set(keys.rebuildLock(couponId), 'of someone who died', 'PX', 60_000)
      .del(keys.state(couponId))
      .exec();
    const answer = await app.api.rebuild(couponId);
    expect(answer).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await app.api.reserve(couponId, newUserId())).error).toBe('RESERVATION_UNAVAILABLE');
    await app.redis.del(keys.rebuildLock(couponId)); // as if it had expired
    // The reserve that found it closed may be about to rebuild it, too.
    await eventually(() => expectRebuildHeals(couponId));
  });

  it('while Redis is away: the rebuild is 503', async () => {
    const impatient = await app.startImpatient();
    const { couponId } = await app.coupon(2);
    await app.redisServer.freeze();
    try {
      expect(await impatient.rebuild(couponId)).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    } finally {
      await app.redisServer.thaw();
    }
  });
});
