import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, type ReservationBody, tally } from '../support/api-client.js';
import { EventReader } from '../support/event-reader.js';
import { inParallel } from '../support/in-parallel.js';
import { eventuallyShows } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserId } from '../support/unique-ids.js';

/** Calls of the many that are sent while as many are not answered yet. */
const AT_ONCE = 50;

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});

beforeEach(async () => {
  await site.isServing();
});

function find(
  couponId: number,
  userId: number,
  query = '',
  headers: Record<string, string> = {},
): Promise<Answer<ReservationBody>> {
  return site.api.call(`/api/coupons/${couponId}/reservations/${userId}${query}`, { headers });
}

function events(couponId: number, userId: number): Promise<EventReader> {
  return EventReader.open(site.app.url, couponId, userId);
}

async function expectWaiters(counts: { wait?: number; stream?: number }): Promise<void> {
  await eventuallyShows(site.app, (scrape) => {
    const kinds = Object.keys(counts);
    const found = kinds.map((kind) => [kind, scrape.value('firstcome_waiters', { kind })]);
    expect(Object.fromEntries(found)).toEqual(counts);
  });
}

/** A reservation that is not decided before `decide` is called, which commits the `assignments` to the coupon's row. */
async function undecided(assignments?: string): Promise<{
  couponId: number;
  userId: number;
  decide: () => Promise<void>;
}> {
  const { couponId } = await site.api.createCoupon({ totalQuantity: 1000 });
  const userId = newUserId();
  const decide = await site.holdLedger(couponId, assignments);
  expect(await site.api.reserve(couponId, userId)).toMatchObject({ status: 200 });
  return { couponId, userId, decide };
}

/** As `undecided`, and it will fail: the ledger has no room for what Redis admits. */
function doomed(): ReturnType<typeof undecided> {
  return undecided('total_quantity = 0');
}

describe('a look-up that waits', () => {
  it('answers when the reservation is issued', async () => {
    const { couponId, userId, decide } = await undecided();
    const answer = find(couponId, userId, '?wait=30');
    await expectWaiters({ wait: 1 });
    await decide();
    expect(await answer).toMatchObject({
      status: 200,
      body: { couponId, userId, status: 'ISSUED', sequenceNumber: 1 },
    });
    expect((await answer).body.userCouponId).toBeGreaterThan(0);
    await expectWaiters({ wait: 0 });
  });

  it('answers when the reservation has failed', async () => {
    const { couponId, userId, decide } = await doomed();
    const answer = find(couponId, userId, '?wait=30');
    await expectWaiters({ wait: 1 });
    await decide();
    expect(await answer).toMatchObject({
      status: 200,
      body: { couponId, userId, status: 'FAILED', sequenceNumber: 1, failureReason: 'SOLD_OUT_IN_LEDGER' },
    });
  });

  it('says RESERVED when the end does not come in time', async () => {
    const { couponId, userId, decide } = await undecided();
    expect(await find(couponId, userId, '?wait=1')).toMatchObject({ status: 200, body: { status: 'RESERVED' } });
    expect(await find(couponId, userId, '?wait=0')).toMatchObject({ status: 200, body: { status: 'RESERVED' } });
    await expectWaiters({ wait: 0 });
    await decide();
  });

  it('waits as `Prefer` says, unless the query says something else', async () => {
    const { couponId, userId, decide } = await undecided();
    const preferred = find(couponId, userId, '', { prefer: 'respond-async, wait=20' });
    const long = find(couponId, userId, '', { prefer: 'wait=3600' });
    await expectWaiters({ wait: 2 });
    const byQuery = await find(couponId, userId, '?wait=0', { prefer: 'wait=20' });
    expect(byQuery).toMatchObject({ status: 200, body: { status: 'RESERVED' } });
    expect(byQuery.headers.get('preference-applied')).toBeNull();
    const malformed = await find(couponId, userId, '', { prefer: 'wait=soon' });
    expect(malformed).toMatchObject({ status: 200, body: { status: 'RESERVED' } });
    expect(malformed.headers.get('preference-applied')).toBeNull();
    await decide();
    expect(await preferred).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
    expect((await preferred).headers.get('preference-applied')).toBe('wait=20');
    expect((await long).headers.get('preference-applied')).toBe('wait=30');
  });

  it('answers at once what has ended, and that there is nothing', async () => {
    const { couponId } = await site.api.createCoupon();
    const userId = newUserId();
    await site.api.issue(couponId, userId);
    expect(await find(couponId, userId, '?wait=30')).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
    expect(await find(couponId, newUserId(), '?wait=30')).toMatchObject({ error: 'RESERVATION_NOT_FOUND' });
    expect(await find(999_999_999, userId, '?wait=30')).toMatchObject({ error: 'COUPON_NOT_FOUND' });
  });

  it('works with strategy lock', async () => {
    const { couponId } = await site.api.createCoupon({ strategy: 'lock' });
    const userId = newUserId();
    await site.api.reserve(couponId, userId);
    expect(await find(couponId, userId, '?wait=30')).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
    expect(await find(couponId, newUserId(), '?wait=30')).toMatchObject({ error: 'RESERVATION_NOT_FOUND' });
    const reader = await events(couponId, userId);
    expect(await reader.ended).toBe(true);
    expect(reader.statuses).toEqual(['ISSUED']);
  });

  it.each(['31', '-1', '1.5', 'x', '', '007', '1e1'])('does not take %p for a wait', async (wait) => {
    expect(await find(1, 1, `?wait=${wait}`)).toMatchObject({
      status: 400,
      error: 'VALIDATION_FAILED',
      body: { errors: [{ path: 'wait', message: 'must be a whole number of seconds from 0 to 30' }] },
    });
  });
});

describe('a stream of events', () => {
  it('tells the state at once and then its end, with which it ends', async () => {
    const { couponId, userId, decide } = await undecided();
    const reader = await events(couponId, userId);
    expect(reader.response.statusCode).toBe(200);
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    await eventually(() => expect(reader.statuses).toEqual(['RESERVED']));
    await decide();
    expect(await reader.ended).toBe(true);
    expect(reader.statuses).toEqual(['RESERVED', 'ISSUED']);
    expect(reader.text).toMatch(/^retry: 2000\nid: 1\nevent: reservation\ndata: /);
    expect(reader.states[1]).toEqual((await find(couponId, userId)).body);
    await expectWaiters({ stream: 0 });
  });

  it('tells of a failure', async () => {
    const { couponId, userId, decide } = await doomed();
    const reader = await events(couponId, userId);
    await eventually(() => expect(reader.statuses).toEqual(['RESERVED']));
    await decide();
    expect(await reader.ended).toBe(true);
    expect(reader.states[1]).toMatchObject({ status: 'FAILED', failureReason: 'SOLD_OUT_IN_LEDGER' });
  });

  it('is a problem where there is nothing to follow', async () => {
    const { couponId } = await site.api.createCoupon();
    const path = `/api/coupons/${couponId}/reservations/${newUserId()}/events`;
    expect(await site.api.call(path)).toMatchObject({ status: 404, error: 'RESERVATION_NOT_FOUND' });
    expect(await site.api.call('/api/coupons/x/reservations/1/events')).toMatchObject({ status: 400 });
  });

  it('is only begun for HEAD', async () => {
    const { couponId, userId, decide } = await undecided();
    const url = `${site.app.url}/api/coupons/${couponId}/reservations/${userId}/events`;
    const { status, headers } = await fetch(url, { method: 'HEAD' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await expectWaiters({ stream: 0 });
    await decide();
  });

  it('gives its place back when the client hangs up', async () => {
    const { couponId, userId, decide } = await undecided();
    const readers = [await events(couponId, userId), await events(couponId, userId)];
    const aborting = new AbortController();
    const url = `${site.app.url}/api/coupons/${couponId}/reservations/${userId}?wait=30`;
    const waiting = fetch(url, { signal: aborting.signal }).catch((error: Error) => error.name);
    await expectWaiters({ stream: 2, wait: 1 });
    for (const reader of readers) reader.hangUp();
    aborting.abort();
    expect(await waiting).toBe('AbortError');
    await expectWaiters({ stream: 0, wait: 0 });
    await decide();
  });
});

describe('of one user', () => {
  it('five may wait, and the sixth is told to come later; other users wait all the same', async () => {
    const { couponId, userId, decide } = await undecided();
    const readers = await Promise.all([1, 2, 3].map(() => events(couponId, userId)));
    const waiting = [find(couponId, userId, '?wait=30'), find(couponId, userId, '?wait=30')];
    await expectWaiters({ stream: 3, wait: 2 });
    const refused = await find(couponId, userId, '?wait=30');
    expect(refused).toMatchObject({ status: 429, error: 'TOO_MANY_WAITERS' });
    expect(refused.headers.get('retry-after')).toBe('3');
    expect((await events(couponId, userId)).response.statusCode).toBe(429);
    expect(await find(couponId, userId)).toMatchObject({ status: 200 });

    const other = newUserId();
    await site.api.reserve(couponId, other);
    const ofOther = find(couponId, other, '?wait=30');
    await expectWaiters({ wait: 3 });
    await decide();
    for (const answer of [...waiting, ofOther]) expect(await answer).toMatchObject({ body: { status: 'ISSUED' } });
    for (const reader of readers) expect(await reader.ended).toBe(true);
    await expectWaiters({ stream: 0, wait: 0 });
    expect(await find(couponId, userId, '?wait=30')).toMatchObject({ status: 200 });
  });
});

describe('of one instance', () => {
  it('as many may wait as half of its connections, but callers of /issue always', async () => {
    await site.start({ HTTP_MAX_CONNECTIONS: '20' });
    const { couponId, decide } = await undecided();
    const users = Array.from({ length: 10 }, newUserId);
    for (const userId of users) await site.api.reserve(couponId, userId);
    const readers = await Promise.all(users.map((userId) => events(couponId, userId)));
    await expectWaiters({ stream: 10 });
    const last = newUserId();
    const issued = site.api.issue(couponId, last);
    await eventuallyShows(site.app, (scrape) => expect(scrape.value('firstcome_waiters', { kind: 'issue' })).toBe(1));
    expect(await find(couponId, last, '?wait=30')).toMatchObject({ status: 429, error: 'TOO_MANY_WAITERS' });
    await decide();
    expect([200, 202]).toContain((await issued).status);
    for (const reader of readers) expect(await reader.ended).toBe(true);
    expect(await find(couponId, last, '?wait=30')).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
  });
});

describe('at a shutdown', () => {
  it('a thousand who wait are answered, and the process ends in time', async () => {
    // A machine that is busy with all of them at once is no fault of Redis, of which a reserve would be refused.
    await site.start({ REDIS_COMMAND_TIMEOUT_MS: '5000' });
    const { couponId, userId, decide } = await undecided();
    const users = Array.from({ length: 999 }, newUserId);
    const reserved = await inParallel(users, (each) => site.api.reserve(couponId, each), AT_ONCE);
    expect(tally(reserved)).toEqual({ '200': 999 });
    const readers = await inParallel(users.slice(0, 990), (each) => events(couponId, each), AT_ONCE);
    expect(readers.filter(({ response }) => response.statusCode !== 200)).toHaveLength(0);
    const waiting = [userId, ...users.slice(990)].map((each) => find(couponId, each, '?wait=30'));
    await expectWaiters({ stream: 990, wait: 10 });
    expect(await site.app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    for (const answer of await Promise.all(waiting)) expect(answer.body).toMatchObject({ status: 'RESERVED' });
    for (const reader of readers) expect(await reader.ended).toBe(true);
    expect(site.app.logs).not.toContain('are cut');
    await decide();
  });
});
