/** Histories of two transactions and of calls beside them that want the same rows. */
import { AT_NOON, type Fixture, hours, NOON } from './fixture.js';
import { a, b, commit, lockWait, lose, rollback, x, y } from './step-words.js';
import type { Step } from './steps.js';

const D = { userId: 10, sequenceNumber: 10, code: 'D' };
const H = { userId: 20, sequenceNumber: 20, code: 'H' };
const L = { userId: 30, sequenceNumber: 30, code: 'L' };

const failed = (sequenceNumber: number) => {
  return { userId: 10, sequenceNumber, reason: 'COUPON_DELETED' as const, detail: '' };
};

const product = (productId: number) => ({ rank: 1, productId, productName: 'P', salesCount: 1 });

export const LOCK_HISTORIES: Readonly<Record<string, (fixture: Fixture) => Step[]>> = {
  'whoever wants a locked coupon waits, first come first served': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.lockCoupon(tx, couponId)),
    b((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 1, events: 1, late: 1 })),
    x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 1)),
    y((on) => on.issuance.lateRowsAreKnown(couponId, 0, 0)),
    a((on, tx) => on.rebuilds.base(tx, couponId)),
    commit('A'),
    commit('B'),
    x((on) => on.coupons.find(couponId)),
  ],

  'a lock lasts until the transaction ends': ({ coupons: [couponId, other], pendingOrder, userCoupon }) => [
    a((on, tx) => on.coupons.lock(tx, couponId)),
    a((on, tx) => on.issuance.termsOf(tx, other)),
    a((on, tx) => on.issuance.takeFromCapacity(tx, other, { issued: 1, events: 1 })),
    x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 1)),
    y((on) => on.issuance.lateRowsAreKnown(other, 0, 1)),
    rollback('A'),
    a((on, tx) => on.payments.lock(tx, pendingOrder)),
    b((on, tx) => on.payments.markPaid(tx, pendingOrder, NOON, 1)),
    a((on, tx) => on.payments.markPaid(tx, pendingOrder, NOON, 1)),
    commit('A'),
    a((on, tx) => on.usage.use(tx, userCoupon, NOON)),
    b((on, tx) => on.usage.use(tx, userCoupon, NOON)),
    commit('A'),
    rollback('B'),
  ],

  'a row that does not match is given back, unless it was waited for': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 9, events: 1 })),
    b((on, tx) => on.issuance.lockCoupon(tx, couponId)),
    a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 9, events: 1 })),
    commit('B'),
    x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 0)),
    commit('A'),
    a((on, tx) => on.issuance.lockCoupon(tx, couponId)),
    // It was locked before.
    a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 9, events: 1 })),
    x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 0)),
    commit('A'),
  ],

  'what is not committed is seen by its writer alone': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D, H], AT_NOON)),
    a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 2, events: 1 })),
    a((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 20, 30])),
    b((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 20, 30])),
    x((on) => on.audit.counts(couponId)),
    x((on) => on.ledger.rowsBetween(couponId, 0, 100, 10)),
    rollback('A'),
    x((on) => on.audit.counts(couponId)),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [H], AT_NOON)),
    commit('B'),
    // Each statement sees what was committed before it.
    a((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 20, 30])),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    commit('B'),
    a((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 20, 30])),
  ],

  'a key that another transaction inserts is a duplicate once it commits': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [H, { ...L, code: 'D' }], AT_NOON)),
    commit('A'),
    // Nothing is left of the statement, and the transaction goes on.
    b((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 20, 30])),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [L], AT_NOON)),
    x((on) => on.ledger.countRows(couponId)),
    commit('B'),
    x((on) => on.ledger.countRows(couponId)),
  ],

  'a key that another transaction inserts is free once it rolls back': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    b((on, tx) => on.lockIssuance.insert(tx, { couponId, ...H, sequenceNumber: 10, ...AT_NOON })),
    rollback('A'),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [L], AT_NOON)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    lose('B'),
    commit('A'),
  ],

  'the first index that has the key is named': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [{ ...D, userId: 20 }], AT_NOON)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [{ ...D, userId: 20, sequenceNumber: 20 }], AT_NOON)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [{ ...D, userId: 5, sequenceNumber: 20 }], AT_NOON)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [H, { ...L, code: null }], AT_NOON)),
    commit('A'),
  ],

  'the place of a row that failed stays locked': ({ coupons: [couponId, other] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D, { ...D, userId: 20, sequenceNumber: 20 }], AT_NOON)),
    b((on, tx) => on.lockIssuance.insert(tx, { couponId, ...L, code: 'D', ...AT_NOON })),
    a((on, tx) => on.issuance.lockCoupon(tx, other)),
    commit('A'),
    commit('B'),
  ],

  'rows that come while a deletion waits are deleted too': ({ days: [first, second] }) => [
    a((on, tx) => on.backups.replace(tx, first, { asOf: NOON, products: [product(1)] })),
    b((on, tx) => on.backups.deleteBefore(tx, second)),
    a((on, tx) => on.backups.replace(tx, first, { asOf: NOON, products: [product(2)] })),
    commit('A'),
    commit('B'),
    x((on) => on.backups.find(first)),
  ],

  'failures are kept apart by all three columns': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.insertFailures(tx, couponId, [failed(10)], NOON)),
    b((on, tx) => on.issuance.insertFailures(tx, couponId, [failed(20), failed(10)], NOON)),
    commit('A'),
    b((on, tx) => on.issuance.failuresOf(tx, couponId, [10])),
    b((on, tx) => on.issuance.insertFailures(tx, couponId, [failed(20)], NOON)),
    commit('B'),
  ],

  'of a deadlock the one who has done less is rolled back': ({ coupons: [first, second] }) => [
    a((on, tx) => on.issuance.lockCoupon(tx, first)),
    b((on, tx) => on.issuance.insertUserCoupons(tx, second, [D, H, L], AT_NOON)),
    b((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    a((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    b((on, tx) => on.issuance.takeFromCapacity(tx, first, { issued: 1, events: 1 })),
    commit('B'),
    x((on) => on.audit.counts(second)),
    rollback('A'),
  ],

  'of a deadlock between equals the one who has closed it is rolled back': ({ coupons: [first, second] }) => [
    a((on, tx) => on.issuance.takeFromCapacity(tx, first, { issued: 1, events: 1 })),
    b((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    a((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    b((on, tx) => on.issuance.takeFromCapacity(tx, first, { issued: 1, events: 1 })),
    // The transaction is over: what its client sends before it says ROLLBACK commits by itself.
    b((on, tx) => on.rebuilds.keepSequenceBase(tx, 0, 1)),
    b((on, tx) => on.issuance.insertUserCoupons(tx, first, [D], AT_NOON)),
    x((on) => on.ledger.countRows(first)),
    rollback('B'),
    commit('A'),
    x((on) => on.ledger.countRows(first)),
  ],

  'a lost session leaves nothing, and its place in the line': ({ coupons: [couponId] }) => [
    a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 1, events: 1 })),
    b((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 1, events: 1 })),
    x((on) => on.issuance.lateRowsAreKnown(couponId, 0, 0)),
    lose('B'),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [D], AT_NOON)),
    lose('A'),
    lose('B'),
    x((on) => on.audit.counts(couponId)),
  ],

  'two backups of a day come one after the other': ({ days: [first, second, third] }) => {
    const products = [{ rank: 1, productId: 1, productName: 'P', salesCount: 1 }];
    return [
      a((on, tx) => on.backups.replace(tx, second, { asOf: hours(2), products })),
      b((on, tx) => on.backups.replace(tx, second, { asOf: hours(1), products })),
      commit('A'),
      rollback('B'),
      a((on, tx) => on.backups.replace(tx, third, { asOf: hours(2), products })),
      b((on, tx) => on.backups.deleteBefore(tx, first)),
      b((on, tx) => on.backups.deleteBefore(tx, second)),
      // It comes to the first row that is to stay, and waits for it.
      b((on, tx) => on.backups.deleteBefore(tx, third)),
      rollback('A'),
      commit('B'),
      a((on, tx) => on.backups.replace(tx, second, { asOf: hours(2), products })),
      b((on, tx) => on.backups.replace(tx, second, { asOf: hours(1), products })),
      rollback('A'),
      commit('B'),
    ];
  },
};

/** Deadlocks whose victim depends on a few locks that MySQL may count differently from MariaDB. */
export const WEIGHED_HISTORIES: Readonly<Record<string, (fixture: Fixture) => Step[]>> = {
  "the gap below a key of one's own counts": ({ coupons: [first, second] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, first, [D], AT_NOON)),
    b((on, tx) => on.issuance.lockCoupon(tx, second)),
    b((on, tx) => on.lockIssuance.insert(tx, { couponId: first, ...H, userId: D.userId, ...AT_NOON })),
    a((on, tx) => on.lockIssuance.insert(tx, { couponId: first, ...D, ...AT_NOON })),
    a((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    rollback('B'),
    commit('A'),
  ],

  'waiting for a row that gets longer counts': ({ coupons: [couponId], pendingOrder }) => [
    a((on, tx) => on.payments.lock(tx, pendingOrder)),
    b((on, tx) => on.issuance.lockCoupon(tx, couponId)),
    b((on, tx) => on.issuance.insertFailures(tx, couponId, [failed(10)], NOON)),
    b((on, tx) => on.payments.markPaid(tx, pendingOrder, NOON, 1)),
    a((on, tx) => on.payments.markPaid(tx, pendingOrder, NOON, 1)),
    a((on, tx) => on.issuance.takeFromCapacity(tx, couponId, { issued: 1, events: 1 })),
    rollback('A'),
    commit('B'),
  ],

  'inserting next to deleted keys counts': ({ coupons: [first, second], days: [day] }) => [
    b((on, tx) => on.backups.replace(tx, day, { asOf: NOON, products: [product(1)] })),
    b((on, tx) => on.backups.replace(tx, day, { asOf: NOON, products: [product(2)] })),
    b((on, tx) => on.issuance.lockCoupon(tx, first)),
    a((on, tx) => on.issuance.lockCoupon(tx, second)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, second, [D, H, L], AT_NOON)),
    a((on, tx) => on.issuance.insertFailures(tx, second, [failed(10), failed(20), failed(30)], NOON)),
    a((on, tx) => on.issuance.takeFromCapacity(tx, first, { issued: 1, events: 1 })),
    b((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    rollback('A'),
    commit('B'),
  ],

  'having waited for a day that has gone counts': ({ coupons: [first, second], days: [day] }) => [
    a((on, tx) => on.backups.replace(tx, day, { asOf: NOON, products: [product(1)] })),
    b((on, tx) => on.backups.replace(tx, day, { asOf: NOON, products: [product(1)] })),
    rollback('A'),
    b((on, tx) => on.issuance.lockCoupon(tx, first)),
    a((on, tx) => on.issuance.lockCoupon(tx, second)),
    a((on, tx) => on.issuance.insertUserCoupons(tx, second, [D, H, L], AT_NOON)),
    a((on, tx) => on.issuance.insertFailures(tx, second, [failed(10)], NOON)),
    a((on, tx) => on.issuance.takeFromCapacity(tx, first, { issued: 1, events: 1 })),
    b((on, tx) => on.issuance.takeFromCapacity(tx, second, { issued: 1, events: 1 })),
    rollback('A'),
    commit('B'),
  ],
};

/** Histories in which time passes: on the real server as much of it as a statement waits. */
export const PATIENT_HISTORIES: Readonly<Record<string, (fixture: Fixture) => Step[]>> = {
  'a statement that has waited for too long is taken back alone': ({ coupons: [couponId, other] }) => [
    a((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [L], AT_NOON)),
    b((on, tx) => on.issuance.insertUserCoupons(tx, other, [D], AT_NOON)),
    b((on, tx) => on.issuance.insertUserCoupons(tx, couponId, [H, { ...L, userId: 10 }], AT_NOON)),
    lockWait,
    b((on, tx) => on.issuance.usersWithRow(tx, couponId, [10, 20, 30])),
    b((on, tx) => on.issuance.insertUserCoupons(tx, other, [H], AT_NOON)),
    commit('A'),
    commit('B'),
    x((on) => on.audit.counts(couponId)),
  ],
};
