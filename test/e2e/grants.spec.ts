import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { scriptKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { type Answer, type CouponBody, type GrantBody, tally } from '../support/api-client.js';
import { PATIENT } from '../support/app-process.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { numbersTo } from '../support/numbers-to.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** POST …/grants: an operator gives a coupon to users, never above its capacity and never twice. */

const HOUR_MS = 3_600_000;
const NOBODY: GrantBody = { issued: [], alreadyIssued: [], soldOut: [], unknownUsers: [], pending: [] };

let site: Site;

beforeAll(async () => {
  site = await Site.open({ ...PATIENT, REDIS_COMMAND_TIMEOUT_MS: '10000' });
  await site.database.change('CREATE TABLE refused_users (user_id BIGINT PRIMARY KEY)');
  await site.database.change('CREATE TABLE slow_users (user_id BIGINT PRIMARY KEY)');
});

beforeEach(async () => {
  await site.isServing();
});

function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

async function register(userIds: readonly number[]): Promise<void> {
  await site.database.change('INSERT INTO users (id, name, email) VALUES ?', [
    userIds.map((userId) => [userId, 'Registered', `${userId}@example.com`]),
  ]);
}

async function usersWithRow(couponId: number): Promise<number[]> {
  return (await site.database.userCoupons(couponId)).map(({ userId }) => userId);
}

async function untilAnswered<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  return await eventually(async () => {
    const answer = await ask();
    expect(answer.status).not.toBe(503);
    return answer;
  });
}

async function versionOf(couponId: number): Promise<number> {
  const { version } = await site.database.row<{ version: number }>('SELECT version FROM coupons WHERE id = ?', [
    couponId,
  ]);
  return version;
}

describe('a grant', () => {
  it('has each user in one list, and in the ledger by the order of the call', async () => {
    const [holder, first, second, third, stranger] = newUserIds(5) as [number, number, number, number, number];
    await register([holder, first, second, third]);
    const { couponId } = await site.api.createCoupon({ totalQuantity: 3, audience: 'registered' });
    expect(await site.api.issue(couponId, holder)).toMatchObject({ status: 200 });

    const answer = await site.api.grant(couponId, [second, stranger, holder, second, first, third, first]);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: {
        issued: [second, first],
        alreadyIssued: [holder],
        soldOut: [third],
        unknownUsers: [stranger],
        pending: [],
      },
    });
    expect(await usersWithRow(couponId)).toEqual([holder, second, first]);
    await expectConsistent(site.api, couponId);

    // The trace has numbers, and the first of the users.
    const { body } = await site.api.call<{ actions: object[] }>(`/api/admin/actions?couponId=${couponId}&limit=1`, {
      isAdmin: true,
    });
    expect(body.actions).toMatchObject([
      {
        actor: 'token',
        action: 'coupon.grant',
        outcome: 'DONE',
        before: { users: 5, firstUserIds: [second, stranger, holder, first, third] },
        after: { issued: 2, alreadyIssued: 1, soldOut: 1, unknownUsers: 1, pending: 0 },
      },
    ]);
    expect((await site.api.grant(couponId, [first])).body).toEqual({ ...NOBODY, alreadyIssued: [first] });
  });

  const strategies = ['reservation', 'lock'] as const;
  const states: Array<[string, Partial<CouponBody>, Partial<CouponBody>]> = [
    ['has not begun', { startsAt: fromNow(HOUR_MS), expiresAt: fromNow(2 * HOUR_MS) }, {}],
    ['is paused', {}, { isActive: false }],
    ['has ended', {}, { expiresAt: fromNow(-1_000) }],
  ];
  const cases = strategies.flatMap((strategy) => states.map(([state, ...rest]) => [strategy, state, ...rest] as const));

  it.each(cases)('of a %s coupon that %s', async (strategy, _state, created, patch) => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2, strategy, ...created });
    if (Object.keys(patch).length > 0)
      expect(await site.api.patchCoupon(couponId, patch)).toMatchObject({ status: 200 });
    const [one, two, three] = newUserIds(3) as [number, number, number];
    expect((await site.api.grant(couponId, [one, two, three])).body).toEqual({
      ...NOBODY,
      issued: [one, two],
      soldOut: [three],
    });
    expect(await usersWithRow(couponId)).toEqual([one, two]);
    await expectConsistent(site.api, couponId);
  });

  it('of an ended coupon that Redis has forgotten', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2 });
    const [holder, late, tooLate] = newUserIds(3) as [number, number, number];
    expect(await site.api.issue(couponId, holder)).toMatchObject({ status: 200 });
    await site.api.patchCoupon(couponId, { expiresAt: fromNow(-1_000) });
    await expectConsistent(site.api, couponId);
    await site.redis.unlink(...scriptKeys(couponId));
    const expected = { ...NOBODY, issued: [late], alreadyIssued: [holder], soldOut: [tooLate] };
    expect((await site.api.grant(couponId, [holder, late, tooLate])).body).toEqual(expected);
    await expectConsistent(site.api, couponId);
  });

  it.each(strategies)('is refused when what a %s coupon would issue could not be spent any more', async (strategy) => {
    const { couponId } = await site.api.createCoupon({
      strategy,
      startsAt: fromNow(HOUR_MS),
      expiresAt: fromNow(2 * HOUR_MS),
    });
    await site.database.change('UPDATE coupons SET usable_until = ? WHERE id = ?', [
      new Date(Date.now() - 1_000),
      couponId,
    ]);
    const version = await versionOf(couponId);
    expect(await site.api.grant(couponId, newUserIds(2))).toMatchObject({ status: 409, error: 'COUPON_EXPIRED' });
    expect(await versionOf(couponId)).toBe(version);
    expect(await usersWithRow(couponId)).toEqual([]);
    // Days count from the issue, whenever that is.
    await site.database.change('UPDATE coupons SET usable_days = 1 WHERE id = ?', [couponId]);
    const userId = newUserId();
    expect((await site.api.grant(couponId, [userId])).body).toEqual({ ...NOBODY, issued: [userId] });
  });

  it('of a coupon that there is not, or of a wrong list, is refused', async () => {
    const { couponId } = await site.api.createCoupon();
    expect(await site.api.grant(9_007_199_254_740_991, [1])).toMatchObject({ status: 404, error: 'COUPON_NOT_FOUND' });
    for (const userIds of [[], [0], [1.5], newUserIds(10_001)]) {
      const { status, body } = await site.api.grant(couponId, userIds);
      expect({ status, body }).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect(JSON.stringify(body)).toContain('userIds');
    }
    const long = { method: 'POST' as const, isAdmin: true, body: { userIds: [1], note: 'x'.repeat(256 * 1024) } };
    expect(await site.api.call(`/api/coupons/${couponId}/grants`, long)).toMatchObject({ error: 'BODY_TOO_LARGE' });
    expect(await usersWithRow(couponId)).toEqual([]);
  });

  it('of 10,000 beside a drop goes above nothing, and gives everybody one', async () => {
    const granted = newUserIds(10_000);
    const crowd = newUserIds(1_000);
    const { couponId } = await site.api.createCoupon({ totalQuantity: 10_500 });
    // Some of them come by themselves, too. A machine that stands still for a while is no refusal: then they ask again.
    const comers = [...crowd, ...granted.slice(0, 200)];
    const [answer, answers] = await Promise.all([
      untilAnswered(() => site.api.grant(couponId, granted)),
      inParallel(comers, (userId) => untilAnswered(() => site.api.reserve(couponId, userId)), 50),
    ]);
    expect({ status: answer.status, error: answer.error }).toEqual({ status: 200, error: undefined });
    const { issued, alreadyIssued, soldOut, unknownUsers, pending } = answer.body;
    const listed = [...issued, ...alreadyIssued, ...soldOut, ...unknownUsers, ...pending].sort((a, b) => a - b);
    expect(listed).toEqual(granted);
    await expectConsistent(site.api, couponId);
    const rows = new Set(await usersWithRow(couponId));
    expect(rows.size).toBe(10_500);
    expect([...issued, ...alreadyIssued].filter((userId) => !rows.has(userId))).toEqual([]);
    expect(soldOut.filter((userId) => rows.has(userId))).toEqual([]);
    const accepted = comers.filter((_, index) => answers[index]?.status === 200);
    expect(accepted.filter((userId) => !rows.has(userId))).toEqual([]);
    const others = Object.keys(tally(answers)).filter(
      (each) => !/^(200|409 (ALREADY_ISSUED|COUPON_SOLD_OUT))$/.test(each),
    );
    expect(others).toEqual([]);
  });
});

describe('the first grant of a coupon whose window has not begun', () => {
  it('keeps its numbers when Redis loses everything before the ledger has heard of them (P5)', async () => {
    const { couponId } = await site.api.createCoupon({
      totalQuantity: 5,
      startsAt: fromNow(HOUR_MS),
      expiresAt: fromNow(2 * HOUR_MS),
    });
    await site.start({ FAULT_POINT: 'after-reserve', COUPON_SWEEP_INTERVAL_MS: '600000' });
    expect((await site.api.grant(couponId, newUserIds(3))).status).toBe(0);
    await site.app.exited;
    expect(await site.leftBehind(couponId)).toMatchObject({ pending: 3, rows: 0 });
    await site.redis.flushall();

    await site.start();
    const userIds = newUserIds(5);
    expect((await site.api.grant(couponId, userIds)).body).toEqual({ ...NOBODY, issued: userIds });
    const numbers = (await site.database.userCoupons(couponId)).map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toEqual(numbersTo(5).map((number) => number + 5));
    await expectConsistent(site.api, couponId);
  });
});

describe('a grant in trouble', () => {
  it('says 503 while Redis is away, and tells of whom it had admitted before', async () => {
    const { couponId } = await site.api.createCoupon();
    const [before, after] = newUserIds(2) as [number, number];
    expect((await site.api.grant(couponId, [before])).body.issued).toEqual([before]);
    await site.redisProxy.refuse();
    try {
      const answer = await site.api.grant(couponId, [before, after]);
      expect(answer).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    } finally {
      await site.redisProxy.accept();
    }
    await eventually(async () => {
      const expected = { ...NOBODY, issued: [after], alreadyIssued: [before] };
      expect(await site.api.grant(couponId, [before, after])).toMatchObject({ status: 200, body: expected });
    });
  });

  it('says soldOut where the ledger has less room than Redis, and pending of whom the database refuses', async () => {
    // No sweep: it would publish the smaller total.
    await site.start({ COUPON_SWEEP_INTERVAL_MS: '600000' });
    const { couponId } = await site.api.createCoupon({ totalQuantity: 10 });
    const [first, second, third, refused] = newUserIds(4) as [number, number, number, number];
    expect((await site.api.grant(couponId, [first])).body.issued).toEqual([first]);
    await site.database.change('INSERT INTO refused_users (user_id) VALUES (?)', [refused]);
    await site.database.change(`CREATE TRIGGER refuse_user BEFORE INSERT ON user_coupons FOR EACH ROW
      IF EXISTS (SELECT 1 FROM refused_users WHERE user_id = NEW.user_id) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one';
      END IF`);
    expect((await site.api.grant(couponId, [refused])).body).toEqual({ ...NOBODY, pending: [refused] });
    const { failures } = (await site.api.failures(couponId)).body;
    expect(failures).toMatchObject([{ userId: refused, reason: 'REFUSED_BY_DATABASE' }]);
    await site.database.change('DROP TRIGGER refuse_user');
    expect((await site.api.grant(couponId, [refused])).body).toEqual({ ...NOBODY, issued: [refused] });

    await site.database.change('UPDATE coupons SET total_quantity = 3 WHERE id = ?', [couponId]);
    const { body } = await site.api.grant(couponId, [second, third]);
    expect(body).toEqual({ ...NOBODY, issued: [second], soldOut: [third] });
    await expectConsistent(site.api, couponId);
  });

  it('says pending of whom nobody has decided about within 20 s; they get the coupon all the same', async () => {
    const { couponId } = await site.api.createCoupon();
    const [quick, slow] = newUserIds(2) as [number, number];
    await site.database.change('INSERT INTO slow_users (user_id) VALUES (?)', [slow]);
    await site.database.change(`CREATE TRIGGER wait_for_user BEFORE INSERT ON user_coupons FOR EACH ROW
      IF EXISTS (SELECT 1 FROM slow_users WHERE user_id = NEW.user_id) THEN
        SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'somebody holds it';
      END IF`);
    expect((await site.api.grant(couponId, [quick])).body).toEqual({ ...NOBODY, issued: [quick] });
    expect((await site.api.grant(couponId, [quick, slow])).body).toEqual({
      ...NOBODY,
      alreadyIssued: [quick],
      pending: [slow],
    });
    await site.database.change('DROP TRIGGER wait_for_user');
    await eventually(async () => expect(await usersWithRow(couponId)).toEqual([quick, slow]));
    expect((await site.api.grant(couponId, [slow])).body).toEqual({ ...NOBODY, alreadyIssued: [slow] });
    await expectConsistent(site.api, couponId);
  });
});
