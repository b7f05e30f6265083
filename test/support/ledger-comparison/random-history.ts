import { randomFrom } from '../random.js';
import type { NextStep } from './comparison.js';
import { AT_NOON, changed, type Fixture, hours, NEW_CODES, NEW_NUMBERS, NEW_USERS, NOON } from './fixture.js';
import type { Actor, Inside, Outside, Step } from './steps.js';

const STEPS = 30;
/** So many of a session's steps end its transaction. */
const ENDS_PERCENT = 15;

/** Steps of two transactions, and of calls outside of them, that want the same few rows; the same for the same seed. */
export function randomHistory(fixture: Fixture, seed: number): NextStep {
  const chance = new Chance(randomFrom(seed));
  let left = STEPS;
  return (waiting) => {
    left -= 1;
    return left < 0 ? undefined : nextStep(fixture, chance, waiting);
  };
}

class Chance {
  constructor(private readonly random: () => number) {}

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  isOneOf(count: number): boolean {
    return this.below(count) === 0;
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** At least one, in any order. */
  someOf<T>(values: readonly T[]): T[] {
    const some = values.filter(() => this.isOneOf(2));
    if (some.length === 0) return [this.oneOf(values)];
    return this.isOneOf(2) ? some : some.toReversed();
  }
}

function nextStep(fixture: Fixture, chance: Chance, waiting: readonly Actor[]): Step {
  const free = (['A', 'A', 'A', 'B', 'B', 'B', 'X', 'Y'] as const).filter((actor) => !waiting.includes(actor));
  const by = chance.oneOf(free);
  // Who waits has lost its connection now and then.
  if (waiting.length > 0 && chance.isOneOf(12)) {
    const lost = waiting.find((actor) => actor === 'A' || actor === 'B');
    if (lost !== undefined) return { by: lost, end: 'lose' };
  }
  if (by === 'X' || by === 'Y') return { by, outside: outsideCall(fixture, chance) };
  if (chance.below(100) < ENDS_PERCENT)
    return { by, end: chance.oneOf(['commit', 'commit', 'commit', 'rollback', 'lose']) };
  return { by, inside: insideCall(fixture, chance) };
}

function insideCall(fixture: Fixture, chance: Chance): Inside {
  const couponId = chance.oneOf(fixture.coupons);
  const anyCoupon = chance.isOneOf(10) ? fixture.missingCoupon : couponId;
  const users = chance.someOf(NEW_USERS);
  const calls: Inside[] = [
    ...many(3, writingCall(chance, couponId)),
    ...many(2, countingCall(chance, anyCoupon)),
    lockingCall(fixture, chance, anyCoupon),
    chance.oneOf<Inside>([
      (on, tx) => on.issuance.usersWithRow(tx, couponId, users),
      (on, tx) => on.issuance.failuresOf(tx, couponId, users),
      (on, tx) => on.issuance.termsOf(tx, anyCoupon),
      (on, tx) => on.lockIssuance.lookUpUser(tx, couponId, users[0] ?? 0),
      (on, tx) => on.rebuilds.greatestNumber(tx, couponId),
      (on, tx) => on.rebuilds.base(tx, anyCoupon),
      (on, tx) => on.usage.find(tx, couponId, users[0] ?? 0, NOON),
    ]),
  ];
  return chance.oneOf(calls);
}

function many<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

/** Inserts rows that others may insert too. */
function writingCall(chance: Chance, couponId: number): Inside {
  const reservations = chance.someOf(NEW_USERS).map((userId) => ({
    userId,
    sequenceNumber: chance.oneOf(NEW_NUMBERS),
    code: chance.oneOf(NEW_CODES),
  }));
  const [first = { userId: 0, sequenceNumber: 0, code: null }] = reservations;
  const failures = reservations.map(({ userId, sequenceNumber }) => {
    return { userId, sequenceNumber, reason: 'REFUSED_BY_DATABASE' as const, detail: 'of the history' };
  });
  return chance.oneOf<Inside>([
    (on, tx) => on.issuance.insertUserCoupons(tx, couponId, reservations, AT_NOON),
    (on, tx) => on.issuance.insertUserCoupons(tx, couponId, reservations, AT_NOON),
    (on, tx) => on.lockIssuance.insert(tx, { couponId, ...first, ...AT_NOON }),
    (on, tx) => on.issuance.insertFailures(tx, couponId, failures, NOON),
  ]);
}

function countingCall(chance: Chance, couponId: number): Inside {
  const change = {
    issued: chance.oneOf([0, 1, 1, 2, 5]),
    events: chance.oneOf([0, 1, 2]),
    failed: chance.oneOf([0, 0, 1]),
    late: chance.oneOf([0, 1]),
    outOfRoom: chance.isOneOf(4),
    onlyIfNoneFailed: chance.isOneOf(2),
    ...(chance.isOneOf(2) ? { lowestNumber: chance.oneOf(NEW_NUMBERS) } : {}),
  };
  const number = chance.oneOf(NEW_NUMBERS);
  return chance.oneOf<Inside>([
    (on, tx) => on.issuance.takeFromCapacity(tx, couponId, change),
    (on, tx) => on.issuance.takeFromCapacity(tx, couponId, change),
    (on, tx) => on.lockIssuance.takeFromCapacity(tx, couponId, { sequenceNumber: number, lastPosition: number }),
    (on, tx) => on.rebuilds.beginEpoch(tx, couponId),
    (on, tx) => on.rebuilds.keepSequenceBase(tx, couponId, number),
    (on, tx) => on.rebuilds.raiseSequenceBase(tx, couponId, number),
  ]);
}

function lockingCall(fixture: Fixture, chance: Chance, couponId: number): Inside {
  const order = chance.oneOf([fixture.pendingOrder, fixture.paidOrder, fixture.missingCoupon]);
  const held = chance.oneOf([fixture.userCoupon, fixture.usedUserCoupon, fixture.missingCoupon]);
  // One day is replaced: of two InnoDB locks the one's rows for the other now and then, as long as those it has deleted
  // are not purged.
  const [day, nextDay] = fixture.days;
  const before = chance.oneOf([day, nextDay]);
  const asOf = hours(chance.below(3));
  const products = chance.someOf([1, 2, 3]).map((productId, index) => {
    return { rank: index + 1, productId, productName: chance.oneOf(['Product', null]), salesCount: chance.below(9) };
  });
  const totalQuantity = 5 + chance.below(4);
  return chance.oneOf<Inside>([
    (on, tx) => on.issuance.lockCoupon(tx, couponId),
    (on, tx) => on.lockIssuance.lockCoupon(tx, couponId),
    // As a change of the definition does it: one that changes nothing is written by MySQL, and is not by MariaDB.
    async (on, tx) => {
      const coupon = await on.coupons.lock(tx, couponId);
      if (coupon !== null) await on.coupons.saveDefinition(tx, changed(coupon, { totalQuantity }));
      return coupon;
    },
    (on, tx) => on.usage.use(tx, held, NOON),
    (on, tx) => on.payments.lock(tx, order),
    (on, tx) => on.payments.markPaid(tx, order, NOON, 1),
    (on, tx) => on.cancellations.markCancelled(tx, order, hours(1)),
    (on, tx) => on.cancellations.markRefunded(tx, order, 1000, hours(1)),
    (on, tx) => on.backups.replace(tx, day, { asOf, products }),
    (on, tx) => on.backups.deleteBefore(tx, before),
  ]);
}

function outsideCall(fixture: Fixture, chance: Chance): Outside {
  const couponId = chance.oneOf(fixture.coupons);
  const users = chance.someOf(NEW_USERS);
  const epoch = chance.below(2);
  const late = chance.below(2);
  const days = fixture.days;
  return chance.oneOf<Outside>([
    ...many<Outside>(4, (on) => on.issuance.lateRowsAreKnown(couponId, epoch, late)),
    (on) => on.failures.markRetried(fixture.failure, NOON),
    (on) => on.issuance.issuedTo(couponId, users),
    (on) => on.coupons.find(couponId),
    (on) => on.coupons.findMany(fixture.coupons),
    (on) => on.ledger.usersAfter(couponId, 10, 5),
    (on) => on.ledger.rowsBetween(couponId, 5, 30, 3),
    (on) => on.ledger.greatestNumbers(fixture.coupons),
    (on) => on.ledger.countRows(couponId),
    (on) => on.ledger.findLatestFailure(couponId, users[0] ?? 0),
    (on) => on.audit.counts(couponId),
    (on) => on.failures.findPage(couponId, { cursor: undefined, limit: 3 }),
    (on) => on.backups.find(days[0]),
    (on) => on.backups.backedUpAt(days),
  ]);
}
