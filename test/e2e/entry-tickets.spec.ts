import { beforeAll, describe, expect, it } from '@jest/globals';
import { SignedTickets } from '../../src/identity/signed-tickets.js';
import { ApiClient, type CouponBody, type EntryTicketBody, type Strategy } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { waysToEnter } from '../support/entry-ways.js';
import { plantFailures } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { inDays, time } from '../support/times.js';
import { IDENTITY_BY_SECRET, TokenIssuer } from '../support/tokens.js';
import { newInt32UserId, newUserId } from '../support/unique-ids.js';

/** Coupons that are entered by ticket, as those see it who ask over HTTP. */

const SECRET = 'the secret of the application that this test starts';
const LIFE_MS = 600_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const signed = new SignedTickets(SECRET);
let url: string;
let api: ApiClient;
let database: TestDatabase;

beforeAll(async () => {
  url = (await startApp({ env: { ENTRY_TICKET_SECRET: SECRET } })).url;
  api = new ApiClient(url);
  database = openDatabase();
});

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const byTicket = (overrides: Partial<CouponBody> = {}) => api.createCoupon({ entry: 'ticket', ...overrides });

/** A ticket as the application makes them, for any time. */
function ticketOf(couponId: number, userId: number, { countsInMs = 0, signs = signed } = {}): string {
  const notBefore = Date.now() + countsInMs;
  return signs.sign(`entry:${couponId}:${userId}`, { notBefore, expiresAt: notBefore + LIFE_MS });
}

/** The same ticket, but for one bit. */
function flipped(ticket: string): string {
  const bytes = Buffer.from(ticket, 'base64url');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

/** When tickets are given where nobody says when. */
function opensBefore(startsAt: string): string {
  return new Date(Date.parse(startsAt) - 10 * MINUTE_MS).toISOString();
}

function offset({ notBefore }: { notBefore: string }, startsAt: string): number {
  return Date.parse(notBefore) - Date.parse(startsAt);
}

/** `Retry-After` in ms. */
function waitOf({ headers }: { headers: Headers }): number {
  return Number(headers.get('retry-after')) * 1000;
}

describe.each<Strategy>(['reservation', 'lock'])('a coupon by ticket with the strategy %s', (strategy) => {
  // The names do not depend on where the application listens.
  it.each(waysToEnter('http://127.0.0.1').map(([name]) => name))(
    'is entered with a right ticket alone: %s',
    async (way) => {
      const ask = new Map(waysToEnter(url)).get(way);
      if (ask === undefined) throw new Error(`there is no way called ${way}`);
      const { couponId } = await byTicket({ strategy });
      const other = await byTicket({ strategy });
      const userId = newInt32UserId();
      const right = ticketOf(couponId, userId);
      const invalid = {
        'of another user': ticketOf(couponId, userId + 1),
        'of another coupon': ticketOf(other.couponId, userId),
        expired: ticketOf(couponId, userId, { countsInMs: -LIFE_MS }),
        'of another secret': ticketOf(couponId, userId, {
          signs: new SignedTickets('some other secret, as long as it has to be'),
        }),
        cut: right.slice(0, -1),
        longer: `${right}A`,
        'of other bits': flipped(right),
        garbage: 'let me in',
        'two of them': `${right}, ${right}`,
      };

      expect(await ask(couponId, userId, undefined)).toMatchObject({ outcome: 'ENTRY_TICKET_REQUIRED' });
      for (const [what, ticket] of Object.entries(invalid)) {
        expect({ what, ...(await ask(couponId, userId, ticket)) }).toMatchObject({
          what,
          outcome: 'ENTRY_TICKET_INVALID',
        });
      }
      const early = await ask(couponId, userId, ticketOf(couponId, userId, { countsInMs: HOUR_MS }));
      expect(early.outcome).toBe('ENTRY_TICKET_TOO_EARLY');
      expect(early.retryAfter).toBeGreaterThan(3_000);
      expect(early.retryAfter).toBeLessThanOrEqual(3_600);
      expect((await api.coupon(couponId)).body).toMatchObject({ remainingQuantity: 100 });

      expect(await ask(couponId, userId, right)).toMatchObject({ outcome: 'in' });
      expect((await api.coupon(couponId)).body).toMatchObject({ remainingQuantity: 99 });
      const again = await ask(couponId, userId, right);
      expect(again.outcome).toMatch(/^ALREADY_ISSUED$|COUPON_ALREADY_CLAIMED$/);
    },
  );

  it('gives tickets that let in', async () => {
    const { couponId } = await byTicket({ strategy });
    const userId = newUserId();
    const answer = await api.entryTicket(couponId, userId);
    expect(answer).toMatchObject({ status: 200, body: { ticket: expect.stringMatching(/^[\w-]+$/), notBefore: time } });
    const { ticket, notBefore, expiresAt } = answer.body;
    expect(Date.parse(expiresAt) - Date.parse(notBefore)).toBe(LIFE_MS);
    expect(await api.reserve(couponId, userId, ticket)).toMatchObject({ status: 200, body: { sequenceNumber: 1 } });
  });

  it('shows its terms, and keeps those that a change does not name', async () => {
    const [startsAt, entryOpensAt] = [inDays(1), inDays(0.5)];
    const created = await byTicket({ strategy, startsAt, expiresAt: inDays(2) });
    const terms = { entry: 'ticket', entryOpensAt: opensBefore(startsAt), entrySpreadSeconds: 10, challenge: 'none' };
    expect(created).toMatchObject(terms);
    expect((await api.coupon(created.couponId)).body).toEqual(created);

    const later = inDays(1.5);
    const moved = await api.patchCoupon(created.couponId, { startsAt: later });
    expect(moved.body).toMatchObject({ ...terms, entryOpensAt: opensBefore(later) });
    const set = await api.patchCoupon(created.couponId, { entryOpensAt, entrySpreadSeconds: 0 });
    expect(set.body).toMatchObject({ ...terms, entryOpensAt, entrySpreadSeconds: 0 });
    expect((await api.patchCoupon(created.couponId, { name: 'Renamed' })).body).toMatchObject({ entryOpensAt });
    expect((await api.audit(created.couponId)).body).toMatchObject({ consistent: true });

    const tooLate = await api.patchCoupon(created.couponId, { entryOpensAt: inDays(1.6) });
    expect(tooLate).toMatchObject({ status: 400, body: { errors: [{ path: 'entryOpensAt' }] } });
    const opened = await api.patchCoupon(created.couponId, { entry: 'open' });
    expect(opened.body).toMatchObject({ entry: 'open', entryOpensAt: null });
  });

  it('gives none before the opening, and says when that is', async () => {
    const startsAt = inMs(HOUR_MS);
    const { couponId } = await byTicket({ strategy, startsAt, expiresAt: inDays(1) });
    const answer = await api.entryTicket(couponId, newUserId());
    expect(answer).toMatchObject({ status: 409, error: 'ENTRY_NOT_OPEN' });
    expect(answer.body).toMatchObject({ entryOpensAt: opensBefore(startsAt) });
    expect(waitOf(answer)).toBeGreaterThan(45 * MINUTE_MS);
    expect(waitOf(answer)).toBeLessThanOrEqual(50 * MINUTE_MS);
    expect((await api.patchCoupon(couponId, { entryOpensAt: inMs(-1) })).status).toBe(200);
    expect(await api.entryTicket(couponId, newUserId())).toMatchObject({ status: 200 });
  });

  it('takes tickets of a start that was moved earlier, and none of one that was moved later', async () => {
    const { couponId } = await byTicket({ strategy, startsAt: inMs(5 * MINUTE_MS) });
    const userId = newUserId();
    const first = (await api.entryTicket(couponId, userId)).body;
    const later = await api.patchCoupon(couponId, { startsAt: inMs(8 * MINUTE_MS) });
    expect(later.status).toBe(200);
    expect(await api.reserve(couponId, userId, first.ticket)).toMatchObject({
      status: 403,
      error: 'ENTRY_TICKET_INVALID',
    });
    const second = (await api.entryTicket(couponId, userId)).body;
    expect(offset(second, later.body.startsAt)).toBeGreaterThanOrEqual(0);
    expect(offset(second, later.body.startsAt)).toBeLessThan(10_000);

    expect((await api.patchCoupon(couponId, { startsAt: inMs(-HOUR_MS) })).status).toBe(200);
    expect(await api.reserve(couponId, userId, second.ticket)).toMatchObject({ error: 'ENTRY_TICKET_TOO_EARLY' });
    const third = (await api.entryTicket(couponId, userId)).body;
    expect(await api.reserve(couponId, userId, third.ticket)).toMatchObject({ status: 200 });
  });

  it('takes a ticket that somebody holds through a pause, and through changes of its terms', async () => {
    const { couponId } = await byTicket({ strategy });
    const userId = newUserId();
    const { ticket } = (await api.entryTicket(couponId, userId)).body;
    await api.patchCoupon(couponId, { isActive: false });
    await eventually(async () => expect((await api.reserve(couponId, userId, ticket)).error).toBe('COUPON_INACTIVE'));
    await api.patchCoupon(couponId, { isActive: true, entrySpreadSeconds: 600, expiresAt: inDays(1) });
    await eventually(async () => expect((await api.reserve(couponId, userId, ticket)).status).toBe(200));
  });

  it('gives none to those whom a reserve would refuse', async () => {
    const asked = async ({ couponId }: { couponId: number }) => (await api.entryTicket(couponId, newUserId())).error;
    expect(await asked({ couponId: 2 ** 40 })).toBe('COUPON_NOT_FOUND');
    expect(await asked(await byTicket({ strategy, audience: 'registered' }))).toBe('USER_NOT_FOUND');
    expect(await asked(await byTicket({ strategy, isActive: false }))).toBe('COUPON_INACTIVE');
    const ended = await byTicket({ strategy });
    await api.patchCoupon(ended.couponId, { expiresAt: inMs(-1) });
    expect(await asked(ended)).toBe('COUPON_EXPIRED');
    const { couponId } = await byTicket({ strategy, entry: 'open' });
    expect(await api.entryTicket(couponId, newUserId())).toMatchObject({
      status: 400,
      error: 'VALIDATION_FAILED',
      body: { errors: [{ path: 'couponId' }] },
    });
  });

  it('is open to everyone at once when an operator opens it', async () => {
    const { couponId } = await byTicket({ strategy });
    expect((await api.reserve(couponId, newUserId())).error).toBe('ENTRY_TICKET_REQUIRED');
    expect((await api.patchCoupon(couponId, { entry: 'open' })).status).toBe(200);
    expect((await api.reserve(couponId, newUserId())).status).toBe(200);
    expect((await api.reserve(couponId, newUserId(), 'what is no ticket')).status).toBe(200);
  });
});

describe('a failure of a coupon by ticket', () => {
  it('is tried again without a ticket', async () => {
    const { couponId } = await byTicket();
    await plantFailures({ redis: openRedis(process.env['REDIS_URL'] ?? ''), database }, couponId, [newUserId()]);
    const [failure] = (await api.failures(couponId)).body.failures;
    expect(await api.retry(couponId, failure?.failureId ?? 0)).toMatchObject({ status: 200 });
  });
});

describe('the seed of a coupon', () => {
  it('is drawn with the first ticket, once, and is in no answer and not in Redis', async () => {
    const { couponId } = await byTicket();
    const seedOf = async () =>
      (await database.row<{ seed: Buffer | null }>('SELECT entry_seed AS seed FROM coupons WHERE id = ?', [couponId]))
        .seed;
    expect(await seedOf()).toBeNull();
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.entryTicket(couponId, newUserId())));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const seed = await seedOf();
    expect(seed).toHaveLength(32);
    await api.patchCoupon(couponId, { name: 'Renamed' });
    expect(await seedOf()).toEqual(seed);

    const shown = [...answers, await api.coupon(couponId), await api.audit(couponId)].map(({ body }) => body);
    const state = await openRedis(process.env['REDIS_URL'] ?? '').hgetall(`coupon:{${couponId}}:state`);
    for (const said of [JSON.stringify(shown), JSON.stringify(state)]) {
      for (const form of ['hex', 'base64', 'base64url'] as const) expect(said).not.toContain(seed?.toString(form));
      // A name, since the random text of a ticket may spell the word.
      expect(said).not.toMatch(/"\w*seed\w*":/i);
    }
  });
});

describe('where users are known by their tokens', () => {
  it('gives the ticket to the user of the token, and lets in nobody else with it', async () => {
    const known = new ApiClient((await startApp({ env: { ...IDENTITY_BY_SECRET, ENTRY_TICKET_SECRET: SECRET } })).url);
    const issuer = TokenIssuer.bySecret();
    const [mine, other] = [newUserId(), newUserId()];
    const { couponId } = await known.createCoupon({ entry: 'ticket' });
    const authorization = `Bearer ${await issuer.ofUser(mine)}`;
    const asked = async (body: object) => {
      const path = `/api/coupons/${couponId}/entry-tickets`;
      return await known.call<EntryTicketBody>(path, { method: 'POST', body, headers: { authorization } });
    };
    const reserved = async (userId: number, ticket: string) => {
      const headers = { authorization: `Bearer ${await issuer.ofUser(userId)}`, 'Entry-Ticket': ticket };
      return await known.call(`/api/coupons/${couponId}/reserve`, { method: 'POST', body: {}, headers });
    };
    expect(await known.entryTicket(couponId, mine)).toMatchObject({ status: 401 });
    expect(await asked({ userId: other })).toMatchObject({ status: 403, error: 'FORBIDDEN' });
    const answer = await asked({});
    expect(answer.status).toBe(200);
    expect(await reserved(other, answer.body.ticket)).toMatchObject({ status: 403, error: 'ENTRY_TICKET_INVALID' });
    expect(await reserved(mine, answer.body.ticket)).toMatchObject({ status: 200, body: { userId: mine } });
  });
});
