import { beforeAll, describe, expect, it } from '@jest/globals';
import { BackUpRankingJob } from '../../src/ranking/backup/back-up-ranking.job.js';
import { BackupService } from '../../src/ranking/backup/backup.service.js';
import { CountSalesWhenPaymentCompletedListener } from '../../src/ranking/count-sales-when-payment-completed.listener.js';
import { PaymentCompletedEvent } from '../../src/order/index.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { RankingMetrics } from '../../src/ranking/ranking-metrics.js';
import { rankingKeys } from '../../src/ranking/ranking-keys.js';
import { LedgerRanking } from '../../src/ranking/reading/ledger-ranking.js';
import { inParallel } from '../support/in-parallel.js';
import { numbersTo } from '../support/numbers-to.js';
import { ageReconcile } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { RankingWorld } from '../support/ranking-world.js';
import { type Item, nameOf, numberOf, rankingOf } from '../support/sales.js';

/** Each test has a day of its own; the tests go through November 2030. */

let world: RankingWorld;
let date = 0;
let day: string;

beforeAll(async () => {
  world = await RankingWorld.open(new Date('2030-11-01T03:00:00Z'));
});

/** The next day but eight, at noon in Seoul. */
function newDay(): string {
  date += 9;
  world.setTime(new Date(Date.UTC(2030, 10, date, 3)));
  day = world.now.toISOString().slice(0, 10);
  return day;
}

async function pay(items: readonly Item[], paidAt = world.now): Promise<void> {
  const orderId = await world.salesBook.paidOrder(items, paidAt);
  await world.instances[0]
    .get(CountSalesWhenPaymentCompletedListener)
    .handle(new PaymentCompletedEvent(orderId, numberOf(orderId), paidAt, items));
}

const backups = (at: 0 | 1) => world.instances[at].get(BackupService);
/** A day that Redis does not know yet is reconciled at the first attempt. */
const backUp = (at: 0 | 1) => eventually(async () => expect(await backups(at).backUp(day)).toBe('BACKED_UP'));

async function sellDistinct(count: number): Promise<Map<number, number>> {
  const products = await world.salesBook.products(count);
  const sales = new Map(products.map((productId, index) => [productId, index + 1]));
  await pay(products.map((productId) => ({ productId, quantity: sales.get(productId) ?? 0 })));
  return sales;
}

async function expectBackup(sales: ReadonlyMap<number, number>): Promise<void> {
  const rows = await world.salesBook.backup(day);
  expect(rows.map(({ backedUpAt: _at, ...row }) => row)).toEqual(rankingOf(sales));
}

describe('a backup', () => {
  it('holds the top 100 with their names, run twice and by two instances at once', async () => {
    newDay();
    const sales = await sellDistinct(130);
    await backUp(0);
    await backUp(0);
    await expectBackup(sales);
    const results = await inParallel([0, 1, 0, 1, 0, 1] as const, (at) => backups(at).backUp(day));
    expect(new Set(results)).toEqual(new Set(['BACKED_UP']));
    await expectBackup(sales);
  });

  it('no longer holds a product that has left the top 100', async () => {
    newDay();
    const sales = await sellDistinct(100);
    await backUp(0);
    const [last] = [...sales.keys()];
    const [better = 0] = await world.salesBook.products(1);
    await pay([{ productId: better, quantity: 50 }]);
    world.setTime(new Date(world.now.getTime() + 600_000));
    await backUp(1);
    const rows = await world.salesBook.backup(day);
    expect(rows.map(({ rank }) => rank)).toEqual(numbersTo(100));
    expect(rows.map(({ productId }) => productId)).not.toContain(last);
    expect(rows.map(({ productId }) => productId)).toContain(better);
    expect(new Set(rows.map(({ backedUpAt }) => backedUpAt.getTime()))).toEqual(new Set([world.now.getTime()]));
  });

  it('is not replaced by one with older numbers, that of a holder who was late', async () => {
    newDay();
    const sales = await sellDistinct(3);
    await backUp(0);
    const late = { asOf: new Date(world.now.getTime() - 1), products: rankingOf(new Map([[1, 1]])) };
    expect(await backups(1).write(day, late)).toBe(false);
    await expectBackup(sales);
  });

  it('is not taken of a day that is not complete', async () => {
    newDay();
    const sales = await sellDistinct(3);
    await backUp(0);
    await world.redis.set(rankingKeys.reconciled(day), 'another-server 0');
    await world.redis.zremrangebyrank(rankingKeys.sales(day), 0, 0);
    expect(await backups(0).backUp(day)).toBe('NOT_COMPLETE');
    await expectBackup(sales);
  });

  it('has no name for a deleted product, which is shown as unknown', async () => {
    newDay();
    const [gone = 0] = await world.salesBook.products(1);
    await pay([{ productId: gone, quantity: 1 }]);
    await world.salesBook.database.change('DELETE FROM products WHERE id = ?', [gone]);
    await eventually(async () => expect((await world.top(0)).source).toBe('redis'));
    expect((await world.top(0)).rankings).toMatchObject([{ productId: gone, productName: 'Unknown product' }]);
    await backUp(0);
    expect(await world.salesBook.backup(day)).toMatchObject([{ productId: gone, productName: null }]);
    const { products = [] } = (await world.instances[1].get(LedgerRanking).top(day)) ?? {};
    expect(products).toMatchObject([{ productId: gone, productName: 'Unknown product' }]);
  });

  it('of numbers that nobody has reconciled for long is of the time of these, and replaces none that is later', async () => {
    newDay();
    const sales = await sellDistinct(2);
    await backUp(0);
    const agoMs = 4 * 3_600_000;
    await ageReconcile(world.redis, day, agoMs);
    const at = world.now;
    expect(await backups(0).backUp(day)).toBe('NEWER_IS_THERE');
    await expectBackup(sales);

    for (const table of ['product_ranking_backups', 'product_ranking_backup_days'])
      await world.salesBook.database.change(`DELETE FROM ${table} WHERE business_date = ?`, [day]);
    expect(await backups(1).backUp(day)).toBe('BACKED_UP');
    await expectBackup(sales);
    for (const { backedUpAt } of await world.salesBook.backup(day)) {
      expect(backedUpAt.getTime()).toBeLessThanOrEqual(at.getTime() - agoMs);
      expect(backedUpAt.getTime()).toBeGreaterThan(at.getTime() - agoMs - 3_600_000);
    }
  });
});

describe('at midnight in Seoul', () => {
  it('an order paid at 23:59:59 counts for its own day, and the last backup of the day has it', async () => {
    newDay();
    const [early = 0, late = 0, next = 0] = await world.salesBook.products(3);
    const lastSecond = new Date(`${day}T14:59:59.999Z`);
    world.setTime(new Date(`${day}T14:50:00Z`));
    await pay([{ productId: early, quantity: 1 }]);
    await backUp(0);
    world.setTime(lastSecond);
    await pay([{ productId: late, quantity: 2 }]);
    await expectBackup(new Map([[early, 1]]));

    world.setTime(new Date(lastSecond.getTime() + 61_001));
    await pay([{ productId: next, quantity: 9 }]);
    // Paid in the last second, and its process died after the commit.
    await world.salesBook.paidOrder([{ productId: late, quantity: 5 }], lastSecond);
    await backups(1).backUpAll();
    await expectBackup(
      new Map([
        [late, 7],
        [early, 1],
      ]),
    );
    const [{ backedUpAt } = { backedUpAt: undefined }] = await world.salesBook.backup(day);
    expect(backedUpAt).toEqual(world.now);

    // It is final: a later run does not touch it.
    const finished = world.now;
    world.setTime(new Date(finished.getTime() + 600_000));
    await backups(0).backUpAll();
    expect((await world.salesBook.backup(day)).map((row) => row.backedUpAt)).toEqual([finished, finished]);

    const yesterday = await world.top(0, day);
    expect(yesterday).toMatchObject({ date: day, source: 'redis' });
    expect(yesterday.rankings).toEqual(
      rankingOf(
        new Map([
          [late, 7],
          [early, 1],
        ]),
      ),
    );
    const today = await world.top(0);
    expect(today.date > day).toBe(true);
    expect(today.rankings).toEqual(rankingOf(new Map([[next, 9]])));
  });
});

/** What the metric says once the instance has looked. */
async function ageAt(at: 0 | 1) {
  await backups(at).observeAge();
  const instance = world.instances[at];
  const age = await instance.get(MetricsRegistry).getSingleMetric('firstcome_ranking_backup_age_seconds')?.get();
  return { lastBackupAt: instance.get(RankingMetrics).lastBackupAt, seconds: age?.values[0]?.value };
}

describe('the job', () => {
  it('is done by one instance at a time', async () => {
    newDay();
    await sellDistinct(2);
    await backUp(0);
    const jobs = world.instances.map((instance) => instance.get(BackUpRankingJob));
    const turns = await inParallel([...jobs, ...jobs], (job) => job.run());
    expect(turns.filter(Boolean)).toHaveLength(1);
  });

  it('tells the age of the latest backup, whoever took it and however lately this instance was started', async () => {
    newDay();
    await sellDistinct(1);
    await backUp(0);
    const { lastBackupAt: takenAt } = await ageAt(1);
    expect(takenAt).toEqual(world.now);

    world.setTime(new Date(world.now.getTime() + 25 * 60_000));
    world.instances[1].get(RankingMetrics).lastBackupAt = world.now; // as at the start of a process
    expect(await ageAt(1)).toEqual({ lastBackupAt: takenAt, seconds: 1500 });
  });

  it('forgets backups older than 90 days', async () => {
    newDay();
    const [productId = 0] = await world.salesBook.products(1);
    const products = [{ rank: 1, productId, productName: nameOf(productId), salesCount: 1 }];
    for (const old of ['2030-01-01', '2030-01-02', day]) await backups(0).write(old, { asOf: world.now, products });
    world.setTime(new Date(Date.parse('2030-01-02T03:00:00Z') + 90 * 24 * 3_600_000));
    expect(await backups(0).purge()).toBe(1);
    expect(await world.salesBook.backup('2030-01-01')).toEqual([]);
    expect(await world.salesBook.backup('2030-01-02')).toHaveLength(1);
  });
});
