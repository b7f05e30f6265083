/** What is measured. Each case makes what it needs anew for every round, so that rounds do not build on each other. */
import mysql from 'mysql2/promise';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareServer } from './bare.mjs';
import { newToken, newTokens } from './tokens.mjs';

/** @import { App } from './app.mjs' */
/** @import { Server } from './bare.mjs' */
/** @import { Load, Outcome } from './generator.mjs' */

/**
 * `redisPid`: null where Redis is not ours to stop. `dir` is for files. `seconds`: how long the load will last.
 * @typedef {{ app: App, databaseUrl: string, redisPid: number | null, dir: string, seconds: number }} Place
 */

/**
 * A round that is ready to be run at the app, or `at` another server. Every answer must be as `expected`. `finish` waits
 * for what the answers promised and checks that it came true. `undo` comes last, whether it went well or not. `supply`:
 * for how many requests there is something, and how the next round has more.
 * @typedef {{ load: Load, expected: 'accepted' | 'refused', at?: Server, finish?: (outcome: Outcome) => Promise<void>,
 *   undo?: () => Promise<void>, supply?: { requests: number, grow: () => void } }} Round
 */

/**
 * `asksUsers`: it runs at an app that verifies tokens.
 * @typedef {{ name: string, what: string, asksUsers?: boolean, prepare: (place: Place) => Promise<Round> }} Case
 */

/** More than any round can use, so that no user is asked for twice. */
const USERS_OF_A_ROUND = 10_000_000;
let nextUser = 1_000_000_000;
/** Doubled as often as a round pays all that were made for it. */
let ordersASecond = 500;
/** Doubled as often as a round uses all that were signed for it: 0.7 ms each. */
let tokensASecond = 10_000;
const ROWS_A_STATEMENT = 5_000;
const FAR = 1_000_000_000_000;
/** The coupons of {@link reservingAmong}. @type {Map<string, number>} */
const crowded = new Map();

/** @type {Case[]} */
export const CASES = [
  {
    name: 'bare',
    what: 'what echo answers, by Fastify alone: what the machine can do at that hour',
    prepare: async () => ({ load: asking('/load-test/echo/7'), expected: 'accepted', at: await bareServer() }),
  },
  {
    name: 'echo',
    what: 'takes and answers what reserve does, without Redis and MySQL',
    prepare: async () => ({ load: asking('/load-test/echo/7'), expected: 'accepted' }),
  },
  {
    name: 'reserve',
    what: 'until every reservation is a committed row',
    prepare: async ({ app }) => reserving(app, await app.createCoupon()),
  },
  {
    name: 'reserve-token-seen',
    what: 'reserve with a JWT by RS256 that was verified before',
    asksUsers: true,
    prepare: async ({ app }) => {
      const round = reserving(app, await app.createCoupon());
      return { ...round, load: { ...round.load, token: await newToken() } };
    },
  },
  {
    name: 'reserve-token-new',
    what: 'reserve with a new JWT in each request',
    asksUsers: true,
    prepare: async ({ app, dir, seconds }) => {
      const count = tokensASecond * seconds;
      const tokens = join(dir, 'tokens.txt');
      writeFileSync(tokens, `${(await newTokens(count)).join('\n')}\n`);
      const round = reserving(app, await app.createCoupon());
      const supply = { requests: count, grow: () => (tokensASecond *= 2) };
      return { ...round, load: { ...round.load, tokens }, supply };
    },
  },
  {
    name: 'rpc',
    what: 'the same by IssueCoupon of the campaign RPC, in JSON',
    prepare: async ({ app }) => {
      const couponId = await app.createCoupon();
      const path = '/coupon.v1.CouponService/IssueCoupon';
      // Its user ids have 32 bits; those of another coupon may be the same.
      const load = { ...asking(path, `{"campaignId":${couponId},"userId":%d}`), first: 1 };
      return { load, expected: 'accepted', finish: exactly(app, couponId) };
    },
  },
  {
    name: 'issue',
    what: 'the answer waits for the commit',
    prepare: async ({ app }) => {
      const couponId = await app.createCoupon();
      return { load: asking(`/api/coupons/${couponId}/issue`), expected: 'accepted', finish: exactly(app, couponId) };
    },
  },
  {
    name: 'lock',
    what: 'strategy lock: the row lock of MySQL decides',
    prepare: async ({ app }) => reserving(app, await app.createCoupon({ strategy: 'lock' })),
  },
  {
    name: 'sold-out',
    what: 'reserve, refused with COUPON_SOLD_OUT',
    prepare: async ({ app }) => {
      const couponId = await app.createCoupon({ totalQuantity: 1 });
      await app.call(`/api/coupons/${couponId}/issue`, { userId: 1 });
      return { load: asking(`/api/coupons/${couponId}/reserve`), expected: 'refused' };
    },
  },
  {
    name: 'reserve-1k',
    what: 'reserve with 1,000 users in the set',
    prepare: (place) => reservingAmong(place, 1_000),
  },
  {
    name: 'reserve-1m',
    what: 'reserve with 1,000,000 users in the set',
    prepare: (place) => reservingAmong(place, 1_000_000),
  },
  {
    name: 'payment',
    what: 'of orders of one piece, by 100 users',
    prepare: async ({ app, dir, seconds }) => {
      const orders = await app.createOrders(ordersASecond * seconds);
      const list = join(dir, 'orders.txt');
      writeFileSync(list, orders.map(({ orderId, userId }) => `${orderId} ${userId}\n`).join(''));
      return {
        load: { method: 'POST', path: '/api/orders/%s/payment', body: '{"userId":%s}', list },
        expected: 'accepted',
        supply: { requests: orders.length, grow: () => (ordersASecond *= 2) },
      };
    },
  },
  {
    name: 'ranking',
    what: 'top 10 with names, from Redis',
    prepare: async ({ app }) => {
      await paySome(app);
      await waitForRanking(app, ({ source }) => source === 'redis');
      return { load: { method: 'GET', path: '/api/products/ranking/top' }, expected: 'accepted' };
    },
  },
  {
    name: 'ranking-fallback',
    what: 'the same from MySQL, with Redis frozen and the breaker open',
    prepare: async ({ app, redisPid }) => {
      if (redisPid === null) throw new Error('ranking-fallback wants a Redis that it may freeze');
      await paySome(app);
      process.kill(redisPid, 'SIGSTOP');
      await waitForRanking(app, ({ source }) => source !== 'redis');
      return {
        load: { method: 'GET', path: '/api/products/ranking/top' },
        expected: 'accepted',
        undo: async () => {
          process.kill(redisPid, 'SIGCONT');
          await waitForRanking(app, ({ source }) => source === 'redis');
        },
      };
    },
  },
];

/** @type {(path: string, body?: string) => Load} */
function asking(path, body = '{"userId":%d}') {
  nextUser += USERS_OF_A_ROUND;
  return { method: 'POST', path, body, first: nextUser };
}

/** Of a coupon that has some rows already. @type {(app: App, couponId: number, before?: number) => Round} */
function reserving(app, couponId, before = 0) {
  const finish = exactly(app, couponId, before);
  return { load: asking(`/api/coupons/${couponId}/reserve`), expected: 'accepted', finish };
}

/** Every answer must have become a row. @param {App} app @param {number} couponId @param {number} [before] */
function exactly(app, couponId, before = 0) {
  return async (/** @type {Outcome} */ { requests }) => {
    const rows = (await app.allCommitted(couponId)) - before;
    // At its end the generator hangs up: what it no longer reads was done all the same.
    if (rows < requests) throw new Error(`${requests} were accepted, but coupon ${couponId} has ${rows} rows`);
  };
}

/** A coupon with so many issued users. @param {Place} place @param {number} users */
async function reservingAmong(place, users) {
  // Made in the warm-up and used in every round: for seconds after it was filled the servers are busy writing it down.
  const { app } = place;
  const key = `${app.url} ${users}`;
  const couponId = crowded.get(key) ?? (await fill(place, users));
  crowded.set(key, couponId);
  return reserving(app, couponId, await app.allCommitted(couponId));
}

/** Writes the users' rows, and has Redis rebuilt from them. @type {(place: Place, users: number) => Promise<number>} */
async function fill({ app, databaseUrl }, users) {
  const couponId = await app.createCoupon();
  const connection = await mysql.createConnection(databaseUrl);
  try {
    const issuedAt = new Date();
    for (let first = 1; first <= users; first += ROWS_A_STATEMENT) {
      const count = Math.min(ROWS_A_STATEMENT, users - first + 1);
      // Numbers that Redis, whose sequence goes on at 1, does not come to.
      const rows = Array.from({ length: count }, (_, index) => [
        couponId,
        first + index,
        FAR + first + index,
        null,
        issuedAt,
      ]);
      const insert = 'INSERT INTO user_coupons (coupon_id, user_id, sequence_number, code, issued_at) VALUES ?';
      await connection.query(insert, [rows]);
    }
    await connection.query('UPDATE coupons SET issued_quantity = ? WHERE id = ?', [users, couponId]);
  } finally {
    await connection.end();
  }
  const startedAt = performance.now();
  await app.call(`/api/coupons/${couponId}/rebuild`, {});
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.error(`${users.toLocaleString('en')} users rebuilt from MySQL, and audited, in ${seconds} s`);
  return couponId;
}

/** @param {App} app */
async function paySome(app) {
  const orders = await app.createOrders(200);
  await Promise.all(orders.map(({ orderId, userId }) => app.call(`/api/orders/${orderId}/payment`, { userId })));
}

/** @type {(app: App, isWanted: (answer: { source: string }) => boolean) => Promise<void>} */
async function waitForRanking(app, isWanted) {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (isWanted(/** @type {{ source: string }} */ (await app.call('/api/products/ranking/top')))) return;
    await sleep(100);
  }
  throw new Error('the ranking does not come from where it should');
}
