import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient, type CouponBody } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { inDays, time } from '../support/times.js';
import { newUserId } from '../support/unique-ids.js';

/** The lists: their order, their pages, their filters. */

interface UserCouponBody {
  userCouponId: number;
  couponId: number;
  status: 'AVAILABLE' | 'USED' | 'REVOKED' | 'EXPIRED';
}

interface CouponPage<T> {
  coupons: T[];
  nextCursor: string | null;
}

let api: ApiClient;
let database: TestDatabase;

beforeAll(async () => {
  api = new ApiClient((await startApp()).url);
  database = openDatabase();
});

async function coupons(query: string): Promise<Answer<CouponPage<CouponBody>>> {
  return await api.call(`/api/coupons${query}`);
}

/** All coupons that are asked for, page by page. */
async function searched(query: string): Promise<CouponBody[]> {
  const read: CouponBody[] = [];
  let cursor = '';
  do {
    const { status, body } = await coupons(`?${query}${cursor}`);
    expect(status).toBe(200);
    read.push(...body.coupons);
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
  } while (cursor !== '');
  return read;
}

const idsOf = (read: CouponBody[]): number[] => read.map(({ couponId }) => couponId);

async function userCoupons(userId: number, query = ''): Promise<Answer<CouponPage<UserCouponBody>>> {
  return await api.call(`/api/users/${userId}/coupons${query}`);
}

describe('the coupons', () => {
  it('come newest first, each one as it is shown by itself, and page by page', async () => {
    const created: CouponBody[] = [];
    for (const strategy of ['reservation', 'lock', 'reservation'] as const)
      created.unshift(await api.createCoupon({ strategy }));

    // Other test files create coupons meanwhile, which may come in between.
    const ours = created.map(({ couponId }) => couponId);
    const found: CouponBody[] = [];
    let cursor = '';
    while (found.length < ours.length) {
      const { status, body } = await coupons(`?limit=2${cursor}`);
      expect(status).toBe(200);
      expect(body.coupons.length).toBeGreaterThan(0);
      expect(body.coupons.length).toBeLessThanOrEqual(2);
      found.push(...body.coupons.filter(({ couponId }) => ours.includes(couponId)));
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(found).toEqual(created);
  });

  it('are 20 on a page unless asked for more or fewer, and the last page has no next one', async () => {
    for (let left = 21; left > 0; left -= 1) await api.createCoupon();
    const { body } = await coupons('');
    expect(body.coupons).toHaveLength(20);
    expect((await coupons('?limit=1')).body.coupons).toHaveLength(1);

    const ids = new Set<number>();
    let cursor: string | null = body.nextCursor;
    while (cursor !== null) {
      const page: CouponPage<CouponBody> = (await coupons(`?limit=100&cursor=${cursor}`)).body;
      for (const { couponId } of page.coupons) {
        expect(ids).not.toContain(couponId);
        ids.add(couponId);
      }
      cursor = page.nextCursor;
    }
    expect(ids.size).toBeGreaterThan(0);
  });
});

describe('the coupons that are asked for', () => {
  it('by their state are in it, also where only Redis knows that, and only those', async () => {
    const mark = `states ${newUserId()}`;
    const create = async (overrides: Partial<CouponBody>): Promise<number> =>
      (await api.createCoupon({ name: mark, ...overrides })).couponId;
    const full = await create({ totalQuantity: 1, strategy: 'lock' });
    expect((await api.reserve(full, newUserId())).status).toBe(200);
    // Held and never issued, as far as MySQL knows.
    const reserved = await create({ totalQuantity: 1 });
    expect((await api.reserve(reserved, newUserId())).status).toBe(200);
    await eventually(async () => expect((await api.coupon(reserved)).body.reservedQuantity).toBe(0));
    await database.change('UPDATE coupons SET issued_quantity = 0 WHERE id = ?', [reserved]);
    const ended = await create({});
    expect((await api.patchCoupon(ended, { expiresAt: inDays(-0.001) })).status).toBe(200);
    const expected = {
      OPEN: [await create({}), await create({})].toReversed(),
      SOLD_OUT: [reserved, full],
      ENDED: [ended],
      SCHEDULED: [await create({ startsAt: inDays(1), expiresAt: inDays(2) })],
      PAUSED: [await create({ isActive: false, startsAt: inDays(1), expiresAt: inDays(2) })],
    };
    for (const [status, ids] of Object.entries(expected)) {
      const read = await searched(`q=${encodeURIComponent(mark)}&status=${status}&limit=1`);
      expect([status, idsOf(read)]).toEqual([status, ids]);
      expect(new Set(read.map((coupon) => coupon.status))).toEqual(new Set([status]));
    }
    expect(idsOf(await searched(`q=${encodeURIComponent(mark)}&limit=3`))).toEqual(
      Object.values(expected)
        .flat()
        .sort((a, b) => b - a),
    );
  });

  it('by a part of their name have it, in capitals or not, whatever else it means in SQL', async () => {
    const mark = String(newUserId());
    const names = [`Sale 50% ${mark}`, `sale 50_ ${mark}`, `SALE 50\\ ${mark}`, `sale 50! ${mark}`, `Sale 500 ${mark}`];
    const ids = new Map<string, number>();
    for (const name of names) ids.set(name, (await api.createCoupon({ name })).couponId);
    for (const name of names) {
      const q = encodeURIComponent(name.toLowerCase());
      expect([name, idsOf(await searched(`q=${q}`))]).toEqual([name, [ids.get(name)]]);
    }
    expect(idsOf(await searched(`q=${encodeURIComponent(mark)}&limit=2`))).toEqual([...ids.values()].toReversed());
    expect(await searched(`q=${encodeURIComponent(`nothing ${mark}`)}`)).toEqual([]);
  });
});

describe('the coupons of a user', () => {
  it('are none for somebody who holds none, registered or not', async () => {
    expect(await userCoupons(newUserId())).toMatchObject({ status: 200, body: { coupons: [], nextCursor: null } });
  });

  it('have these fields', async () => {
    const userId = newUserId();
    const coupon = await api.createCoupon({ discountRate: 50, codeFormat: 'alphanumeric' });
    const issued = (await api.issue(coupon.couponId, userId)).body;
    expect((await userCoupons(userId)).body).toEqual({
      coupons: [
        {
          userCouponId: issued.userCouponId,
          couponId: coupon.couponId,
          couponName: coupon.name,
          discountAmount: null,
          discountRate: 50,
          code: issued.code,
          status: 'AVAILABLE',
          issuedAt: issued.issuedAt,
          usedAt: null,
          expiresAt: coupon.expiresAt,
        },
      ],
      nextCursor: null,
    });
  });

  it('are AVAILABLE, USED, REVOKED, or EXPIRED when they were not used in time; and can be asked for by that', async () => {
    const userId = newUserId();
    const created = await Promise.all([1, 2, 3, 4, 5].map(() => api.createCoupon()));
    const [available, used, expired, usedAndOver, revoked] = created;
    for (const coupon of [available, used, expired, usedAndOver, revoked]) {
      expect((await api.issue(coupon?.couponId ?? 0, userId)).status).toBe(200);
    }
    for (const coupon of [used, usedAndOver]) {
      await database.change('UPDATE user_coupons SET used_at = issued_at WHERE coupon_id = ?', [coupon?.couponId]);
    }
    for (const coupon of [revoked, usedAndOver]) {
      await database.change('UPDATE user_coupons SET revoked_at = issued_at WHERE coupon_id = ?', [coupon?.couponId]);
    }
    for (const coupon of [expired, usedAndOver, revoked]) {
      const ended = { expiresAt: inDays(-0.001), usableUntil: inDays(-0.001), applyToIssued: true };
      expect((await api.patchCoupon(coupon?.couponId ?? 0, ended)).status).toBe(200);
    }

    const expected: Array<[UserCouponBody['status'], Array<number | undefined>]> = [
      ['AVAILABLE', [available?.couponId]],
      ['USED', [usedAndOver?.couponId, used?.couponId]],
      ['REVOKED', [revoked?.couponId]],
      ['EXPIRED', [expired?.couponId]],
    ];
    for (const [status, couponIds] of expected) {
      const { body } = await userCoupons(userId, `?status=${status}`);
      expect(body.coupons.map(({ couponId }) => couponId)).toEqual(couponIds);
      expect(new Set(body.coupons.map((coupon) => coupon.status))).toEqual(new Set([status]));
    }
    expect((await userCoupons(userId, '?status=USED')).body.coupons[0]).toMatchObject({ usedAt: time });
    expect((await userCoupons(userId)).body.coupons.map(({ status }) => status)).toEqual([
      'REVOKED',
      'USED',
      'EXPIRED',
      'USED',
      'AVAILABLE',
    ]);
  });

  it('come newest first by time and then by id, and page by page, also when they were issued at the same moment', async () => {
    const userId = newUserId();
    const created = await Promise.all([1, 2, 3, 4, 5].map(() => api.createCoupon()));
    const ids: number[] = [];
    for (const { couponId } of created) ids.push((await api.issue(couponId, userId)).body.userCouponId);
    const [first, second, third, fourth, fifth] = ids;
    await database.change("UPDATE user_coupons SET issued_at = '2026-01-01 00:00:00.123' WHERE user_id = ?", [userId]);
    await database.change("UPDATE user_coupons SET issued_at = '2026-01-01 00:00:00.124' WHERE id = ?", [second]);

    const found: number[] = [];
    let query = '?limit=2';
    for (;;) {
      const { status, body } = await userCoupons(userId, query);
      expect(status).toBe(200);
      found.push(...body.coupons.map(({ userCouponId }) => userCouponId));
      if (body.nextCursor === null) break;
      expect(body.coupons).toHaveLength(2);
      query = `?limit=2&cursor=${body.nextCursor}`;
    }
    expect(found).toEqual([second, fifth, fourth, third, first]);
    expect((await userCoupons(userId, '?limit=5')).body.nextCursor).toBeNull();
  });
});
