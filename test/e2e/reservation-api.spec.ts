import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient, type CouponBody, type ReservationBody, type Strategy } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { inDays, time } from '../support/times.js';
import { newUserId } from '../support/unique-ids.js';

/**
 * The contract of the calls about reservations, field by field, the same for both strategies unless it says otherwise.
 */

const number = expect.any(Number);
const text = expect.any(String);

let api: ApiClient;
let database: TestDatabase;

beforeAll(async () => {
  api = new ApiClient((await startApp()).url);
  database = openDatabase();
});

function reservationUrl({ couponId, userId }: { couponId: number; userId: number }): string {
  return `/api/coupons/${couponId}/reservations/${userId}`;
}

/** Waits until the user's reservation is no longer RESERVED, and returns it. */
async function ended(couponId: number, userId: number): Promise<Answer<ReservationBody>> {
  return await eventually(async () => {
    const answer = await api.reservation(couponId, userId);
    expect(answer.body.status).not.toBe('RESERVED');
    return answer;
  });
}

/** Asserts that reserve and issue are refused alike. */
async function refused(couponId: number, userId: number, problem: string): Promise<void> {
  for (const { status, error } of [await api.reserve(couponId, userId), await api.issue(couponId, userId)]) {
    expect(`${status} ${error}`).toBe(problem);
  }
}

describe.each<Strategy>(['reservation', 'lock'])('with the strategy %s', (strategy) => {
  const create = (overrides: Partial<CouponBody> = {}) => api.createCoupon({ strategy, ...overrides });
  const statusOfReserved = strategy === 'lock' ? 'ISSUED' : 'RESERVED';

  describe.each([
    ['reserve', (couponId: number, userId: number) => api.reserve(couponId, userId)],
    [
      'reserve (couponId also in the body)',
      (couponId: number, userId: number) =>
        api.call<ReservationBody>(`/api/coupons/${couponId}/reserve`, { method: 'POST', body: { userId, couponId } }),
    ],
    [
      'reserve (short form)',
      (couponId: number, userId: number) =>
        api.call<ReservationBody>('/api/coupons/reserve', { method: 'POST', body: { couponId, userId } }),
    ],
    [
      'issue-async',
      (couponId: number, userId: number) =>
        api.call<ReservationBody>(`/coupons/${userId}/issue-async?couponId=${couponId}`, { method: 'POST' }),
    ],
  ])('%s', (name, reserve) => {
    it('answers with the reservation and where it is, which ends as ISSUED', async () => {
      const { couponId } = await create({ codeFormat: 'alphanumeric' });
      const userId = newUserId();
      const answer = await reserve(couponId, userId);
      expect(answer.status).toBe(name === 'issue-async' ? 202 : 200);
      expect(answer.headers.get('location')).toBe(reservationUrl({ couponId, userId }));
      expect(answer.body).toEqual({ couponId, userId, sequenceNumber: 1, status: statusOfReserved, message: text });

      const reservation = await ended(couponId, userId);
      expect(reservation.status).toBe(200);
      expect(reservation.body).toEqual({
        couponId,
        userId,
        sequenceNumber: 1,
        status: 'ISSUED',
        userCouponId: number,
        code: expect.stringMatching(/^[0-9A-Z]{12}$/),
        issuedAt: time,
      });
    });

    it('tells a holder that they hold it, also when it is sold out', async () => {
      const { couponId } = await create({ totalQuantity: 1 });
      const userId = newUserId();
      await reserve(couponId, userId);
      expect(await reserve(couponId, userId)).toMatchObject({ status: 409, error: 'ALREADY_ISSUED' });
      expect(await reserve(couponId, newUserId())).toMatchObject({ status: 409, error: 'COUPON_SOLD_OUT' });
    });
  });

  describe.each([
    ['issue', (couponId: number, userId: number) => api.issue(couponId, userId)],
    [
      'issue (short form)',
      (couponId: number, userId: number) =>
        api.call('/api/coupons/issue', { method: 'POST', body: { couponId, userId } }),
    ],
  ])('%s', (_name, issue) => {
    it('answers with what was issued, and the row is there', async () => {
      const { couponId, name, expiresAt } = await create({ codeFormat: 'hangul' });
      const userId = newUserId();
      const answer = await issue(couponId, userId);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        userCouponId: number,
        couponId,
        couponName: name,
        userId,
        sequenceNumber: 1,
        code: expect.stringMatching(/^[가-힣0-9]{10}$/),
        status: 'ISSUED',
        issuedAt: time,
        expiresAt,
      });
      const [row, ...others] = await database.userCoupons(couponId);
      expect(others).toEqual([]);
      expect(answer.body).toMatchObject({
        userCouponId: row?.id,
        code: row?.code,
        issuedAt: row?.issuedAt.toISOString(),
      });
      expect(await issue(couponId, userId)).toMatchObject({ status: 409, error: 'ALREADY_ISSUED' });
    });
  });

  describe('refuses', () => {
    const REGISTERED = 200_000;
    const NOBODY = Number.MAX_SAFE_INTEGER;

    beforeAll(async () => {
      await database.change(
        `INSERT INTO users (id, name, email) VALUES (?, 'Somebody registered', ?) ON DUPLICATE KEY UPDATE id = id`,
        [REGISTERED, `k6test${REGISTERED}@loadtest.com`],
      );
    });

    it('in the order that is promised', async () => {
      const { couponId } = await create({ totalQuantity: 1, audience: 'registered', isActive: false });
      await refused(NOBODY, REGISTERED, '404 COUPON_NOT_FOUND');
      await refused(couponId, NOBODY, '404 USER_NOT_FOUND');
      await refused(couponId, REGISTERED, '409 COUPON_INACTIVE');

      const scheduled = await create({ audience: 'registered', startsAt: inDays(1), expiresAt: inDays(2) });
      await refused(scheduled.couponId, NOBODY, '404 USER_NOT_FOUND');
      await refused(scheduled.couponId, REGISTERED, '409 COUPON_NOT_STARTED');
    });

    it('a holder of a paused or ended coupon for that reason', async () => {
      const { couponId } = await create();
      const userId = newUserId();
      await api.issue(couponId, userId);
      await api.patchCoupon(couponId, { isActive: false });
      await eventually(async () => expect((await api.reserve(couponId, userId)).error).toBe('COUPON_INACTIVE'));
      await api.patchCoupon(couponId, { isActive: true, expiresAt: inDays(-0.001) });
      await eventually(async () => expect((await api.reserve(couponId, userId)).error).toBe('COUPON_EXPIRED'));
    });

    it('somebody who is not registered, until they are', async () => {
      const { couponId } = await create({ audience: 'registered' });
      const userId = newUserId();
      await refused(couponId, userId, '404 USER_NOT_FOUND');
      await database.change('INSERT INTO users (id, name, email) VALUES (?, ?, ?)', [
        userId,
        'New',
        `new${userId}@example.com`,
      ]);
      expect((await api.issue(couponId, userId)).status).toBe(200);
    });
  });

  describe('a reservation', () => {
    it('that was never made is 404', async () => {
      const { couponId } = await create();
      expect(await api.reservation(couponId, newUserId())).toMatchObject({
        status: 404,
        error: 'RESERVATION_NOT_FOUND',
      });
      const missing = await api.reservation(Number.MAX_SAFE_INTEGER, newUserId());
      expect(missing).toMatchObject({ status: 404, error: 'COUPON_NOT_FOUND' });
    });

    it('that failed says why', async () => {
      const { couponId } = await create();
      const userId = newUserId();
      await database.change(
        `INSERT INTO issuance_failures (coupon_id, user_id, sequence_number, reason, detail, failed_at)
         VALUES (?, ?, 7, 'REFUSED_BY_DATABASE', 'arranged by a test', NOW(3))`,
        [couponId, userId],
      );
      const answer = await api.reservation(couponId, userId);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        couponId,
        userId,
        sequenceNumber: 7,
        status: 'FAILED',
        failureReason: 'REFUSED_BY_DATABASE',
      });
    });
  });
});
