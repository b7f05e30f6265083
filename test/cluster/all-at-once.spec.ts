import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectHealed, expectServedOrRefused } from '../support/after-a-fault.js';
import { PATIENT } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { CALLERS, Callers } from '../support/callers.js';
import { ClusterSet } from '../support/cluster-set.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { RankingClient } from '../support/sales.js';
import { Sentinels } from '../support/sentinels.js';
import { Shop } from '../support/shop.js';
import { SteadyLoad } from '../support/steady-load.js';

/** Three instances, each with a Galera node of its own, over a Redis that sentinels watch: one of each dies at once. */

/** More than all callers together ask for. */
const TOTAL = 1_000_000;
const BUYERS = 4;
const PRODUCTS = 3;
const BALANCE = 1_000_000_000;

let set: ClusterSet;
let sentinels: Sentinels;
let shop: Shop;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const env = { ...PATIENT, RANKING_RECONCILE_INTERVAL_MS: '2000' };
  set = await ClusterSet.start({ redis: 'sentinel', database: 'galera', env });
  sentinels = new Sentinels(set);
  shop = new Shop(set.api, set.database);
});

/** Buys one of a product, as far as that is possible just now: an order that was not paid stays as it is. */
async function buy(userId: number, productId: number) {
  const { status, body } = await shop.placeOrder({ userId, items: [{ productId, quantity: 1 }] });
  return await shop.pay(status === 201 ? body.orderId : 0, userId);
}

/** The sales of each product as the paid orders have them. */
async function paidSales(productIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await set.database.rows<{ productId: number; sold: number }>(
    `SELECT product_id AS productId, CAST(SUM(quantity) AS SIGNED) AS sold FROM order_items
       JOIN orders ON orders.id = order_id WHERE status = 'PAID' AND product_id IN (?) GROUP BY product_id`,
    [productIds],
  );
  return new Map(rows.map(({ productId, sold }) => [productId, sold]));
}

describe('an instance, a primary of Redis and a node of MySQL', () => {
  it('that die within moments of each other cost nobody a slot, a number or a sale', async () => {
    const { couponId } = await set.api.createCoupon({ totalQuantity: TOTAL });
    const products = await inParallel(Array.from({ length: PRODUCTS }), () => shop.product());
    const users = await inParallel(Array.from({ length: BUYERS }), () => shop.user(BALANCE));
    let turn = 0;
    const next = () => (turn += 1);
    const buyers = new SteadyLoad(
      (number) => buy(users[number % BUYERS] as number, products[number % PRODUCTS] as number),
      { atOnce: BUYERS, nextUserId: next },
    );
    const callers = new Callers(set.api, couponId);
    await callers.accepted(200);
    await buyers.sees('200', 20);

    const primary = await sentinels.primary();
    await set.kill('app-1');
    await callers.accepted(50);
    await set.kill(primary.name);
    await set.kill('galera-2');
    await sentinels.haveReplaced(primary);
    await callers.accepted(200);
    await buyers.sees('200', 20);

    // The instance needs its node.
    await set.start('galera-2');
    await Promise.all([set.start('app-1'), set.start(primary.name)]);
    await set.balancer.knows({ well: 3 });
    await callers.accepted(100);
    await buyers.sees('200', 20);
    const answers = await callers.leave();
    callers.tell('one of each at once');
    await buyers.stop();

    // Each of those who were on their way to the instance that was killed may have heard nothing.
    const isUnanswered = ({ status }: (typeof answers)[number]): boolean => [0, 502, 504].includes(status);
    expectServedOrRefused(answers.filter((answer) => !isUnanswered(answer)));
    expect(answers.filter(isUnanswered).length).toBeLessThanOrEqual(CALLERS);
    await expectHealed(set, couponId, answers);

    const ranking = new RankingClient(set.api);
    await eventually(async () => {
      const paid = await paidSales(products);
      const shown = await inParallel(products, (productId) => ranking.product(productId));
      expect(shown.map(({ body }) => [body.source, body.productId, body.salesCount])).toEqual(
        products.map((productId) => ['redis', productId, paid.get(productId)]),
      );
    });
    // Money, too: whoever paid paid once.
    for (const userId of users) {
      const { PAID: paid = 0 } = await shop.orderCounts(userId);
      expect(await shop.balanceOf(userId)).toBe(BALANCE - paid * 1000);
    }
  });
});
