import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { randomInt } from 'node:crypto';
import { loadConfig } from '../../src/config.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { openRedisWith } from '../../src/platform/redis/open-redis.js';
import { BusinessCalendar } from '../../src/ranking/business-calendar.js';
import { addDays } from '../../src/ranking/business-day.js';
import { dayKeys, memberOf, rankingKeys as keys, refundOf } from '../../src/ranking/ranking-keys.js';
import { type ReconcileToken, RankingStore } from '../../src/ranking/ranking.store.js';
import { REDIS_SCRIPTS } from '../../src/redis-scripts.js';
import { atEndOfFile } from '../support/cleanup.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { expectConnected, openRedis } from '../support/redis.js';

const DAY_MS = 24 * 3_600_000;
const COUNT_ORDERS = REDIS_SCRIPTS['countOrders']?.lua ?? '';
const UNCOUNT_ORDERS = REDIS_SCRIPTS['uncountOrders']?.lua ?? '';

/** A day that nobody else counts for: the store believes that it is today. */
let day = addDays('3000-01-01', randomInt(1_000_000));
const clock = { now: () => new Date(`${day}T03:00:00Z`) };

let store: RankingStore;
let raw: Redis;
let connection: RedisConnection;
/** The identity of the server, as the scripts have it. */
let server: string;

beforeAll(async () => {
  const config = loadConfig({
    ...process.env,
    NODE_ENV: 'test',
    LOG_LEVEL: 'fatal',
    REDIS_COMMAND_TIMEOUT_MS: '10000',
  });
  connection = new RedisConnection(config, openRedisWith(REDIS_SCRIPTS, config));
  store = new RankingStore(connection, new BusinessCalendar(clock, config));
  raw = openRedis(config.redis.url);
  atEndOfFile(async () => connection.onApplicationShutdown());
  await connection.onModuleInit();
  await eventually(() => expectConnected(connection));
  server = await identityOf(raw);
});

async function identityOf(redis: Redis): Promise<string> {
  const info = await redis.info('server', 'replication');
  return `${/^run_id:(\w+)/m.exec(info)?.[1]}:${/^master_replid:(\w+)/m.exec(info)?.[1]}`;
}

/** Begins a day without a sale. */
async function newDay({ isComplete = true } = {}): Promise<string> {
  day = addDays(day, 1);
  atEndOfFile(async () => void (await raw.del(...dayKeys(day), keys.reconciling(day))));
  if (isComplete) await reconcile();
  return day;
}

async function reconcile(): Promise<ReconcileToken> {
  const token = await store.beginReconcile(day);
  expect(await store.endReconcile(day, token)).toBe(true);
  return token;
}

/** Sets the time at which the last reconcile of the day began, by the clock of Redis. */
async function plantMarker(beganAt: number): Promise<void> {
  await raw.set(keys.reconciled(day), `${server} ${beganAt}`);
}

/** By the clock of Redis. */
async function redisNow(): Promise<number> {
  const [seconds, microseconds] = await raw.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

const order = (orderNumber: string, ...lines: Array<[productId: number, quantity: number]>) => ({
  orderNumber,
  items: lines.map(([productId, quantity]) => ({ productId, quantity })),
});

async function sell(...sales: Array<[productId: number, quantity: number]>): Promise<void> {
  await store.count(day, [order(`S${randomInt(2 ** 40)}`, ...sales)]);
}

const pairs = (top: Awaited<ReturnType<RankingStore['top']>>) =>
  top?.sales
    .map(({ productId, salesCount }) => [productId, salesCount])
    .sort((a, b) => Number(b[1]) - Number(a[1]) || Number(a[0]) - Number(b[0]));

/** Every way in which a day with sales is not complete. */
const INCOMPLETE: ReadonlyArray<[name: string, plant: () => Promise<unknown>]> = [
  ['it has no marker', () => raw.del(keys.reconciled(day))],
  ['its marker is of another server', () => raw.set(keys.reconciled(day), `${'f'.repeat(40)} 0`)],
  ['its marker is none', () => raw.set(keys.reconciled(day), server)],
  ['its marker is of the future, since the clock was set back', async () => plantMarker((await redisNow()) + 60_000)],
  ['its sales are missing', () => raw.del(keys.sales(day))],
  ['its orders are missing', () => raw.del(keys.orders(day))],
  ['all its keys are missing', () => raw.del(...dayKeys(day))],
];

describe('count-orders.lua', () => {
  it('counts each line of a new order, and says that the day is complete', async () => {
    await newDay();
    expect(await store.count(day, [order('T7', [42, 3], [43, 1])])).toEqual({ counted: 1, isComplete: true });
    expect(await store.count(day, [order('T8', [42, 2])])).toEqual({ counted: 1, isComplete: true });
    expect(await raw.zrange(keys.sales(day), '0', '-1', 'WITHSCORES')).toEqual([memberOf(43), '1', memberOf(42), '5']);
    expect((await raw.smembers(keys.orders(day))).sort()).toEqual(['T7', 'T8']);
  });

  it('counts an order once, also when it is delivered fifty times at once', async () => {
    await newDay();
    const counts = await inParallel(Array.from({ length: 50 }), () => store.count(day, [order('T7', [42, 3])]));
    expect(counts.filter(({ counted }) => counted === 1)).toHaveLength(1);
    expect(pairs(await store.top(day, 100))).toEqual([[42, 3]]);
  });

  it('counts those of many orders that are new, one that comes twice among them once', async () => {
    await newDay();
    await store.count(day, [order('T8', [42, 2])]);
    const orders = [
      order('T7', [42, 3], [43, 1]),
      order('T8', [42, 2]),
      order('T9', [44, 1]),
      order('T7', [42, 3], [43, 1]),
    ];
    expect(await store.count(day, orders)).toEqual({ counted: 2, isComplete: true });
    expect(pairs(await store.top(day, 100))).toEqual([
      [42, 5],
      [43, 1],
      [44, 1],
    ]);
    expect((await raw.smembers(keys.orders(day))).sort()).toEqual(['T7', 'T8', 'T9']);
    expect(await store.count(day, orders)).toEqual({ counted: 0, isComplete: true });
    expect(await store.count(day, [])).toEqual({ counted: 0, isComplete: true });
  });

  it('counts also while the day is not complete, and says so', async () => {
    await newDay({ isComplete: false });
    expect(await store.count(day, [order('T7', [42, 3])])).toEqual({ counted: 1, isComplete: false });
    expect(await store.count(day, [order('T7', [42, 3])])).toEqual({ counted: 0, isComplete: false });
  });

  it('lets the keys expire eight days after the day began, the marker a minute before', async () => {
    await newDay();
    await sell([42, 1]);
    const keptMs = 8 * DAY_MS - 12 * 3_600_000;
    const [sales = 0, orders = 0, complete = 0] = await Promise.all(dayKeys(day).map((key) => raw.pttl(key)));
    for (const ttl of [sales, orders]) expect(Math.abs(ttl - keptMs)).toBeLessThan(30_000);
    expect(complete).toBeLessThan(Math.min(sales, orders));
  });

  it('refuses an order that has no line, and does not go round in circles', async () => {
    await newDay();
    for (const lines of [-1, 0]) {
      const call = raw.eval(COUNT_ORDERS, 3, ...dayKeys(day), 60_000, 'T7', lines, memberOf(42), 3);
      await expect(call).rejects.toThrow('ERR an order has a line at least');
    }
    expect(await raw.exists(keys.orders(day), keys.sales(day))).toBe(0);
  });

  it('is not called for a day that is no longer kept', async () => {
    await newDay();
    const old = addDays(day, -8);
    expect(store.keeps(old)).toBe(false);
    expect(store.keeps(addDays(day, -7))).toBe(true);
    expect(await store.count(old, [order('T7', [42, 3])])).toEqual({ counted: 0, isComplete: true });
    expect(await raw.exists(...dayKeys(old))).toBe(0);
  });
});

describe('uncount-orders.lua', () => {
  const [seven, eight] = [order('T7', [42, 3], [43, 1]), order('T8', [42, 2])];

  it('counts each line of a counted order down, and says that the day is complete', async () => {
    await newDay();
    await store.count(day, [seven, eight]);
    expect(await store.uncount(day, [seven])).toEqual({ uncounted: 1, isComplete: true });
    expect(pairs(await store.top(day, 100))).toEqual([[42, 2]]);
    expect((await raw.smembers(keys.orders(day))).sort()).toEqual(['T7', 'T8', refundOf('T7')]);
    expect(await store.unrefunded(day, [seven, eight])).toEqual([eight]);
    expect(await store.uncounted(day, [seven, eight, order('T9')])).toEqual([order('T9')]);
  });

  it('counts an order down once, also when it is delivered fifty times at once, beside deliveries of its sale', async () => {
    await newDay();
    await store.count(day, [eight]);
    const uncounting = inParallel(Array.from({ length: 50 }), () => store.uncount(day, [seven]));
    const counting = inParallel(Array.from({ length: 50 }), () => store.count(day, [seven]));
    const [uncounts] = await Promise.all([uncounting, counting]);
    expect(uncounts.filter(({ uncounted }) => uncounted === 1)).toHaveLength(1);
    expect(pairs(await store.top(day, 100))).toEqual([[42, 2]]);
  });

  it('marks an order that was not counted, which is never counted then', async () => {
    await newDay();
    expect(await store.uncount(day, [seven, eight, seven])).toEqual({ uncounted: 2, isComplete: true });
    expect(await store.count(day, [seven, eight])).toEqual({ counted: 0, isComplete: true });
    expect(await store.uncount(day, [seven, eight])).toEqual({ uncounted: 0, isComplete: true });
    expect(pairs(await store.top(day, 100))).toEqual([]);
    // Complete: its sales and its orders are there, and half of neither is taken for lost.
    expect(await raw.zrange(keys.sales(day), '0', '-1', 'WITHSCORES')).toEqual([memberOf(42), '0', memberOf(43), '0']);
    await reconcile();
    expect((await raw.smembers(keys.orders(day))).sort()).toEqual(['T7', 'T8', refundOf('T7'), refundOf('T8')]);
  });

  it('counts also while the day is not complete, and says so', async () => {
    await newDay({ isComplete: false });
    expect(await store.uncount(day, [seven])).toEqual({ uncounted: 1, isComplete: false });
    expect(await store.uncount(day, [seven])).toEqual({ uncounted: 0, isComplete: false });
  });

  it('lets the keys expire with those of sales, and is not called for a day that is no longer kept', async () => {
    await newDay();
    await store.uncount(day, [seven]);
    const [sales = 0, orders = 0, complete = 0] = await Promise.all(dayKeys(day).map((key) => raw.pttl(key)));
    expect(complete).toBeGreaterThan(0);
    expect(complete).toBeLessThan(Math.min(sales, orders));
    const old = addDays(day, -400);
    expect(await store.uncount(old, [seven])).toEqual({ uncounted: 0, isComplete: true });
    expect(await store.uncount(day, [])).toEqual({ uncounted: 0, isComplete: true });
    expect(await raw.exists(...dayKeys(old))).toBe(0);
  });

  it('refuses an order that has no line, and does not go round in circles', async () => {
    await newDay();
    for (const lines of [-1, 0]) {
      const call = raw.eval(UNCOUNT_ORDERS, 3, ...dayKeys(day), 60_000, 'T7', refundOf('T7'), lines, memberOf(42), 3);
      await expect(call).rejects.toThrow('ERR an order has a line at least');
    }
    expect(await raw.exists(keys.orders(day), keys.sales(day))).toBe(0);
  });
});

describe('top-products.lua', () => {
  it('answers an empty list for a complete day without a sale', async () => {
    await newDay();
    expect(pairs(await store.top(day, 10))).toEqual([]);
  });

  it('answers those sold most, and of equals at the cut-off the lowest ids, whatever their length', async () => {
    await newDay();
    await sell([9, 5], [10, 5], [100, 5], [2, 7], [1000, 1], [Number.MAX_SAFE_INTEGER, 9]);
    expect(pairs(await store.top(day, 3))).toEqual([
      [Number.MAX_SAFE_INTEGER, 9],
      [2, 7],
      [9, 5],
    ]);
    expect(pairs(await store.top(day, 4))).toEqual([
      [Number.MAX_SAFE_INTEGER, 9],
      [2, 7],
      [9, 5],
      [10, 5],
    ]);
    expect(pairs(await store.top(day, 6))).toHaveLength(6);
    expect(pairs(await store.top(day, 100))).toHaveLength(6);
  });

  it('answers the lowest ids when all have sold the same', async () => {
    await newDay();
    await sell([30, 1], [4, 1], [200, 1]);
    expect(pairs(await store.top(day, 1))).toEqual([[4, 1]]);
    expect(pairs(await store.top(day, 2))).toEqual([
      [4, 1],
      [30, 1],
    ]);
  });

  it('leaves out products at zero, also where they would fill up the list', async () => {
    await newDay();
    await sell([9, 2], [12, 1], [11, 1]);
    const refunded = order('T7', [10, 5], [8, 1], [12, 1]);
    await store.count(day, [refunded]);
    await store.uncount(day, [refunded]);
    for (const limit of [3, 4, 100]) {
      expect(pairs(await store.top(day, limit))).toEqual([
        [9, 2],
        [11, 1],
        [12, 1],
      ]);
    }
    expect(pairs(await store.top(day, 2))).toEqual([
      [9, 2],
      [11, 1],
    ]);
  });

  it.each(INCOMPLETE)('answers nothing for a day that is not complete: %s', async (_name, plant) => {
    await newDay();
    await sell([42, 1]);
    await plant();
    expect(await store.top(day, 10)).toBeUndefined();
  });
});

describe('product-rank.lua', () => {
  it('answers the rank and the quantity, of equals the lower id first', async () => {
    await newDay();
    await sell([9, 5], [10, 5], [100, 5], [2, 7], [1000, 1]);
    const ranks = await inParallel([2, 9, 10, 100, 1000], (productId) => store.rankOf(day, productId));
    expect(ranks).toMatchObject([7, 5, 5, 5, 1].map((salesCount, index) => ({ rank: index + 1, salesCount })));
  });

  it('answers that a product was not sold', async () => {
    await newDay();
    await sell([9, 5]);
    expect(await store.rankOf(day, 10)).toMatchObject({ rank: null, salesCount: 0 });
  });

  it('answers the same for a product of which everything was refunded, and the ranks of the others', async () => {
    await newDay();
    await sell([9, 5], [12, 1]);
    const refunded = order('T7', [10, 3], [11, 3]);
    await store.count(day, [refunded]);
    expect(await store.rankOf(day, 12)).toMatchObject({ rank: 4, salesCount: 1 });
    await store.uncount(day, [refunded]);
    expect(await store.rankOf(day, 10)).toMatchObject({ rank: null, salesCount: 0 });
    expect(await store.rankOf(day, 12)).toMatchObject({ rank: 2, salesCount: 1 });
  });

  it.each(INCOMPLETE)('answers nothing for a day that is not complete: %s', async (_name, plant) => {
    await newDay();
    await sell([42, 1]);
    await plant();
    expect(await store.rankOf(day, 42)).toBeUndefined();
  });
});

describe('begin-reconcile.lua and end-reconcile.lua', () => {
  it('keep the counts that are there, and mark the day complete', async () => {
    await newDay({ isComplete: false });
    await sell([42, 3]);
    const token = await store.beginReconcile(day);
    expect(await store.top(day, 10)).toBeUndefined();
    expect(await store.endReconcile(day, token)).toBe(true);
    expect(pairs(await store.top(day, 10))).toEqual([[42, 3]]);
    expect(await raw.get(keys.reconciled(day))).toBe(`${server} ${token.beganAt}`);
    expect(await raw.exists(keys.reconciling(day))).toBe(0);
  });

  it.each([
    ['sales', keys.sales],
    ['orders', keys.orders],
  ])(
    'delete what is left when the %s are lost, and let no other reconcile that is under way complete the day',
    async (_name, key) => {
      await newDay();
      await sell([42, 3]);
      await store.uncount(day, [order('T7', [42, 1])]);
      const other = await store.beginReconcile(day);
      await raw.del(key(day));
      const token = await store.beginReconcile(day);
      expect(await raw.exists(...dayKeys(day))).toBe(0);
      await sell([42, 3]);
      expect(await store.endReconcile(day, other)).toBe(false);
      expect(await store.top(day, 10)).toBeUndefined();
      expect(await store.endReconcile(day, token)).toBe(true);
    },
  );

  it.each([
    ['sales', keys.sales],
    ['orders', keys.orders],
  ])('are waited for by who counts after the %s are lost: a new half would hide the loss', async (_name, key) => {
    await newDay();
    const [before, after] = [order('T7', [42, 3]), order('T8', [42, 2], [43, 1])];
    await store.count(day, [before]);
    await raw.del(key(day));
    expect(await store.count(day, [after])).toEqual({ counted: 0, isComplete: false });
    expect(await store.uncount(day, [before])).toEqual({ uncounted: 0, isComplete: false });
    await store.beginReconcile(day);
    expect(await store.count(day, [before, after])).toEqual({ counted: 2, isComplete: false });
    expect(await store.uncount(day, [before])).toEqual({ uncounted: 1, isComplete: false });
    await reconcile();
    expect(pairs(await store.top(day, 100))).toEqual([
      [42, 2],
      [43, 1],
    ]);
  });

  it('say how long ago a reconcile began, by the clock of Redis, and not how long ago it ended', async () => {
    await newDay({ isComplete: false });
    await sell([42, 3]);
    expect(await store.sinceReconcile(day)).toBeUndefined();
    const before = await redisNow();
    const token = await store.beginReconcile(day);
    expect(token.beganAt).toBeGreaterThanOrEqual(before);
    const ended = await eventually(async () => {
      const now = await redisNow();
      expect(now).toBeGreaterThan(token.beganAt + 20);
      return now;
    });
    await store.endReconcile(day, token);
    const answers = [
      await store.sinceReconcile(day),
      (await store.top(day, 10))?.reconciledMsAgo,
      (await store.rankOf(day, 42))?.reconciledMsAgo,
      (await store.rankOf(day, 43))?.reconciledMsAgo,
    ];
    const latest = (await redisNow()) - token.beganAt;
    for (const ms of answers) expect(ms).toBeGreaterThanOrEqual(ended - token.beganAt);
    for (const ms of answers) expect(ms).toBeLessThanOrEqual(latest);
  });

  it('keep the later beginning of two, whichever ended last, unless it is in the future', async () => {
    await newDay({ isComplete: false });
    const early = await store.beginReconcile(day);
    const late = { ...(await store.beginReconcile(day)), beganAt: early.beganAt + 1 };
    await eventually(async () => expect(await redisNow()).toBeGreaterThan(late.beganAt));
    expect(await store.endReconcile(day, late)).toBe(true);
    expect(await store.endReconcile(day, early)).toBe(true);
    expect(await raw.get(keys.reconciled(day))).toBe(`${server} ${late.beganAt}`);

    await plantMarker((await redisNow()) + 60_000);
    const { beganAt } = await reconcile();
    expect(await raw.get(keys.reconciled(day))).toBe(`${server} ${beganAt}`);
  });

  it('do not mark a day whose keys were lost meanwhile', async () => {
    await newDay();
    const token = await store.beginReconcile(day);
    await raw.del(...dayKeys(day), keys.reconciling(day));
    expect(await store.endReconcile(day, token)).toBe(false);
    expect(await raw.exists(keys.reconciled(day))).toBe(0);
  });

  it.each([
    ['in another process than the one in which they began', /\w{40}:/, `${'f'.repeat(40)}:`],
    ['in a server that went back to a time after the beginning', /:.*/, `:${'f'.repeat(40)}`],
  ])('do not mark a day %s', async (_name, part, other) => {
    await newDay({ isComplete: false });
    const token = await store.beginReconcile(day);
    // As it held the token then: what the reconcile has counted since is gone, and the server has another name.
    const members = await raw.smembers(keys.reconciling(day));
    await raw.del(keys.reconciling(day));
    await raw.sadd(keys.reconciling(day), ...members.map((member) => member.replace(part, other)));
    expect(await store.endReconcile(day, token)).toBe(false);
    expect(await raw.exists(keys.reconciled(day))).toBe(0);
  });
});

describe('a turn', () => {
  it('is taken by one, and is free again after its time', async () => {
    const job = `test-${day}`;
    const taken = await inParallel(['a', 'b', 'c'], (token) => store.takeTurn(job, token, 300));
    expect(taken.filter(Boolean)).toHaveLength(1);
    await eventually(async () => expect(await store.takeTurn(job, 'd', 60_000)).toBe(true));
    expect(await store.takeTurn(job, 'e', 60_000)).toBe(false);
    await raw.del(keys.turn(job));
  });

  it('is given back by the one that has it alone', async () => {
    const job = `test-${day}`;
    expect(await store.takeTurn(job, 'a', 60_000)).toBe(true);
    await store.giveBackTurn(job, 'b');
    expect(await store.takeTurn(job, 'b', 60_000)).toBe(false);
    await store.giveBackTurn(job, 'a');
    expect(await store.takeTurn(job, 'b', 60_000)).toBe(true);
    // Late: it is another one's by now.
    await store.giveBackTurn(job, 'a');
    expect(await store.takeTurn(job, 'a', 60_000)).toBe(false);
    await raw.del(keys.turn(job));
  });
});
