import { beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { couponSubject } from '../../src/coupon/coupon-events.js';
import type { Ledger } from '../../src/coupon/issuance/ledger.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { LockIssuanceService } from '../../src/coupon/lock/lock-issuance.service.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { CouponDefinitionService } from '../../src/coupon/reservation/coupon-definition.service.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { OrderService } from '../../src/order/order.service.js';
import { PaymentService } from '../../src/order/payment.service.js';
import { ApiClient } from '../support/api-client.js';
import { openDataSource, type TestDatabase } from '../support/database.js';
import { FailingStatements, serverError } from '../support/failing-statements.js';
import { inParallel } from '../support/in-parallel.js';
import { Instance } from '../support/instance.js';
import { ledgerOn } from '../support/ledger-coupons.js';
import { numbersTo } from '../support/numbers-to.js';
import { openOwnServers } from '../support/own-servers.js';
import { Shop } from '../support/shop.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';
import { TESTER } from '../support/actor.js';

/** P12 where it begins: what is written to be told is what was decided, in the order of the commits. */

const DEADLOCK = serverError(1213, '40001', 'Deadlock found when trying to get lock');
const INTO_OUTBOX = /INSERT INTO outbox \(/;

let database: TestDatabase;
let instance: Instance;
let failing: FailingStatements;
/** Of the instance, and of two others, each with a pool of its own. */
let ledger: Ledger;
let others: Ledger[];

beforeAll(async () => {
  const own = await openOwnServers('outbox');
  database = own.database;
  instance = await Instance.open(own);
  failing = new FailingStatements(instance.get(DataSource));
  ledger = ledgerOn(instance.get(DataSource));
  const url = own.servers.databaseUrl;
  others = [ledgerOn(await openDataSource({ url })), ledgerOn(await openDataSource({ url }))];
  await database.change('CREATE TABLE refused_users (user_id BIGINT PRIMARY KEY)');
  await database.change(`CREATE TRIGGER refuse_user BEFORE INSERT ON user_coupons FOR EACH ROW
    IF EXISTS (SELECT 1 FROM refused_users WHERE user_id = NEW.user_id) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one';
    END IF`);
});

interface Written {
  readonly position: number;
  readonly type: string;
  readonly content: unknown;
}

/** What is to be told of a subject, in its order. */
async function writtenOf(subject: string): Promise<Written[]> {
  const rows = await database.rows<{ position: number; type: string; content: unknown }>(
    'SELECT position, type, content FROM outbox WHERE subject = ? ORDER BY position',
    [subject],
  );
  // A JSON column is text to MariaDB; MySQL's comes parsed.
  return rows.map(({ content, ...row }) => ({
    ...row,
    content: typeof content === 'string' ? (JSON.parse(content) as unknown) : content,
  }));
}

/** Of a coupon, as `1 issued 2,3`: the position, the type, and the numbers that it tells of. */
async function toldOf(couponId: number): Promise<string[]> {
  const written = await writtenOf(couponSubject(couponId));
  return written.map(({ position, type, content }) => {
    const numbers = Array.isArray(content) ? content.map(([, number]: [number, number]) => number) : [];
    return [position, type.replace('firstcome.coupon.', ''), ...(numbers.length > 0 ? [numbers.join()] : [])].join(' ');
  });
}

async function lastPosition(couponId: number): Promise<number> {
  const sql = 'SELECT event_position AS position FROM coupons WHERE id = ?';
  return (await database.row<{ position: number }>(sql, [couponId])).position;
}

/** New users, with numbers from `first` on. */
function reservations(count: number, first = 1): Reservation[] {
  return newUserIds(count).map((userId, index) => ({ userId, sequenceNumber: first + index }));
}

async function setTotal(couponId: number, totalQuantity: number): Promise<void> {
  await database.change('UPDATE coupons SET total_quantity = ? WHERE id = ?', [totalQuantity, couponId]);
}

describe('six who write about one coupon at once', () => {
  it('leave positions in the order of the commits, and pairs that are exactly the rows', async () => {
    const couponId = await instance.createCoupon(1000);
    const subject = couponSubject(couponId);
    const made = reservations(600);
    const batches = Array.from({ length: 120 }, (_, index) => made.slice(index * 5, index * 5 + 5));
    const queue = [...batches.entries()];
    const over = new AbortController();
    const issue = async (by: Ledger) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, batch] = next;
        // Every third one overlaps with the batch before, which then is looked into one by one.
        await by.decide(couponId, index % 3 === 0 ? [...(batches[index - 1] ?? []).slice(3), ...batch] : batch);
      }
    };
    const changeNames = async () => {
      for (const number of numbersTo(10))
        await instance
          .get(CouponDefinitionService)
          .change(couponId, { name: `name ${number}` }, TESTER, () => undefined);
    };
    /** Whoever looks meanwhile finds no position without all those before it. */
    const look = async (): Promise<number> => {
      let looks = 0;
      for (; !over.signal.aborted; looks += 1) {
        const seen = (await writtenOf(subject)).map(({ position }) => position);
        expect(seen).toEqual(numbersTo(seen.length));
      }
      return looks;
    };
    const writers = [ledger, ...others, ...others].map((by) => () => issue(by));
    const writing = inParallel([...writers, changeNames], (write) => write()).finally(() => over.abort());
    const [looks] = await Promise.all([look(), writing]);
    expect(looks).toBeGreaterThan(0);

    const written = await writtenOf(subject);
    expect(written.map(({ position }) => position)).toEqual(numbersTo(written.length));
    expect(await lastPosition(couponId)).toBe(written.length);
    const pairs = written.flatMap(({ type, content }) =>
      type === 'firstcome.coupon.issued' ? (content as Array<[number, number]>) : [],
    );
    const rows = await database.userCoupons(couponId);
    expect(rows).toHaveLength(made.length);
    expect([...pairs].sort(([, a], [, b]) => a - b)).toEqual(
      rows.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]),
    );
    const names = written.flatMap(({ type, content }) =>
      type === 'firstcome.coupon.changed' ? (content as { name: string }).name : [],
    );
    expect(names).toEqual(numbersTo(10).map((change) => `name ${change}`));
  });
});

describe('what is rolled back', () => {
  it('for a row that the database refuses is not told; what becomes of it is', async () => {
    const couponId = await instance.createCoupon(10);
    const [victim, ...rest] = reservations(3) as [Reservation, ...Reservation[]];
    await database.change('INSERT INTO refused_users (user_id) VALUES (?)', [victim.userId]);
    const error = await ledger.decide(couponId, [victim, ...rest]).catch((reason: unknown) => reason);
    expect(String(error)).toContain('not this one');
    expect(await toldOf(couponId)).toEqual([]);
    expect(await lastPosition(couponId)).toBe(0);

    await ledger.refuse(couponId, victim, error);
    await ledger.decide(couponId, rest);
    expect(await toldOf(couponId)).toEqual(['1 failed 1', '2 issued 2,3']);
  });

  it('for a deadlock is not told, and what is then decided is told once', async () => {
    const couponId = await instance.createCoupon(10);
    const made = reservations(2);
    failing.next(INTO_OUTBOX, DEADLOCK, { isCarriedOut: true });
    await expect(ledger.decide(couponId, made)).rejects.toThrow('Deadlock');
    expect(await toldOf(couponId)).toEqual([]);
    await ledger.decide(couponId, made);
    await ledger.decide(couponId, made);
    expect(await toldOf(couponId)).toEqual(['1 issued 1,2']);
    expect(await lastPosition(couponId)).toBe(1);
  });

  it('for a deadlock, of the lock strategy, is tried again at once, and told once', async () => {
    const couponId = await instance.createCoupon(10, { strategy: 'lock' });
    failing.next(INTO_OUTBOX, DEADLOCK, { times: 2, isCarriedOut: true });
    await instance.get(LockIssuanceService).issue(couponId, newUserId());
    expect(failing.left).toBe(0);
    expect(await toldOf(couponId)).toEqual(['1 issued 1']);
    expect(await lastPosition(couponId)).toBe(1);
  });
});

describe('that a coupon is sold out', () => {
  it('is told by the batch that takes the last, and when a greater total is reached', async () => {
    const couponId = await instance.createCoupon(4);
    await ledger.decide(couponId, reservations(2));
    await ledger.decide(couponId, reservations(2, 3));
    const once = ['1 issued 1,2', '2 issued 3,4', '3 sold-out'];
    expect(await toldOf(couponId)).toEqual(once);
    await setTotal(couponId, 6);
    await ledger.decide(couponId, reservations(1, 5));
    await ledger.decide(couponId, reservations(1, 6));
    expect(await toldOf(couponId)).toEqual([...once, '4 issued 5', '5 issued 6', '6 sold-out']);
  });

  it('is told after those who got none of the last, and not by those who come later', async () => {
    const couponId = await instance.createCoupon(3);
    const made = reservations(5);
    await ledger.decide(couponId, made);
    await ledger.decide(couponId, made);
    await ledger.decide(couponId, reservations(2, 6));
    const once = ['1 issued 1,2,3', '2 failed 4,5', '3 sold-out', '4 failed 6,7'];
    expect(await toldOf(couponId)).toEqual(once);
    await setTotal(couponId, 4);
    await ledger.decide(couponId, reservations(1, 8));
    expect(await toldOf(couponId)).toEqual([...once, '5 issued 8', '6 sold-out']);
    expect(await lastPosition(couponId)).toBe(6);
  });

  it('is told by the lock strategy', async () => {
    const couponId = await instance.createCoupon(2, { strategy: 'lock' });
    const service = instance.get(LockIssuanceService);
    for (const userId of newUserIds(2)) await service.issue(couponId, userId);
    await expect(service.issue(couponId, newUserId())).rejects.toMatchObject({ code: 'COUPON_SOLD_OUT' });
    const once = ['1 issued 1', '2 issued 2', '3 sold-out'];
    expect(await toldOf(couponId)).toEqual(once);
    await setTotal(couponId, 3);
    await service.issue(couponId, newUserId());
    expect(await toldOf(couponId)).toEqual([...once, '4 issued 3', '5 sold-out']);
  });
});

describe('of a coupon whose row someone has deleted', () => {
  it('failures are told after all that was told before', async () => {
    const couponId = await instance.createCoupon(10);
    await ledger.decide(couponId, reservations(1, 1001));
    await ledger.decide(couponId, reservations(1, 1002));
    const userIds = newUserIds(3);
    const numbers = await instance.get(AdmissionStore).reserve(couponId, userIds);
    await database.change('DELETE FROM coupons WHERE id = ?', [couponId]);
    // It is believed at the second look.
    for (let looks = 0; looks < 3; looks += 1) await instance.get(SweepService).sweepAll();
    expect(await toldOf(couponId)).toEqual(['1 issued 1001', '2 issued 1002', `3 failed ${numbers.join()}`]);
  });
});

async function pay(userId: number, couponId: number | undefined): Promise<Written[]> {
  const productId = await new Shop(new ApiClient(''), database).product({ price: 2000 });
  const draft = { userId, items: [{ productId, quantity: 1 }], couponId };
  const { orderId, orderNumber } = await instance.get(OrderService).create(draft, undefined);
  expect(await writtenOf(`orders/${orderNumber}`)).toEqual([]);
  await instance.get(PaymentService).pay(orderId, userId, undefined);
  await expect(instance.get(PaymentService).pay(orderId, userId, undefined)).rejects.toMatchObject({
    code: 'ORDER_ALREADY_PAID',
  });
  return await writtenOf(`orders/${orderNumber}`);
}

describe('a payment', () => {
  it('is told once: that its coupon is used, then that it is paid, or this alone', async () => {
    const userId = await new Shop(new ApiClient(''), database).user(10_000);
    const couponId = await instance.createCoupon(1);
    await ledger.decide(couponId, [{ userId, sequenceNumber: 1 }]);
    const [held] = await database.userCoupons(couponId);
    expect(await pay(userId, couponId)).toMatchObject([
      { position: 1, type: 'firstcome.coupon.used', content: { userCouponId: held?.id } },
      { position: 2, type: 'firstcome.order.paid', content: { userId, paidAmount: 1000 } },
    ]);
    expect(await pay(userId, undefined)).toMatchObject([
      { position: 1, type: 'firstcome.order.paid', content: { userId, paidAmount: 2000 } },
    ]);
  });
});
