/** Histories of one session at a time, which together call every method and see each of its answers. */
import type { Coupon } from '../../../src/coupon/coupon.entity.js';
import type { NewCoupon } from '../../../src/coupon/coupon.repository.js';
import { AT_NOON, changed, type Fixture, hours, NOON } from './fixture.js';
import { a, b, commit, rollback, x } from './step-words.js';
import type { Step } from './steps.js';

const NEW_COUPON: NewCoupon = {
  name: 'A new coupon',
  totalQuantity: 10,
  discountAmount: null,
  discountRate: 15,
  startsAt: hours(-3),
  expiresAt: hours(3),
  isActive: false,
  audience: 'registered',
  codeFormat: 'hangul',
  strategy: 'reservation',
  entry: 'ticket',
  entryOpensAt: hours(-4),
  entrySpreadSeconds: 0,
  challenge: 'turnstile',
  usableDays: 30,
  usableUntil: null,
  isRedeemable: false,
  minOrderAmount: 3000,
  maxDiscountAmount: 1000,
  productIds: [7, 8],
  createdAt: hours(-3),
};

const FAILED = { reason: 'SOLD_OUT_IN_LEDGER' as const, detail: 'all 6 were issued already' };

const product = (rank: number, productId: number) => ({ rank, productId, productName: 'P', salesCount: 9 - rank });

export const METHOD_HISTORIES: Readonly<Record<string, (fixture: Fixture) => Step[]>> = {
  'coupons are inserted, found and listed': (fixture) => {
    const [first, second] = fixture.coupons;
    return [
      a((on, tx) => on.coupons.insert(tx, { ...NEW_COUPON })),
      a((on, tx) => on.coupons.insert(tx, { ...NEW_COUPON, discountAmount: 2000, discountRate: null, isActive: true })),
      x((on) => on.coupons.insertAs(fixture.missingCoupon + 1, { ...NEW_COUPON })),
      x((on) => on.coupons.insertAs(first, { ...NEW_COUPON })),
      a((on, tx) => on.coupons.insert(tx, { ...NEW_COUPON, strategy: 'lock' })),
      a((on, tx) => on.coupons.insert(tx, { ...NEW_COUPON, createdAt: hours(-4) })),
      commit('A'),
      x((on) => on.coupons.find(first)),
      x((on) => on.coupons.find(fixture.missingCoupon + 1)),
      x((on) => on.coupons.find(fixture.missingCoupon)),
      x((on) => on.coupons.findMany([second, fixture.missingCoupon, first, first])),
      x((on) => on.coupons.findMany([])),
      x((on) => on.coupons.findPage({ cursor: undefined, limit: 2 })),
      x((on) => on.coupons.findPage({ cursor: undefined, limit: 100 })),
      x((on) => on.coupons.findPage({ cursor: [hours(-2).getTime(), second], limit: 100 })),
      x((on) => on.coupons.findPage({ cursor: [hours(-3).getTime(), first], limit: 2 })),
      x((on) => on.coupons.idsToReserve(NOON)),
      x((on) => on.coupons.idsToReserve(hours(1))),
      x((on) => on.coupons.findOpen(NOON, 2)),
      x((on) => on.coupons.findOpen(NOON, 100)),
      x((on) => on.coupons.findOpen(hours(-1), 100)),
      x((on) => on.coupons.findOpen(hours(100), 1)),
      x((on) => on.coupons.findUnderWay(NOON, hours(2), 2)),
      x((on) => on.coupons.findUnderWay(hours(-100), hours(100), 100)),
    ];
  },

  'a definition is changed': (fixture) => {
    const [couponId] = fixture.coupons;
    const window = { startsAt: hours(0), expiresAt: hours(2), updatedAt: hours(1) };
    const entry = {
      entry: 'ticket',
      entryOpensAt: hours(-1),
      entrySpreadSeconds: 600,
      challenge: 'turnstile',
    } as const;
    const usage = { usableDays: null, usableUntil: hours(4), isRedeemable: false, latestExpiresAt: hours(3) };
    const conditions = { minOrderAmount: 2000, maxDiscountAmount: null, productIds: [9] };
    const definition = { name: 'Another name', totalQuantity: 9, ...window, isActive: false };
    const change = { ...definition, ...entry, ...usage, ...conditions };
    return [
      a((on, tx) => on.coupons.lock(tx, fixture.missingCoupon)),
      a(async (on, tx) => {
        const coupon = await on.coupons.lock(tx, couponId);
        // What is not part of the definition is not written.
        if (coupon !== null) await on.coupons.saveDefinition(tx, changed(coupon, { ...change, issuedQuantity: 99 }));
      }),
      x((on) => on.coupons.find(couponId)),
      commit('A'),
      x((on) => on.coupons.find(couponId)),
    ];
  },

  'the ledger is asked': (fixture) => {
    const [couponId, other] = fixture.coupons;
    const { missingCoupon } = fixture;
    return [
      x((on) => on.ledger.findRow(couponId, 5)),
      x((on) => on.ledger.findRow(couponId, 6)),
      x((on) => on.ledger.findUserCoupon(fixture.userCoupon)),
      x((on) => on.ledger.findUserCoupon(fixture.missingCoupon)),
      x((on) => on.failures.findOf(couponId, [10, 30, 5])),
      x((on) => on.ledger.findLatestFailure(couponId, 10)),
      x((on) => on.ledger.findLatestFailure(couponId, 11)),
      x((on) => on.ledger.rowsOf(new Map([[couponId, [25, 6, 5]]]))),
      x((on) =>
        on.ledger.rowsOf(
          new Map([
            [other, [5, 10, 15]],
            [missingCoupon, [5]],
            [couponId, [35, 5]],
          ]),
        ),
      ),
      x((on) => on.ledger.latestFailuresOf(new Map([[couponId, [11, 10]]]))),
      x((on) =>
        on.ledger.latestFailuresOf(
          new Map([
            [other, [10]],
            [missingCoupon, [10]],
            [couponId, [10, 40]],
          ]),
        ),
      ),
      x((on) => on.ledger.usersAfter(couponId, 5, 2)),
      x((on) => on.ledger.usersAfter(couponId, 35, 2)),
      x((on) => on.ledger.rowsBetween(couponId, 5, 25, 5)),
      x((on) => on.ledger.rowsBetween(couponId, 0, 100, 3)),
      x((on) => on.ledger.greatestNumbers([couponId, other, missingCoupon])),
      x((on) => on.ledger.greatestNumbers([])),
      x((on) => on.ledger.countRows(couponId)),
      x((on) => on.ledger.countRows(missingCoupon)),
      x((on) => on.ledger.usersWithRow(couponId, [25, 5, 6])),
      x((on) => on.ledger.usersWithRow(couponId, [])),
      x((on) => on.audit.counts(couponId)),
      x((on) => on.audit.counts(missingCoupon)),
      x((on) => on.issuance.issuedTo(couponId, [35, 5, 6])),
    ];
  },

  'rows are issued, and others fail': (fixture) => {
    const [couponId] = fixture.coupons;
    const { missingCoupon } = fixture;
    const rows = [
      { userId: 20, sequenceNumber: 40, code: 'D' },
      { userId: 10, sequenceNumber: 50, code: null },
      { userId: 30, sequenceNumber: 30, code: null },
    ];
    const failures = [{ userId: 40, sequenceNumber: 60, ...FAILED }];
    return [
      a((on, tx) => on.issuance.lockCoupon(tx, missingCoupon)),
      a((on, tx) => on.issuance.lockCoupon(tx, couponId)),
      a((on, tx) => on.issuance.termsOf(tx, couponId)),
      a((on, tx) => on.issuance.termsOf(tx, missingCoupon)),
      a((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 15, 20])),
      a((on, tx) => on.issuance.failuresOf(tx, couponId, [10, 40])),
      a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, rows, AT_NOON)),
      a((on, tx) => on.issuance.insertFailures(tx, couponId, failures, hours(0.5))),
      a((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 15, 20])),
      a((on, tx) => on.issuance.failuresOf(tx, couponId, [40, 41])),
      a((on, tx) => on.rebuilds.greatestNumber(tx, couponId)),
      x((on) => on.ledger.usersWithRow(couponId, [10, 15, 20])),
      commit('A'),
      x((on) => on.issuance.issuedTo(couponId, [10, 20, 30])),
      x((on) => on.ledger.findRow(couponId, 20)),
      x((on) => on.ledger.findLatestFailure(couponId, 40)),
      x((on) => on.ledger.latestFailuresOf(new Map([[couponId, [10, 20, 40]]]))),
      x((on) => on.ledger.greatestNumbers([couponId])),
      x((on) => on.audit.counts(couponId)),
    ];
  },

  'counters are raised as far as the total allows': (fixture) => {
    const [couponId] = fixture.coupons;
    return [
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 3, events: 1 })),
      a((on, tx) =>
        on.issuance.takeFromCapacity(tx, couponId, { issued: 2, events: 1, onlyIfNoneFailed: true, lowestNumber: 1 }),
      ),
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 1, events: 1 })),
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 0, events: 3 })),
      a((on, tx) =>
        on.issuance.takeFromCapacity(tx, couponId, { issued: 0, events: 1, failed: 2, late: 3, outOfRoom: true }),
      ),
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 0, events: 1, onlyIfNoneFailed: true })),
      a((on, tx) => on.rebuilds.keepSequenceBase(tx, couponId, 8)),
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 0, events: 1, lowestNumber: 8 })),
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 0, events: 1, failed: 1, lowestNumber: 9 })),
      a((on, tx) => on.issuance.takeFromCapacity(tx, fixture.missingCoupon, { issued: 0, events: 1 })),
      commit('A'),
      x((on) => on.issuance.lateRowsAreKnown(couponId, 1, 3)),
      x((on) => on.coupons.find(couponId)),
      x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 2)),
      x((on) => on.coupons.find(couponId)),
      x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 3)),
      x((on) => on.coupons.find(couponId)),
    ];
  },

  'the use-by time is applied to what is issued': ({ coupons: [couponId], missingCoupon }) => {
    const define = (change: Partial<Coupon>) =>
      a(async (on, tx) => {
        const coupon = await on.coupons.lock(tx, couponId);
        if (coupon !== null) await on.coupons.saveDefinition(tx, changed(coupon, change));
      });
    return [
      x((on) => on.issuedUseBy.findOthers(couponId, 0, 3)),
      x((on) => on.issuedUseBy.countOthers(couponId, 0)),
      define({ usableDays: 2 }),
      commit('A'),
      x((on) => on.issuedUseBy.findOthers(couponId, 0, 3)),
      x((on) => on.issuedUseBy.findOthers(couponId, 25, 3)),
      x((on) => on.issuedUseBy.findOthers(couponId, 35, 3)),
      x((on) => on.issuedUseBy.countOthers(couponId, 5)),
      a((on, tx) => on.issuedUseBy.apply(tx, couponId, [25, 10, 15])),
      x((on) => on.issuedUseBy.findOthers(couponId, 0, 3)),
      x((on) => on.issuedUseBy.countOthers(couponId, 0)),
      commit('A'),
      define({ usableDays: null, usableUntil: hours(30) }),
      a((on, tx) => on.issuedUseBy.apply(tx, couponId, [5, 10, 15, 25, 35])),
      rollback('A'),
      x((on) => on.issuedUseBy.countOthers(couponId, 0)),
      a((on, tx) => on.issuedUseBy.apply(tx, couponId, [5, 10, 15, 25, 35])),
      a((on, tx) => on.issuedUseBy.apply(tx, missingCoupon, [5, 35])),
      commit('A'),
      x((on) => on.issuedUseBy.countOthers(couponId, 0)),
    ];
  },

  'coupons are taken back': ({ coupons: [couponId], missingCoupon }) => {
    const revoke = (userIds: readonly number[], returned: number) =>
      a(async (on, tx) => {
        await on.coupons.lock(tx, couponId);
        const rows = await on.revocations.lockRowsOf(tx, couponId, userIds);
        const revoked = { revoked: rows, returned: rows.slice(0, returned), revokedAt: hours(1) };
        await on.revocations.write(tx, revoked);
        await on.revocations.count(tx, couponId, { returned, events: 1 });
        return rows;
      });
    return [
      x((on) => on.revocations.countUnused(couponId, 0)),
      a((on, tx) => on.revocations.lockRowsOf(tx, missingCoupon, [5])),
      revoke([15, 10, 5], 1),
      rollback('A'),
      revoke([15, 10, 5], 1),
      b((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 3, events: 1 })),
      commit('A'),
      commit('B'),
      revoke([25], 0),
      commit('A'),
      x((on) => on.revocations.countUnused(couponId, 0)),
      x((on) => on.revocations.findUnused(couponId, 0, 2)),
      x((on) => on.revocations.findUnused(couponId, 30, 2)),
      a((on, tx) => on.revocations.lockUnused(tx, couponId, [35, 5, 10, 15, 25, 77])),
      a((on, tx) => on.revocations.lockRowsOf(tx, couponId, [5, 15, 35])),
      commit('A'),
      x((on) => on.audit.counts(couponId)),
    ];
  },

  'a coupon is rebuilt': (fixture) => {
    const [couponId] = fixture.coupons;
    return [
      a((on, tx) => on.rebuilds.greatestNumber(tx, couponId)),
      a((on, tx) => on.rebuilds.greatestNumber(tx, fixture.missingCoupon)),
      a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 0, events: 1, late: 1 })),
      a((on, tx) => on.rebuilds.beginEpoch(tx, couponId)),
      a((on, tx) => on.rebuilds.keepSequenceBase(tx, couponId, 40)),
      a((on, tx) => on.rebuilds.keepSequenceBase(tx, couponId, 30)),
      a((on, tx) => on.rebuilds.base(tx, couponId)),
      a((on, tx) => on.rebuilds.raiseSequenceBase(tx, couponId, 30)),
      a((on, tx) => on.rebuilds.raiseSequenceBase(tx, couponId, 100)),
      a((on, tx) => on.rebuilds.base(tx, couponId)),
      a((on, tx) => on.rebuilds.base(tx, fixture.missingCoupon)),
      b((on, tx) => on.rebuilds.base(tx, couponId)),
      commit('A'),
      b((on, tx) => on.rebuilds.base(tx, couponId)),
    ];
  },

  'failures are listed and retried': (fixture) => {
    const [couponId, other] = fixture.coupons;
    const { failure } = fixture;
    return [
      x((on) => on.failures.findPage(couponId, { cursor: undefined, limit: 3 })),
      x((on) => on.failures.findPage(couponId, { cursor: [NOON.getTime(), failure + 2], limit: 3 })),
      x((on) => on.failures.findPage(couponId, { cursor: [NOON.getTime() + 1, failure], limit: 3 })),
      x((on) => on.failures.findPage(couponId, { cursor: [NOON.getTime() - 1, failure + 2], limit: 3 })),
      x((on) => on.failures.countOpen([other, couponId, fixture.missingCoupon])),
      x((on) => on.failures.countOpen([])),
      x((on) => on.failures.find(couponId, failure)),
      x((on) => on.failures.find(other, failure)),
      x((on) => on.failures.find(couponId, fixture.missingCoupon)),
      x((on) => on.failures.markRetried(failure, hours(1))),
      x((on) => on.failures.markRetried(fixture.missingCoupon, hours(1))),
      x((on) => on.failures.find(couponId, failure)),
      x((on) => on.failures.countOpen([couponId])),
    ];
  },

  'a coupon is issued under its lock': (fixture) => {
    const [, couponId] = fixture.coupons;
    const row = { couponId, userId: 10, sequenceNumber: 40, code: 'D', ...AT_NOON };
    return [
      a((on, tx) => on.lockIssuance.lockCoupon(tx, fixture.missingCoupon)),
      a((on, tx) => on.lockIssuance.lockCoupon(tx, couponId)),
      a((on, tx) => on.lockIssuance.lookUpUser(tx, couponId, 10)),
      a((on, tx) => on.lockIssuance.lookUpUser(tx, couponId, 15)),
      a((on, tx) => on.lockIssuance.insert(tx, row)),
      a((on, tx) => on.lockIssuance.insert(tx, { ...row, sequenceNumber: 50, code: null })),
      a((on, tx) => on.lockIssuance.insert(tx, { ...row, userId: 20, sequenceNumber: 50 })),
      a((on, tx) => on.lockIssuance.insert(tx, { ...row, userId: 20, code: 'H' })),
      a((on, tx) => on.lockIssuance.takeFromCapacity(tx, couponId, { sequenceNumber: 40, lastPosition: 40 })),
      a((on, tx) => on.lockIssuance.takeFromCapacity(tx, couponId, { sequenceNumber: 50, lastPosition: 50 })),
      a((on, tx) => on.lockIssuance.takeFromCapacity(tx, couponId, { sequenceNumber: 60, lastPosition: 60 })),
      commit('A'),
      b((on, tx) => on.lockIssuance.lockCoupon(tx, couponId)),
    ];
  },

  'what is decided is told': (fixture) => {
    const [couponId] = fixture.coupons;
    const occurredAt = hours(0.5);
    const subject = `coupons/${couponId}`;
    const issued = { type: 'firstcome.coupon.issued', subject, couponId, content: [[10, 40]], occurredAt } as const;
    const renamed = {
      ...issued,
      type: 'firstcome.coupon.changed',
      couponId: undefined,
      content: { name: '봄' },
    } as const;
    return [
      a((on, tx) => on.outbox.nextPosition(tx, subject)),
      a((on, tx) =>
        on.outbox.insert(tx, [
          { ...issued, position: 1 },
          { ...renamed, position: 2 },
        ]),
      ),
      a((on, tx) => on.outbox.nextPosition(tx, subject)),
      a((on, tx) => on.outbox.insert(tx, [{ ...issued, position: 2 }])),
      commit('A'),
      b((on, tx) => on.outbox.nextPosition(tx, subject)),
      b((on, tx) => on.outbox.nextPosition(tx, 'coupons/0')),
    ];
  },

  'a user coupon is used': (fixture) => {
    const [couponId] = fixture.coupons;
    const { userCoupon, usedUserCoupon, endedCoupon } = fixture;
    return [
      a((on, tx) => on.usage.find(tx, couponId, 5, NOON)),
      a((on, tx) => on.usage.find(tx, couponId, 5, hours(1))),
      a((on, tx) => on.usage.find(tx, couponId, 6, NOON)),
      a((on, tx) => on.usage.find(tx, couponId, 35, NOON)),
      a((on, tx) => on.usage.find(tx, endedCoupon, 5, NOON)),
      a((on, tx) => on.usage.findById(tx, userCoupon, NOON)),
      a((on, tx) => on.usage.findById(tx, usedUserCoupon, NOON)),
      a((on, tx) => on.usage.findById(tx, fixture.missingCoupon, NOON)),
      a((on, tx) => on.usage.use(tx, usedUserCoupon, NOON)),
      a((on, tx) => on.usage.use(tx, fixture.missingCoupon, NOON)),
      a((on, tx) => on.usage.use(tx, userCoupon, hours(1))),
      a((on, tx) => on.usage.use(tx, userCoupon, NOON)),
      a((on, tx) => on.usage.use(tx, userCoupon, NOON)),
      a((on, tx) => on.usage.find(tx, couponId, 5, NOON)),
      rollback('A'),
      a((on, tx) => on.usage.use(tx, userCoupon, NOON)),
      commit('A'),
      a((on, tx) => on.usage.giveBack(tx, userCoupon)),
      b((on, tx) => on.usage.use(tx, userCoupon, NOON)),
      a((on, tx) => on.usage.giveBack(tx, fixture.missingCoupon)),
      commit('A'),
      commit('B'),
    ];
  },

  'orders are paid and counted': (fixture) => {
    const { pendingOrder, paidOrder, orderWithoutItems, missingCoupon } = fixture;
    const orders = [paidOrder, pendingOrder, orderWithoutItems].map((orderId) => ({
      orderId,
      orderNumber: `number ${orderId}`,
    }));
    return [
      a((on, tx) => on.payments.lock(tx, missingCoupon)),
      a((on, tx) => on.payments.lock(tx, orderWithoutItems)),
      a((on, tx) => on.payments.lock(tx, pendingOrder)),
      a((on, tx) => on.payments.markPaid(tx, paidOrder, hours(0.5), 1)),
      a((on, tx) => on.payments.markPaid(tx, missingCoupon, hours(0.5), 1)),
      a((on, tx) => on.payments.markPaid(tx, pendingOrder, hours(0.5), 1)),
      a((on, tx) => on.payments.markPaid(tx, pendingOrder, hours(0.5), 1)),
      x((on) => on.paidOrders.between(hours(-1), hours(2), 10)),
      commit('A'),
      x((on) => on.paidOrders.between(hours(-1), hours(2), 10)),
      x((on) => on.paidOrders.between(hours(0), hours(1), 1)),
      x((on) => on.paidOrders.between(hours(0), hours(2), 2, { orderId: paidOrder, paidAt: NOON })),
      x((on) => on.paidOrders.between(hours(0), hours(2), 2, { orderId: paidOrder - 1, paidAt: NOON })),
      x((on) => on.paidOrders.itemsOf(orders)),
      x((on) => on.paidOrders.itemsOf([])),
      x((on) => on.paidOrders.totalsBetween(hours(0), hours(1), 10)),
      x((on) => on.paidOrders.totalsBetween(hours(0), hours(1), 1)),
      x((on) => on.paidOrders.totalsBetween(hours(5), hours(6), 10)),
    ];
  },

  'orders are cancelled and refunded': (fixture) => {
    const { pendingOrder, paidOrder, refundedOrder, missingCoupon } = fixture;
    return [
      a((on, tx) => on.cancellations.markCancelled(tx, paidOrder, hours(1))),
      a((on, tx) => on.cancellations.markCancelled(tx, missingCoupon, hours(1))),
      a((on, tx) => on.cancellations.markCancelled(tx, pendingOrder, hours(1))),
      b((on, tx) => on.payments.markPaid(tx, pendingOrder, hours(1), 1)),
      rollback('A'),
      a((on, tx) => on.cancellations.markRefunded(tx, pendingOrder, 1000, hours(2))),
      commit('B'),
      a((on, tx) => on.cancellations.markCancelled(tx, pendingOrder, hours(2))),
      a((on, tx) => on.cancellations.markRefunded(tx, pendingOrder, 1000, hours(2))),
      a((on, tx) => on.cancellations.markRefunded(tx, refundedOrder, 1000, hours(2))),
      x((on) => on.paidOrders.refundedSince(hours(1), hours(-1), 10)),
      commit('A'),
      x((on) => on.paidOrders.refundedSince(hours(1), hours(-1), 10)),
    ];
  },

  'refunded orders are found': ({ refundedOrder, earlierPaidOrder }) => {
    const first = { orderId: earlierPaidOrder, paidAt: hours(-1), refundedAt: hours(3) };
    return [
      x((on) => on.paidOrders.refundedBetween(hours(-1), hours(2), 10)),
      x((on) => on.paidOrders.refundedBetween(hours(-1), hours(0), 10)),
      x((on) => on.paidOrders.refundedBetween(hours(-1), hours(2), 1, first)),
      x((on) => on.paidOrders.refundedSince(hours(3), hours(-1), 10)),
      x((on) => on.paidOrders.refundedSince(hours(3), hours(-1), 1)),
      x((on) => on.paidOrders.refundedSince(hours(3), hours(0), 10)),
      x((on) => on.paidOrders.refundedSince(hours(3), hours(-1), 10, first)),
      x((on) => on.paidOrders.refundedSince(hours(3), hours(-1), 10, { ...first, orderId: refundedOrder - 1 })),
      x((on) => on.paidOrders.refundedSince(hours(4), hours(-1), 10)),
      x((on) => on.paidOrders.refundedSales(hours(3), hours(-1))),
      x((on) => on.paidOrders.refundedSales(hours(3), hours(0))),
      x((on) => on.paidOrders.refundedSales(hours(4), hours(-1))),
    ];
  },

  'rankings are backed up': ({ days: [first, second, third] }) => {
    const products = [product(1, 7), { ...product(2, 8), productName: null }];
    return [
      a((on, tx) => on.backups.replace(tx, first, { asOf: hours(1), products })),
      a((on, tx) => on.backups.replace(tx, first, { asOf: hours(0), products: [product(1, 9)] })),
      a((on, tx) => on.backups.replace(tx, second, { asOf: hours(1), products: [] })),
      x((on) => on.backups.find(first)),
      commit('A'),
      x((on) => on.backups.find(first)),
      x((on) => on.backups.find(second)),
      x((on) => on.backups.find(third)),
      x((on) => on.backups.backedUpAt([third, second, first])),
      // Each product is on the rank of the other.
      b((on, tx) => on.backups.replace(tx, first, { asOf: hours(2), products: [product(1, 8), product(2, 7)] })),
      b((on, tx) => on.backups.replace(tx, first, { asOf: hours(3), products: [product(1, 7), product(2, 8)] })),
      b((on, tx) => on.backups.replace(tx, first, { asOf: hours(4), products: [product(1, 8)] })),
      x((on) => on.backups.find(first)),
      commit('B'),
      x((on) => on.backups.find(first)),
      b((on, tx) => on.backups.replace(tx, third, { asOf: hours(1), products })),
      b((on, tx) => on.backups.deleteBefore(tx, third)),
      b((on, tx) => on.backups.deleteBefore(tx, third)),
      x((on) => on.backups.backedUpAt([first, second, third])),
      commit('B'),
      x((on) => on.backups.backedUpAt([first, second, third])),
    ];
  },
};
