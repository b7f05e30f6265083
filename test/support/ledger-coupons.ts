import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DataSource, EntityManager } from 'typeorm';
import { loadConfig } from '../../src/config.js';
import { CouponCodeGenerator } from '../../src/coupon/issuance/coupon-code.js';
import { IssuanceRepository } from '../../src/coupon/issuance/issuance.repository.js';
import { Ledger } from '../../src/coupon/issuance/ledger.service.js';
import { Outbox } from '../../src/events/outbox.js';
import { OutboxRepository } from '../../src/events/outbox.repository.js';
import { Clock } from '../../src/platform/clock.js';
import { TransactionRunner } from '../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../src/platform/events/event-publisher.js';
import { FaultPoints } from '../../src/platform/fault-points.js';

const HOUR_MS = 3_600_000;

/** A ledger over this data source, without the application around it. */
export function ledgerOn(dataSource: DataSource, { codes = new CouponCodeGenerator() } = {}): Ledger {
  const faults = new FaultPoints(loadConfig({ ...process.env, NODE_ENV: 'test' }));
  const transactions = new TransactionRunner(dataSource, new EventPublisher(new EventEmitter2()));
  const outbox = new Outbox(new OutboxRepository());
  return new Ledger(transactions, new IssuanceRepository(dataSource), codes, outbox, new Clock(), faults);
}

/** Inserts a coupon that is open now, past the API; returns its id. */
export async function insertCoupon(
  source: DataSource | EntityManager,
  overrides: Record<string, unknown> = {},
): Promise<number> {
  const row = {
    name: 'Ledger coupon',
    total_quantity: 100,
    discount_amount: 1000,
    starts_at: new Date(Date.now() - HOUR_MS),
    expires_at: new Date(Date.now() + HOUR_MS),
    audience: 'anyone',
    code_format: 'none',
    strategy: 'reservation',
    created_at: new Date(),
    ...overrides,
  };
  const columns = Object.keys(row).join(', ');
  const values = [Object.values(row)];
  const { insertId } = await source.query<{ insertId: number }>(`INSERT INTO coupons (${columns}) VALUES (?)`, values);
  return insertId;
}

const DIGIT = `(${[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `SELECT ${n} AS n`).join(' UNION ALL ')})`;

/** Users with ids from the first one on, a million at most. */
interface Holders {
  readonly firstUserId: number;
  readonly count: number;
}

/**
 * Inserts an open coupon that is issued to these users under the numbers from 1 on; its id. All in one transaction: an
 * instance that has just started must not load the coupon before its rows are there.
 */
export async function insertIssuedCoupon(
  dataSource: DataSource,
  totalQuantity: number,
  holders: Holders,
): Promise<number> {
  return await dataSource.transaction(async (manager) => {
    const couponId = await insertCoupon(manager, { total_quantity: totalQuantity });
    await insertRows(manager, couponId, holders);
    return couponId;
  });
}

async function insertRows(manager: EntityManager, couponId: number, { firstUserId, count }: Holders): Promise<void> {
  await manager.query(
    `INSERT INTO user_coupons (coupon_id, user_id, sequence_number, issued_at)
     SELECT ?, ? + i, i + 1, NOW(3)
       FROM (SELECT d0.n + 10 * d1.n + 100 * d2.n + 1000 * d3.n + 10000 * d4.n + 100000 * d5.n AS i
               FROM ${['d0', 'd1', 'd2', 'd3', 'd4', 'd5'].map((digit) => `${DIGIT} ${digit}`).join(', ')}) numbers
      WHERE i < ?`,
    [couponId, firstUserId, count],
  );
  await manager.query('UPDATE coupons SET issued_quantity = ?, epoch = 1 WHERE id = ?', [count, couponId]);
}
