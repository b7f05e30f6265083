import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { OrderRepository } from '../../src/order/order.repository.js';
import { type PaidOrder, PaidOrders, type RefundedOrder } from '../../src/order/paid-orders.repository.js';
import { PaymentRepository } from '../../src/order/payment.repository.js';
import { ProductNames } from '../../src/product/product-names.service.js';
import { Product } from '../../src/product/product.entity.js';
import { ProductRepository } from '../../src/product/product.repository.js';
import { openDatabase, openDataSource, type TestDatabase } from '../support/database.js';
import { createOwnSchema } from '../support/own-schema.js';
import { SalesBook } from '../support/sales.js';
import { newUserId } from '../support/unique-ids.js';

/** What the ranking asks of orders and products, on the real database. */

const from = new Date('2200-01-01T00:00:00Z');
const to = new Date('2200-01-01T01:00:00Z');

let dataSource: DataSource;
let database: TestDatabase;
let paidOrders: PaidOrders;

beforeAll(async () => {
  // A schema of its own: how the server carries out a query depends on all the rows of its tables.
  const url = await createOwnSchema('paid_orders');
  dataSource = await openDataSource({ url });
  database = openDatabase(url);
  paidOrders = new PaidOrders(dataSource);
});

const numbers = new Map<number, string>();
const numberOf = (orderId: number | undefined) => numbers.get(orderId ?? 0);

async function paidAt(time: Date | undefined, items: Array<[productId: number, quantity: number]>): Promise<number> {
  const orderNumber = `test-${newUserId()}`;
  return await dataSource.transaction(async (manager) => {
    const orderId = await new OrderRepository(dataSource).insert(manager, {
      orderNumber,
      userId: 1,
      items: items.map(([productId, quantity]) => ({ productId, productName: 'x', unitPrice: 1, quantity })),
      subtotalAmount: 1,
      discountAmount: 0,
      totalAmount: 1,
      userCouponId: null,
      createdAt: new Date(),
    });
    if (orderId === undefined) throw new Error('the number is taken');
    numbers.set(orderId, orderNumber);
    if (time !== undefined) await new PaymentRepository().markPaid(manager, orderId, time, 1);
    return orderId;
  });
}

/** Has the server say how it would carry out what it is asked. */
class ExplainingSource {
  plan: Array<{ key: string; type: string; Extra: string }> = [];
  readonly dataSource: DataSource = Object.create(dataSource, {
    query: {
      value: async (sql: string, parameters: unknown[]) => {
        this.plan = await dataSource.query(`EXPLAIN ${sql}`, parameters);
        return [];
      },
    },
  });
}

describe('paid orders of a time range', () => {
  const [a, b, c, d] = [newUserId(), newUserId(), newUserId(), newUserId()];
  const orders: number[] = [];

  beforeAll(async () => {
    await paidAt(new Date(from.getTime() - 1), [[a, 100]]);
    await paidAt(to, [[a, 100]]);
    await paidAt(undefined, [[a, 100]]);
    orders.push(
      await paidAt(new Date(to.getTime() - 1), [
        [b, 2],
        [a, 1],
      ]),
    );
    orders.push(await paidAt(from, [[c, 3]]));
    orders.push(
      await paidAt(from, [
        [d, 1],
        [a, 1],
      ]),
    );
  });

  it('are found by the time of their payment, from included and to not, earliest first, of equals the lower id', async () => {
    const last = new Date(to.getTime() - 1);
    expect(await paidOrders.between(from, to, 10)).toEqual([
      { orderId: orders[1], orderNumber: numberOf(orders[1]), paidAt: from },
      { orderId: orders[2], orderNumber: numberOf(orders[2]), paidAt: from },
      { orderId: orders[0], orderNumber: numberOf(orders[0]), paidAt: last },
    ]);
  });

  it.each([1, 2])('come in pages of %i, also where several were paid in one millisecond', async (size) => {
    const found: number[] = [];
    for (let after: PaidOrder | undefined; ;) {
      const page = await paidOrders.between(from, to, size, after);
      expect(page.length).toBeLessThanOrEqual(size);
      found.push(...page.map(({ orderId }) => orderId));
      after = page.at(-1);
      if (after === undefined) break;
    }
    expect(found).toEqual([orders[1], orders[2], orders[0]]);
  });

  it('are paged through by the index alone, from the cursor on', async () => {
    await database.rows('ANALYZE TABLE orders');
    const explained = new ExplainingSource();
    await new PaidOrders(explained.dataSource).between(from, to, 500, { orderId: 1, paidAt: from });
    expect(explained.plan).toMatchObject([{ key: 'ix_orders_paid', type: 'range' }]);
    expect(explained.plan[0]?.Extra).toContain('Using index');
    expect(explained.plan[0]?.Extra).not.toContain('filesort');
  });

  it('tell what they took', async () => {
    const [one = 0, , other = 0] = orders;
    const asked = [other, one, 2 ** 52].map((orderId) => ({ orderId, orderNumber: `number ${orderId}` }));
    expect(await paidOrders.itemsOf(asked)).toEqual([
      {
        orderNumber: `number ${other}`,
        items: [
          { productId: a, quantity: 1 },
          { productId: d, quantity: 1 },
        ],
      },
      {
        orderNumber: `number ${one}`,
        items: [
          { productId: a, quantity: 1 },
          { productId: b, quantity: 2 },
        ],
      },
    ]);
    expect(await paidOrders.itemsOf([])).toEqual([]);
  });

  it('are added up by product, most first, of equals the lower id first', async () => {
    const totals = [
      { productId: c, salesCount: 3 },
      { productId: a, salesCount: 2 },
      { productId: b, salesCount: 2 },
      { productId: d, salesCount: 1 },
    ];
    expect(await paidOrders.totalsBetween(from, to, 10)).toEqual(totals);
    expect(await paidOrders.totalsBetween(from, to, 2)).toEqual(totals.slice(0, 2));
    expect(await paidOrders.totalsBetween(to, from, 2)).toEqual([]);
  });
});

const minutes = (after: number) => new Date(to.getTime() + after * 60_000);

describe('refunded orders', () => {
  const product = newUserId();
  /** When each was paid and refunded, in minutes. */
  const TIMES = [
    [1, 90],
    [1, 90],
    [16, 90],
    [14.9, 91],
    [40, 80],
  ] as const;
  const orders: PaidOrder[] = [];

  beforeAll(async () => {
    for (const [paid, refunded] of TIMES) {
      const orderId = await paidAt(minutes(paid), [[product, 1]]);
      orders.push({ orderId, orderNumber: numberOf(orderId) ?? '', paidAt: minutes(paid) });
      await new SalesBook(database).refund(orderId, minutes(refunded));
    }
  });

  const at = (...indexes: number[]) => indexes.map((index) => orders[index]);
  const refundedAt = (...indexes: number[]) =>
    indexes.map((index) => ({ ...orders[index], refundedAt: minutes(TIMES[index]?.[1] ?? 0) }));

  it('are found by the time of their payment, and not among the paid ones', async () => {
    expect(await paidOrders.refundedBetween(minutes(1), minutes(40), 10)).toEqual(at(0, 1, 3, 2));
    expect(await paidOrders.refundedBetween(minutes(1), minutes(40), 2, orders[0])).toEqual(at(1, 3));
    expect(await paidOrders.between(minutes(1), minutes(60), 10)).toEqual([]);
    expect(await paidOrders.totalsBetween(minutes(1), minutes(60), 10)).toEqual([]);
  });

  it('are found by the time of their refund, of those paid since then', async () => {
    expect(await paidOrders.refundedSince(minutes(80), minutes(1), 10)).toEqual(refundedAt(4, 0, 1, 2, 3));
    expect(await paidOrders.refundedSince(minutes(81), minutes(1), 10)).toEqual(refundedAt(0, 1, 2, 3));
    expect(await paidOrders.refundedSince(minutes(80), minutes(2), 10)).toEqual(refundedAt(4, 2, 3));
    expect(await paidOrders.refundedSince(minutes(92), minutes(1), 10)).toEqual([]);
  });

  it.each([1, 2])('come in pages of %i, also where several were refunded in one millisecond', async (size) => {
    const found: RefundedOrder[] = [];
    for (let after: RefundedOrder | undefined; ;) {
      const page = await paidOrders.refundedSince(minutes(80), minutes(1), size, after);
      found.push(...page);
      after = page.at(-1);
      if (after === undefined) break;
    }
    expect(found).toEqual(refundedAt(4, 0, 1, 2, 3));
  });

  it('tell in which quarters of an hour they were paid, and when the last of them was refunded', async () => {
    expect(await paidOrders.refundedSales(minutes(80), minutes(1))).toEqual([
      { paidFrom: minutes(0), lastRefundedAt: minutes(91) },
      { paidFrom: minutes(15), lastRefundedAt: minutes(90) },
      { paidFrom: minutes(30), lastRefundedAt: minutes(80) },
    ]);
    expect(await paidOrders.refundedSales(minutes(90.5), minutes(2))).toEqual([
      { paidFrom: minutes(0), lastRefundedAt: minutes(91) },
    ]);
    expect(await paidOrders.refundedSales(minutes(92), minutes(1))).toEqual([]);
  });

  it('are looked for in the index of refunds, without sorting', async () => {
    await database.rows('ANALYZE TABLE orders');
    const explained = new ExplainingSource();
    const [after] = refundedAt(0);
    await new PaidOrders(explained.dataSource).refundedSince(minutes(80), minutes(1), 500, after as RefundedOrder);
    expect(explained.plan).toMatchObject([{ key: 'ix_orders_refunded', type: 'range' }]);
    expect(explained.plan[0]?.Extra).not.toContain('filesort');
    await new PaidOrders(explained.dataSource).refundedSales(minutes(80), minutes(1));
    expect(explained.plan).toMatchObject([{ key: 'ix_orders_refunded', type: 'range' }]);
    expect(explained.plan[0]?.Extra).toContain('Using index');
  });
});

describe('an order number that is taken', () => {
  it('inserts nothing, and the transaction may go on', async () => {
    const orderNumber = `test-${newUserId()}`;
    const order = { orderNumber, userId: 1, subtotalAmount: 0, discountAmount: 0, totalAmount: 0, userCouponId: null };
    const items = [{ productId: 1, productName: 'x', unitPrice: 0, quantity: 1 }];
    const repository = new OrderRepository(dataSource);
    const ids = await dataSource.transaction(async (manager) => [
      await repository.insert(manager, { ...order, items, createdAt: new Date() }),
      await repository.insert(manager, { ...order, items, createdAt: new Date() }),
    ]);
    expect(ids).toEqual([expect.any(Number), undefined]);
    expect(await database.rows('SELECT id FROM orders WHERE order_number = ?', [orderNumber])).toHaveLength(1);
  });
});

describe('product names', () => {
  class CountingRepository extends ProductRepository {
    readonly asked: number[][] = [];

    override async findNames(productIds: readonly number[]) {
      this.asked.push([...productIds]);
      return await super.findNames(productIds);
    }
  }

  it('come from one look-up, then from memory; what does not exist is left out and asked for again', async () => {
    const [one, other, missing] = [newUserId(), newUserId(), newUserId()];
    for (const id of [one, other]) {
      await database.change('INSERT INTO products (id, name, price, stock) VALUES (?, ?, 1, 1)', [id, `Name ${id}`]);
    }
    const repository = new CountingRepository(dataSource.getRepository(Product));
    const names = new ProductNames(repository);
    const expected = new Map([
      [one, `Name ${one}`],
      [other, `Name ${other}`],
    ]);
    expect(await names.namesOf([one, missing, other, one])).toEqual(expected);
    expect(await names.namesOf([one, missing, other])).toEqual(expected);
    expect(await names.namesOf([])).toEqual(new Map());
    expect(repository.asked.filter((ids) => ids.length > 0)).toEqual([[one, missing, other], [missing]]);
  });
});
