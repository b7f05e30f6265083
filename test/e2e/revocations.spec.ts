import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, RevocationBody } from '../support/api-client.js';
import { PATIENT } from '../support/app-process.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { Shop } from '../support/shop.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** POST …/revocations: an operator takes user coupons back; rows stay, and slots go to others if that is wanted. */

const NONE: RevocationBody = { revoked: 0, alreadyRevoked: 0, used: 0, notIssued: 0, slotsReturned: 0, remaining: 0 };
const reason = 'Issued by mistake';

let site: Site;
let shop: Shop;

beforeAll(async () => {
  site = await Site.open({ ...PATIENT, REDIS_COMMAND_TIMEOUT_MS: '10000' });
  shop = new Shop(site.api, site.database);
});

beforeEach(async () => {
  await site.isServing();
});

async function revoked(couponId: number, body: object): Promise<RevocationBody> {
  const answer = await site.api.revoke(couponId, { reason, ...body });
  expect({ status: answer.status, error: answer.error }).toEqual({ status: 200, error: undefined });
  return answer.body;
}

/** A coupon with so many issued. */
async function issuedTo(count: number, overrides: object = {}): Promise<{ couponId: number; users: number[] }> {
  const { couponId } = await site.api.createCoupon({ totalQuantity: count, ...overrides });
  const users = newUserIds(count);
  expect((await site.api.grant(couponId, users)).body.issued).toEqual(users);
  return { couponId, users };
}

async function statusesOf(userId: number): Promise<string[]> {
  const { body } = await site.api.call<{ coupons: Array<{ status: string }> }>(`/api/users/${userId}/coupons`);
  return body.coupons.map(({ status }) => status);
}

/** What Redis and MySQL say of how many there may be. */
async function capacities(couponId: number): Promise<number[]> {
  const { body } = await site.api.audit(couponId);
  const { totalQuantity, returnedQuantity } = (await site.api.coupon(couponId)).body;
  return [(body.redis?.available ?? 0) + (body.redis?.reserved ?? 0), totalQuantity + returnedQuantity];
}

describe('a revocation', () => {
  it('counts each user once, keeps the rows, and can give slots back later', async () => {
    const [holder, spender, stranger] = [await shop.user(10_000), await shop.user(10_000), newUserId()];
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2 });
    expect((await site.api.grant(couponId, [holder, spender])).body.issued).toEqual([holder, spender]);
    const orderId = await shop.order(spender, [{ productId: await shop.product(), quantity: 2 }], couponId);
    expect(await shop.pay(orderId, spender)).toMatchObject({ status: 200 });

    const userIds = [stranger, holder, spender, holder];
    const first = await revoked(couponId, { userIds, returnSlots: false });
    expect(first).toEqual({ ...NONE, revoked: 1, used: 1, notIssued: 1 });
    expect(await Promise.all([holder, spender].map(statusesOf))).toEqual([['REVOKED'], ['USED']]);
    expect(await site.api.reserve(couponId, holder)).toMatchObject({ error: 'ALREADY_ISSUED' });
    expect((await site.api.grant(couponId, [holder])).body.alreadyIssued).toEqual([holder]);
    expect((await site.api.reservation(couponId, holder)).body.status).toBe('ISSUED');
    expect(await site.api.reserve(couponId, stranger)).toMatchObject({ error: 'COUPON_SOLD_OUT' });

    // The used one never gives its slot back while it is used.
    const again = await revoked(couponId, { userIds, returnSlots: true });
    expect(again).toEqual({ ...NONE, alreadyRevoked: 2, notIssued: 1, slotsReturned: 1 });
    expect(await capacities(couponId)).toEqual([3, 3]);
    expect(await revoked(couponId, { userIds, returnSlots: true })).toMatchObject({ slotsReturned: 0 });
    expect(await site.api.issue(couponId, stranger)).toMatchObject({ status: 200 });
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ error: 'COUPON_SOLD_OUT' });

    expect(await shop.cancel(orderId, spender)).toMatchObject({ status: 200 });
    expect(await statusesOf(spender)).toEqual(['REVOKED']);
    await expectConsistent(site.api, couponId);
    const { body } = await site.api.call<{ actions: object[] }>(`/api/admin/actions?couponId=${couponId}`, {
      isAdmin: true,
    });
    expect(body.actions).toContainEqual(
      expect.objectContaining({
        action: 'coupon.revoke',
        outcome: 'DONE',
        before: { users: 3, firstUserIds: [stranger, holder, spender], reason, returnSlots: false },
        after: first,
      }),
    );
  });

  it('of all who have not used it leaves used ones as they are', async () => {
    const { couponId, users } = await issuedTo(1_201);
    const [spender = 0] = users;
    await site.database.change('UPDATE user_coupons SET used_at = NOW(3) WHERE coupon_id = ? AND user_id = ?', [
      couponId,
      spender,
    ]);
    await site.database.change(
      'UPDATE user_coupons SET expires_at = NOW(3) - INTERVAL 1 DAY WHERE coupon_id = ? AND user_id = ?',
      [couponId, users.at(-1)],
    );
    const first = await revoked(couponId, { allUnused: true, returnSlots: true });
    expect(first).toEqual({ ...NONE, revoked: 1_200, slotsReturned: 1_200 });
    expect(await revoked(couponId, { allUnused: true, returnSlots: true })).toEqual(NONE);
    expect(await statusesOf(spender)).toEqual(['USED']);
    expect(await capacities(couponId)).toEqual([2_401, 2_401]);
    // A rebuild counts the rows and takes the capacity from MySQL.
    expect(await site.api.rebuild(couponId)).toMatchObject({ status: 200, body: { consistent: true } });
    expect(await capacities(couponId)).toEqual([2_401, 2_401]);
    expect((await site.api.coupon(couponId)).body).toMatchObject({ issuedQuantity: 1_201, remainingQuantity: 1_200 });
  });

  it('of a lock coupon gives its slots to others', async () => {
    const { couponId, users } = await issuedTo(2, { strategy: 'lock' });
    expect(await revoked(couponId, { userIds: users, returnSlots: true })).toMatchObject({ slotsReturned: 2 });
    const others = newUserIds(3);
    expect((await site.api.grant(couponId, others)).body).toMatchObject({
      issued: others.slice(0, 2),
      soldOut: others.slice(2),
    });
    await expectConsistent(site.api, couponId);
  });

  it('is refused, and changes nothing, unless it says whose, why and what becomes of the slots', async () => {
    const { couponId, users: userIds } = await issuedTo(1);
    const wrong: Array<[string, object]> = [
      ['userIds', { reason, returnSlots: true }],
      ['userIds', { userIds, allUnused: true, reason, returnSlots: true }],
      ['userIds', { userIds: [], reason, returnSlots: true }],
      ['allUnused', { allUnused: false, reason, returnSlots: true }],
      ['reason', { userIds, returnSlots: true }],
      ['reason', { userIds, reason: ' ', returnSlots: true }],
      ['reason', { userIds, reason: 'x'.repeat(201), returnSlots: true }],
      ['returnSlots', { userIds, reason }],
    ];
    for (const [path, body] of wrong) {
      const answer: Answer<unknown> = await site.api.revoke(couponId, body);
      expect({ status: answer.status, body: answer.body }).toMatchObject({
        status: 400,
        body: { errors: [{ path: expect.stringContaining(path) }] },
      });
    }
    const unknown = { userIds, reason, returnSlots: true };
    for (const body of [unknown, { allUnused: true, reason, returnSlots: true }])
      expect(await site.api.revoke(9_007_199_254_740_991, body)).toMatchObject({ error: 'COUPON_NOT_FOUND' });
    expect(await statusesOf(userIds[0] ?? 0)).toEqual(['AVAILABLE']);
  });
});

describe('slots that are given back', () => {
  it('beside a drop, by two operators at once, are each given back once: exactly the capacity is issued (P1)', async () => {
    const { couponId, users } = await issuedTo(700);
    const ask = () => revoked(couponId, { userIds: users, returnSlots: true });
    // They ask until all are gone, and go on asking while slots come back.
    const crowd = newUserIds(800);
    const [one, other, answers] = await Promise.all([
      ask(),
      ask(),
      inParallel(
        crowd,
        (userId) =>
          eventually(async () => {
            const answer = await site.api.reserve(couponId, userId);
            const held = (await site.api.coupon(couponId)).body.returnedQuantity;
            expect(answer.status === 200 || (answer.error === 'COUPON_SOLD_OUT' && held === 700)).toBe(true);
            return answer;
          }),
        20,
      ),
    ]);
    expect(one.revoked + other.revoked).toBe(700);
    expect(one.alreadyRevoked + other.alreadyRevoked).toBe(700);
    expect(one.slotsReturned + other.slotsReturned).toBe(700);
    // Who was sold out in between may ask once more now.
    const late = crowd.filter((_, index) => answers[index]?.status !== 200);
    await inParallel(late, (userId) => site.api.reserve(couponId, userId), 20);
    await expectConsistent(site.api, couponId);
    expect(await site.database.userCoupons(couponId)).toHaveLength(1_400);
    expect(await capacities(couponId)).toEqual([1_400, 1_400]);
  });

  it('reach Redis although the process dies before it could tell it', async () => {
    const { couponId, users } = await issuedTo(2);
    await site.start({ FAULT_POINT: 'after-revocation', COUPON_SWEEP_INTERVAL_MS: '600000' });
    expect((await site.api.revoke(couponId, { userIds: users, reason, returnSlots: true })).status).toBe(0);
    expect(await site.app.exited).toMatchObject({ signal: 'SIGKILL' });
    await site.start();
    await eventually(async () => expect(await capacities(couponId)).toEqual([4, 4]));
    await expectConsistent(site.api, couponId);
  });

  it('reach Redis once it is back', async () => {
    const { couponId, users } = await issuedTo(2);
    await site.redisProxy.refuse();
    try {
      expect(await revoked(couponId, { userIds: users, returnSlots: true })).toMatchObject({ slotsReturned: 2 });
    } finally {
      await site.redisProxy.accept();
    }
    await eventually(async () => expect(await capacities(couponId)).toEqual([4, 4]));
    await expectConsistent(site.api, couponId);
  });
});

describe('a revocation beside payments', () => {
  it('leaves each user coupon in one state: spent, or taken back', async () => {
    const users = await inParallel(Array.from({ length: 40 }), () => shop.user(10_000), 8);
    const productId = await shop.product();
    const { couponId } = await site.api.createCoupon({ totalQuantity: 40 });
    expect((await site.api.grant(couponId, users)).body.issued).toEqual(users);
    const orders = await inParallel(users, (userId) => shop.order(userId, [{ productId, quantity: 2 }], couponId), 8);
    const [answer, payments] = await Promise.all([
      revoked(couponId, { userIds: users, returnSlots: true }),
      inParallel(orders, (orderId, index) => shop.pay(orderId, users[index] ?? 0), 8),
    ]);
    const paid = payments.filter(({ status }) => status === 200).length;
    expect(payments.filter(({ status, error }) => status !== 200 && error !== 'COUPON_NOT_USABLE')).toEqual([]);
    // A payment that comes first leaves a used one, and the other way round nothing to pay with.
    expect(answer).toEqual({ ...NONE, revoked: 40 - paid, used: paid, slotsReturned: 40 - paid });
    const statuses = (await inParallel(users, statusesOf, 8)).flat();
    expect(statuses.filter((status) => status === 'USED')).toHaveLength(paid);
    expect(statuses.filter((status) => status === 'REVOKED')).toHaveLength(40 - paid);
    await expectConsistent(site.api, couponId);
  });
});
