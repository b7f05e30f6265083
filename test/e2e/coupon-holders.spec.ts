import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { plantHolders } from '../support/planted-holders.js';
import { time } from '../support/times.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Who holds a coupon: GET /api/coupons/{couponId}/user-coupons. */

interface HolderBody {
  userCouponId: number;
  userId: number;
  sequenceNumber: number;
  status: 'AVAILABLE' | 'USED' | 'REVOKED' | 'EXPIRED';
}

interface HolderPage {
  userCoupons: HolderBody[];
  nextCursor: string | null;
}

let api: ApiClient;
let database: TestDatabase;

beforeAll(async () => {
  api = new ApiClient((await startApp({ env: PATIENT })).url);
  database = openDatabase();
});

function holders(couponId: number, query = ''): Promise<Answer<HolderPage>> {
  return api.call(`/api/coupons/${couponId}/user-coupons${query}`, { isAdmin: true });
}

/** The pages until the last one, each 200. */
async function pages(couponId: number, query: string): Promise<HolderBody[][]> {
  const read: HolderBody[][] = [];
  let cursor = '';
  do {
    const { status, body } = await holders(couponId, `?${query}${cursor}`);
    expect(status).toBe(200);
    read.push(body.userCoupons);
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
  } while (cursor !== '');
  return read;
}

const numbersOf = (read: HolderBody[]): number[] => read.map(({ sequenceNumber }) => sequenceNumber);

/** A coupon of which this many are issued; nobody has asked for them. */
async function heldCoupon(count: number): Promise<{ couponId: number; firstUser: number }> {
  const { couponId } = await api.createCoupon({ strategy: 'lock', totalQuantity: count });
  return { couponId, firstUser: await plantHolders(database, couponId, count) };
}

function mark(couponId: number, assignment: string, ...numbers: number[]): Promise<number> {
  const sql = `UPDATE user_coupons SET ${assignment} WHERE coupon_id = ? AND sequence_number IN (?)`;
  return database.change(sql, [couponId, numbers]);
}

describe('the holders of a coupon', () => {
  it('have these fields', async () => {
    const coupon = await api.createCoupon({ codeFormat: 'alphanumeric' });
    const userId = newUserId();
    const issued = (await api.issue(coupon.couponId, userId)).body;
    expect(await holders(coupon.couponId)).toMatchObject({
      status: 200,
      body: {
        userCoupons: [
          {
            userCouponId: issued.userCouponId,
            userId,
            sequenceNumber: issued.sequenceNumber,
            code: issued.code,
            status: 'AVAILABLE',
            issuedAt: issued.issuedAt,
            usedAt: null,
            revokedAt: null,
            expiresAt: issued.expiresAt,
          },
        ],
        nextCursor: null,
      },
    });
  });

  it('are none of a coupon that nobody has, and 404 of one that is not there', async () => {
    const { couponId } = await api.createCoupon();
    expect(await holders(couponId)).toMatchObject({ status: 200, body: { userCoupons: [], nextCursor: null } });
    expect(await holders(Number.MAX_SAFE_INTEGER)).toMatchObject({ status: 404, error: 'COUPON_NOT_FOUND' });
  });

  it('come in the order of their numbers, page by page, whatever is missing in between', async () => {
    const { couponId, firstUser } = await heldCoupon(6);
    await database.change('DELETE FROM user_coupons WHERE coupon_id = ? AND sequence_number = 3', [couponId]);
    // Later issued, and yet in its place.
    await mark(couponId, "issued_at = '2026-02-01'", 2);
    const read = await pages(couponId, 'limit=2');
    expect(read.map(numbersOf)).toEqual([[1, 2], [4, 5], [6]]);
    expect(read.flat().map(({ userId }) => userId - firstUser)).toEqual([0, 1, 3, 4, 5]);
    expect((await pages(couponId, 'limit=5')).map(numbersOf)).toEqual([[1, 2, 4, 5, 6]]);
  });

  it('are asked for by their state, and by their user', async () => {
    const { couponId, firstUser } = await heldCoupon(7);
    await mark(couponId, 'used_at = issued_at', 2, 5);
    await mark(couponId, 'revoked_at = issued_at', 3, 5);
    await mark(couponId, "expires_at = '2026-01-02'", 4, 5);
    const states = { AVAILABLE: [1, 6, 7], USED: [2, 5], REVOKED: [3], EXPIRED: [4] };
    for (const [status, numbers] of Object.entries(states)) {
      const [read = [], ...more] = await pages(couponId, `status=${status}`);
      expect([status, numbersOf(read), more]).toEqual([status, numbers, []]);
      expect(new Set(read.map((holder) => holder.status))).toEqual(new Set([status]));
    }
    expect((await pages(couponId, 'status=AVAILABLE&limit=2')).map(numbersOf)).toEqual([[1, 6], [7]]);
    const [used] = (await holders(couponId, `?userId=${firstUser + 4}`)).body.userCoupons;
    expect(used).toMatchObject({ sequenceNumber: 5, status: 'USED', usedAt: time, revokedAt: time });
    expect((await pages(couponId, `userId=${firstUser + 4}&status=AVAILABLE`)).flat()).toEqual([]);
    expect((await pages(couponId, `userId=${newUserIds(1)[0]}`)).flat()).toEqual([]);
  });

  it('are looked through 10,000 at a time: a page may be short, and another one comes', async () => {
    const { couponId } = await heldCoupon(20_000);
    await mark(couponId, 'used_at = issued_at', 3, 10_000, 10_001, 10_004);
    const read = await pages(couponId, 'status=USED');
    expect(read.map(numbersOf)).toEqual([
      [3, 10_000],
      [10_001, 10_004],
    ]);
    // Where a page is full the next one begins behind it; none of them is the last until there is nothing more to read.
    expect((await pages(couponId, 'status=USED&limit=1')).map(numbersOf)).toEqual([[3], [10_000], [10_001], [10_004]]);
    expect((await pages(couponId, 'status=REVOKED')).map(numbersOf)).toEqual([[], []]);
  });
});
