import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RelayLease } from '../../src/events/index.js';
import { ExpireOrdersJob } from '../../src/order/expire-orders.job.js';
import { ForgetUnpaidOrdersJob } from '../../src/order/forget-unpaid-orders.job.js';
import { OrderMetrics } from '../../src/order/order-metrics.js';
import type { OrderStatus } from '../../src/order/order.js';
import { PaymentService } from '../../src/order/payment.service.js';
import { UnpaidOrdersRepository } from '../../src/order/unpaid-orders.repository.js';
import { AcquireTimeoutError } from '../../src/platform/database/pool/pool-errors.js';
import { DomainError } from '../../src/platform/errors/domain-error.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { Instance, type Servers } from '../support/instance.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const EXPIRE_AFTER_MINUTES = 30;
const RETENTION_DAYS = 90;
/** No stall of a busy machine may end a lease, or have a payment refused. */
const PATIENT = { OUTBOX_LEASE_MS: '60000', USER_PURCHASES_WAIT_MS: '60000', DATABASE_STATEMENT_TIMEOUT_MS: '60000' };

let servers: Servers;
let database: TestDatabase;
let instance: Instance;
let other: Instance;
let numbers = 0;

// Of our own: the jobs look at every order that they find.
beforeAll(async () => {
  ({ servers, database } = await openOwnServers('unpaid_orders'));
  instance = await Instance.open({ servers, env: PATIENT });
  await eventually(() => expect(instance.get(RelayLease).term).toBeDefined());
  other = await Instance.open({ servers, env: PATIENT });
});

beforeEach(async () => {
  await database.change('DELETE FROM order_items');
  await database.change('DELETE FROM orders');
});

/** Orders over one piece of a product for nothing, made so long ago; their ids. */
async function place(count: number, status: OrderStatus, ageMs: number, userId = newUserId()): Promise<number[]> {
  const createdAt = new Date(Date.now() - ageMs);
  const paidAt = status === 'PAID' || status === 'REFUNDED' ? createdAt : null;
  const ids = newUserIds(count);
  const orders = ids.map((id) => {
    numbers += 1;
    return [id, `unpaid-${numbers}`, userId, status, 0, 0, 0, createdAt, paidAt];
  });
  await database.change(
    `INSERT INTO orders (id, order_number, user_id, status, subtotal_amount, discount_amount, total_amount, created_at, paid_at)
     VALUES ?`,
    [orders],
  );
  await database.change(
    'INSERT INTO order_items (order_id, product_id, line_number, product_name, unit_price, quantity) VALUES ?',
    [ids.map((id) => [id, 1, 1, 'A gift', 0, 1])],
  );
  return ids;
}

async function statusOf(orderId: number): Promise<OrderStatus> {
  return (await database.row<{ status: OrderStatus }>('SELECT status FROM orders WHERE id = ?', [orderId])).status;
}

async function counts(): Promise<Record<string, number>> {
  const rows = await database.rows<{ status: string; size: number }>(
    'SELECT status, COUNT(*) AS size FROM orders GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, size }) => [status, size]));
}

async function registered(): Promise<number> {
  const userId = newUserId();
  await database.change('INSERT INTO users (id, name, balance) VALUES (?, ?, 0)', [userId, `User ${userId}`]);
  return userId;
}

/** Of the one product of all these orders. */
async function stock(pieces?: number): Promise<number> {
  if (pieces !== undefined)
    await database.change('REPLACE INTO products (id, name, price, stock) VALUES (1, ?, 0, ?)', ['A gift', pieces]);
  return (await database.row<{ stock: number }>('SELECT stock FROM products WHERE id = 1')).stock;
}

const expireOld = () => instance.get(ExpireOrdersJob).expireOld();
const forgetOld = () => instance.get(ForgetUnpaidOrdersJob).forgetOld();

describe('orders that are not paid', () => {
  it('expire when they are old enough, also many, and only those', async () => {
    await place(450, 'PENDING', EXPIRE_AFTER_MINUTES * MINUTE_MS + 1000);
    const [young = 0] = await place(1, 'PENDING', (EXPIRE_AFTER_MINUTES - 1) * MINUTE_MS);
    for (const status of ['PAID', 'CANCELLED', 'REFUNDED', 'EXPIRED'] as const) await place(1, status, DAY_MS);
    expect(await expireOld()).toBe(450);
    expect(await counts()).toEqual({ EXPIRED: 451, PENDING: 1, PAID: 1, CANCELLED: 1, REFUNDED: 1 });
    expect(await statusOf(young)).toBe('PENDING');
    expect(await expireOld()).toBe(0);
  });

  it('are found by the index, however many have ended', async () => {
    const [{ key: used } = { key: null }] = await database.rows<{ key: string | null }>(
      `EXPLAIN SELECT id FROM orders FORCE INDEX (ix_orders_oldest_in_status)
        WHERE status = 'PENDING' AND created_at < UTC_TIMESTAMP(3) ORDER BY created_at, id LIMIT 200 FOR UPDATE SKIP LOCKED`,
    );
    expect(used).toBe('ix_orders_oldest_in_status');
  });

  it('may be paid until they have expired, however old', async () => {
    await stock(1);
    const userId = await registered();
    const [orderId = 0] = await place(1, 'PENDING', DAY_MS, userId);
    expect(await instance.get(PaymentService).pay(orderId, userId, undefined)).toMatchObject({ status: 'PAID' });
    expect(await expireOld()).toBe(0);
    expect(await statusOf(orderId)).toBe('PAID');
  });

  it('end once where payments and both jobs come at once', async () => {
    await stock(120);
    const userId = await registered();
    const orders = await place(120, 'PENDING', DAY_MS, userId);
    const pay = async (orderId: number): Promise<string> => {
      try {
        return (await other.get(PaymentService).pay(orderId, userId, undefined)).status;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        return error.code;
      }
    };
    const [answers, ...expired] = await Promise.all([
      inParallel(orders, pay, 5),
      expireOld(),
      other.get(ExpireOrdersJob).expireOld(),
    ]);
    const rest = await expireOld();
    const paid = answers.filter((answer) => answer === 'PAID').length;
    expect([...expired, rest].reduce((sum, count) => sum + count)).toBe(120 - paid);
    const ends = await inParallel(orders, statusOf, 10);
    expect(answers.map((answer) => (answer === 'ORDER_EXPIRED' ? 'EXPIRED' : answer))).toEqual(ends);
    expect(await stock()).toBe(120 - paid);
  });

  it('are left alone while somebody pays them, and hold nobody up', async () => {
    await stock(2);
    const userId = await registered();
    const [paying = 0] = await place(1, 'PENDING', 2 * DAY_MS, userId);
    const [waiting = 0] = await place(1, 'PENDING', DAY_MS, userId);
    const giveBack = await holdRowLock(servers.databaseUrl, 'users', userId);
    const payment = instance.get(PaymentService).pay(paying, userId, undefined);
    try {
      await eventually(async () =>
        expect(await database.running(`UPDATE users SET balance%WHERE id = ${userId} AND%`)).toBe(1),
      );
      expect(await expireOld()).toBe(1);
      expect([await statusOf(paying), await statusOf(waiting)]).toEqual(['PENDING', 'EXPIRED']);
    } finally {
      await giveBack();
    }
    expect(await payment).toMatchObject({ status: 'PAID' });
  });
});

describe('orders that were never paid', () => {
  it('are deleted with their items when they are old enough; what was paid never is', async () => {
    const [old, young] = [RETENTION_DAYS * DAY_MS + 1000, (RETENTION_DAYS - 1) * DAY_MS];
    await place(450, 'EXPIRED', old);
    await place(3, 'CANCELLED', old);
    const kept = [
      ...(await place(2, 'EXPIRED', young)),
      ...(await place(2, 'CANCELLED', young)),
      ...(await place(2, 'PAID', old)),
      ...(await place(2, 'REFUNDED', old)),
      // It has not expired yet.
      ...(await place(2, 'PENDING', old)),
    ];
    expect(await forgetOld()).toBe(453);
    const ids = kept.toSorted((a, b) => a - b);
    expect(await database.rows('SELECT id FROM orders ORDER BY id')).toEqual(ids.map((id) => ({ id })));
    expect(await database.rows('SELECT order_id AS id FROM order_items ORDER BY id')).toEqual(
      ids.map((id) => ({ id })),
    );
    expect(await forgetOld()).toBe(0);
  });
});

describe('the jobs', () => {
  it('are done by the instance that tells other systems, and by no other', async () => {
    const [orderId = 0] = await place(1, 'PENDING', DAY_MS);
    const [forgotten = 0] = await place(1, 'CANCELLED', (RETENTION_DAYS + 1) * DAY_MS);
    expect(other.get(RelayLease).term).toBeUndefined();
    await other.get(ExpireOrdersJob).run();
    await other.get(ForgetUnpaidOrdersJob).run();
    expect([await statusOf(orderId), await statusOf(forgotten)]).toEqual(['PENDING', 'CANCELLED']);
    await instance.get(ExpireOrdersJob).run();
    await instance.get(ForgetUnpaidOrdersJob).run();
    expect(await counts()).toEqual({ EXPIRED: 1 });
  });

  it('go on after a failure, which is counted, and told unless the database is away', async () => {
    const [orderId = 0] = await place(1, 'PENDING', DAY_MS);
    const job = instance.get(ExpireOrdersJob);
    const failures = async () =>
      (await instance.get(OrderMetrics).failures.get()).values.find(({ labels }) => labels.job === 'expire')?.value;
    const before = await failures();
    const told = jest.spyOn(job['logger'], 'error').mockReturnValue();
    const expire = jest.spyOn(instance.get(UnpaidOrdersRepository), 'expire');
    try {
      expire.mockRejectedValueOnce(new AcquireTimeoutError(1));
      await job.run();
      expect(told).not.toHaveBeenCalled();
      expire.mockRejectedValueOnce(new Error('a fault'));
      await job.run();
      expect(told).toHaveBeenCalledTimes(1);
      expect(await failures()).toBe((before ?? 0) + 2);
      await job.run();
      expect(await statusOf(orderId)).toBe('EXPIRED');
    } finally {
      expire.mockRestore();
      told.mockRestore();
    }
  });
});
