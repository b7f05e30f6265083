import { beforeAll, describe, expect, it } from '@jest/globals';
import { OrderRefundedEvent, PaymentCompletedEvent, type SoldItem } from '../../src/order/index.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { RedisUnavailableError } from '../../src/platform/redis/redis-errors.js';
import { ProductNames } from '../../src/product/index.js';
import { BackupService } from '../../src/ranking/backup/backup.service.js';
import { CountSalesWhenPaymentCompletedListener } from '../../src/ranking/count-sales-when-payment-completed.listener.js';
import { dayKeys, rankingKeys } from '../../src/ranking/ranking-keys.js';
import { RankingService } from '../../src/ranking/ranking.service.js';
import { RankingStore } from '../../src/ranking/ranking.store.js';
import { ReconcileRankingJob } from '../../src/ranking/reconcile/reconcile-ranking.job.js';
import { ReconcileService } from '../../src/ranking/reconcile/reconcile.service.js';
import { UncountSalesWhenOrderRefundedListener } from '../../src/ranking/uncount-sales-when-order-refunded.listener.js';
import { RankingWorld } from '../support/ranking-world.js';
import { type Item, numberOf, rankingOf } from '../support/sales.js';

/** Orders that are refunded, on the day of their sale or long after. Each test has days of its own, far from the others'. */

const DAY_MS = 24 * 3_600_000;

let world: RankingWorld;
let product: number;
let other: number;

beforeAll(async () => {
  world = await RankingWorld.open(new Date('2032-01-01T03:00:00Z'));
});

interface Sale {
  readonly orderId: number;
  readonly paidAt: Date;
  readonly items: readonly SoldItem[];
}

/** Noon in Seoul of a day that no test has had; two products. */
async function newDay(): Promise<string> {
  wait(200 * DAY_MS);
  world.setTime(`${today()}T03:00:00Z`);
  [product = 0, other = 0] = await world.salesBook.products(2);
  return today();
}

const today = () => world.now.toISOString().slice(0, 10);
const wait = (ms: number) => world.setTime(new Date(world.now.getTime() + ms));

async function pay(items: readonly Item[], { isCounted = true } = {}): Promise<Sale> {
  const paidAt = world.now;
  const sale = { orderId: await world.salesBook.paidOrder(items, paidAt), paidAt, items };
  if (isCounted) await deliverPayment(sale);
  return sale;
}

async function deliverPayment({ orderId, paidAt, items }: Sale): Promise<void> {
  const event = new PaymentCompletedEvent(orderId, numberOf(orderId), paidAt, items);
  await world.instances[0].get(CountSalesWhenPaymentCompletedListener).handle(event);
}

/** Without deliveries: its process died after the commit. */
async function refund({ orderId, paidAt, items }: Sale, { deliveries = 1 } = {}): Promise<void> {
  await world.salesBook.refund(orderId, world.now);
  const event = new OrderRefundedEvent(orderId, numberOf(orderId), paidAt, items);
  const listener = world.instances[1].get(UncountSalesWhenOrderRefundedListener);
  await Promise.all(Array.from({ length: deliveries }, () => listener.handle(event)));
}

const reconcileAll = (at: 0 | 1) => world.instances[at].get(ReconcileRankingJob).reconcileAll();

/** The job of the interval, on a day that is reconciled. */
async function backUpAll(at: 0 | 1): Promise<boolean> {
  expect(await reconcileAll(at)).toBe(true);
  return await world.instances[at].get(BackupService).backUpAll();
}

async function expectLive(day: string, sales: ReadonlyArray<readonly [number, number]>): Promise<void> {
  for (const at of [0, 1] as const) {
    const { source, rankings } = await world.top(at, day);
    expect({ source, rankings }).toEqual({ source: 'redis', rankings: rankingOf(new Map(sales)) });
  }
}

/** When it was taken. */
async function expectBackup(day: string, sales: ReadonlyArray<readonly [number, number]>): Promise<Date | undefined> {
  const rows = await world.salesBook.backup(day);
  expect(rows.map(({ backedUpAt: _at, ...row }) => row)).toEqual(rankingOf(new Map(sales)));
  return rows[0]?.backedUpAt;
}

async function corrections(at: 0 | 1): Promise<number> {
  const metric = world.instances[at]
    .get(MetricsRegistry)
    .getSingleMetric('firstcome_ranking_reconcile_corrections_total');
  return (await metric?.get())?.values[0]?.value ?? Number.NaN;
}

describe('a refund', () => {
  it('counts the sale down once, however often it is told and whatever comes late', async () => {
    const day = await newDay();
    await reconcileAll(0);
    const sale = await pay([
      { productId: product, quantity: 3 },
      { productId: other, quantity: 1 },
    ]);
    await pay([{ productId: product, quantity: 2 }]);
    await refund(sale, { deliveries: 2 });
    await expectLive(day, [[product, 2]]);
    await deliverPayment(sale);
    await refund(sale);
    for (const at of [0, 1] as const) await reconcileAll(at);
    await expectLive(day, [[product, 2]]);
  });

  it('takes a product out of the ranking of which nothing else was sold, whoever answers', async () => {
    const day = await newDay();
    await reconcileAll(0);
    await pay([{ productId: other, quantity: 1 }]);
    await refund(await pay([{ productId: product, quantity: 3 }]));
    const ask = () => world.instances[0].get(RankingService).product(product, { date: day });
    expect(await ask()).toMatchObject({ source: 'redis', rank: null, salesCount: 0 });
    await backUpAll(0);
    await expectBackup(day, [[other, 1]]);
    wait(20 * DAY_MS);
    expect(await ask()).toMatchObject({ source: 'backup', rank: null, salesCount: 0 });
  });

  it('that comes before its sale is counted leaves nothing to count', async () => {
    const day = await newDay();
    await reconcileAll(0);
    const sale = await pay([{ productId: product, quantity: 3 }], { isCounted: false });
    await refund(sale);
    await expectLive(day, []);
    await deliverPayment(sale);
    await reconcileAll(1);
    await expectLive(day, []);
  });

  it('after midnight counts for the day of the sale', async () => {
    const day = await newDay();
    await reconcileAll(0);
    world.setTime(`${day}T14:59:59.999Z`);
    const sale = await pay([{ productId: product, quantity: 3 }]);
    wait(1);
    await pay([{ productId: product, quantity: 1 }]);
    await reconcileAll(0);
    await refund(sale);
    await expectLive(day, []);
    await expectLive(addOne(day), [[product, 1]]);
  });
});

const addOne = (day: string) => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);

describe('a refund that was not counted down', () => {
  it.each([
    ['a sale of today', 0],
    ['a sale of yesterday', 1],
    ['a sale of six days ago', 6],
  ])('of %s is by whoever looks next, and by nobody else again', async (_name, days) => {
    const day = await newDay();
    await reconcileAll(0);
    const [sale] = [await pay([{ productId: product, quantity: 3 }]), await pay([{ productId: other, quantity: 1 }])];
    const uncounted = await pay([{ productId: other, quantity: 5 }], { isCounted: false });
    for (let passed = 0; passed < days; passed += 1) {
      wait(DAY_MS);
      await reconcileAll(0);
    }
    await refund(sale, { deliveries: 0 });
    if (days === 0) await refund(uncounted, { deliveries: 0 });
    const before = await corrections(1);
    expect(await reconcileAll(1)).toBe(true);
    expect(await corrections(1)).toBe(before + (days === 0 ? 2 : 1));
    await expectLive(day, days === 0 ? [[other, 1]] : [[other, 6]]);

    const [ofFirst, ofSecond] = [await corrections(0), await corrections(1)];
    for (const at of [0, 1] as const) expect(await reconcileAll(at)).toBe(true);
    expect([await corrections(0), await corrections(1)]).toEqual([ofFirst, ofSecond]);
    await expectLive(day, days === 0 ? [[other, 1]] : [[other, 6]]);
  });

  it('is looked for again where Redis could not be asked, and the other days are not left out', async () => {
    const first = await newDay();
    await reconcileAll(0);
    const one = await pay([{ productId: product, quantity: 3 }]);
    wait(DAY_MS);
    const second = today();
    await reconcileAll(0);
    const two = await pay([{ productId: product, quantity: 2 }]);
    wait(3 * DAY_MS);
    await refund(one, { deliveries: 0 });
    await refund(two, { deliveries: 0 });

    const store = world.instances[0].get(RankingStore);
    const uncount = store.uncount.bind(store);
    store.uncount = async (day, orders) => {
      if (day === first) throw new RedisUnavailableError('its shard is away');
      return await uncount(day, orders);
    };
    expect(await reconcileAll(0)).toBe(false);
    await expectLive(first, [[product, 3]]);
    await expectLive(second, []);
    store.uncount = uncount;
    wait(600_000);
    expect(await reconcileAll(0)).toBe(true);
    await expectLive(first, []);
  });

  it('is by the reconcile of its day, where the counts of that were lost', async () => {
    const day = await newDay();
    await reconcileAll(0);
    const sale = await pay([{ productId: product, quantity: 3 }]);
    await pay([{ productId: other, quantity: 1 }]);
    wait(3 * DAY_MS);
    await refund(sale);
    expect(await reconcileAll(0)).toBe(true);
    await world.redis.del(...dayKeys(day), rankingKeys.reconciling(day));
    await world.instances[1].get(ReconcileService).reconcile(day);
    await expectLive(day, [[other, 1]]);
  });
});

/** Backed up after its end, with a sale that stays, and so many days ago. */
async function pastDay(days: number): Promise<{ day: string; sale: Sale }> {
  const day = await newDay();
  await reconcileAll(0);
  const sale = await pay([{ productId: product, quantity: 3 }]);
  await pay([{ productId: other, quantity: 1 }]);
  wait(DAY_MS);
  expect(await backUpAll(0)).toBe(true);
  await expectBackup(day, [
    [product, 3],
    [other, 1],
  ]);
  wait((days - 1) * DAY_MS);
  return { day, sale };
}

describe('the backup of a past day', () => {
  it.each([
    ['that Redis keeps', 3, false],
    ['whose keys are gone', 3, true],
    ['that Redis no longer keeps', 30, false],
  ])('%s is added up again after a refund, once', async (_name, days, isLost) => {
    const { day, sale } = await pastDay(days);
    expect(await backUpAll(0)).toBe(true);
    await refund(sale);
    if (isLost) await world.redis.del(...dayKeys(day), rankingKeys.reconciling(day));
    // Another instance than the one that has backed it up before.
    wait(120_000);
    const renewedAt = world.now;
    expect(await backUpAll(1)).toBe(true);
    expect(await expectBackup(day, [[other, 1]])).toEqual(renewedAt);

    for (const at of [0, 1] as const) {
      wait(600_000);
      expect(await backUpAll(at)).toBe(true);
      expect(await expectBackup(day, [[other, 1]])).toEqual(renewedAt);
    }
  });

  it('has also a refund that was committed later than its time says', async () => {
    const { day, sale } = await pastDay(3);
    const refundedAt = world.now;
    expect(await backUpAll(0)).toBe(true);
    wait(50_000);
    expect(await backUpAll(0)).toBe(true);
    await world.salesBook.refund(sale.orderId, refundedAt);
    wait(600_000);
    expect(await backUpAll(0)).toBe(true);
    await expectBackup(day, [[other, 1]]);
  });

  it('is added up by the next run where one has failed', async () => {
    const { day, sale } = await pastDay(20);
    await refund(sale);
    const names = world.instances[0].get(ProductNames);
    const namesOf = names.namesOf.bind(names);
    names.namesOf = () => Promise.reject(new Error('MySQL has gone away'));
    expect(await backUpAll(0)).toBe(false);
    names.namesOf = namesOf;
    wait(600_000);
    expect(await backUpAll(0)).toBe(true);
    await expectBackup(day, [[other, 1]]);
  });

  it('is empty when everything was refunded', async () => {
    const { day, sale } = await pastDay(20);
    const [rest = { orderId: 0 }] = await world.salesBook.database.rows<{ orderId: number }>(
      'SELECT order_id AS orderId FROM order_items WHERE product_id = ?',
      [other],
    );
    await world.salesBook.refund(rest.orderId, world.now);
    await refund(sale);
    expect(await backUpAll(1)).toBe(true);
    await expectBackup(day, []);
    expect(await world.top(0, day)).toMatchObject({ source: 'database', rankings: [] });
  });
});
