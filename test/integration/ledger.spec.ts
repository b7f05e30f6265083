import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import type { Decision, Ledger } from '../../src/coupon/issuance/ledger.service.js';
import { CouponCodeGenerator } from '../../src/coupon/issuance/coupon-code.js';
import { openDatabase, openDataSource, type TestDatabase } from '../support/database.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { insertCoupon, ledgerOn } from '../support/ledger-coupons.js';
import { countEach } from '../support/tally.js';
import { newUserIds } from '../support/unique-ids.js';

const REFUSAL = new Error('a row that this instance could not write');

let database: TestDatabase;
let dataSource: DataSource;
/** Two instances: each with a pool of its own. */
let one: Ledger;
let other: Ledger;

beforeAll(async () => {
  database = openDatabase();
  dataSource = await openDataSource();
  one = ledgerOn(dataSource);
  other = ledgerOn(await openDataSource());
});

/** New users, numbered from 1. */
function reservations(count: number): Reservation[] {
  return newUserIds(count).map((userId, index) => ({ userId, sequenceNumber: index + 1 }));
}

/** How the ledger says that the reservation ended: 'ISSUED', or the reason of its failure. */
function outcomeOf({ issued, failed }: Decision, { userId, sequenceNumber }: Reservation): string {
  const isIt = (each: Reservation) => each.userId === userId && each.sequenceNumber === sequenceNumber;
  const outcomes = [...issued.filter(isIt).map(() => 'ISSUED'), ...failed.filter(isIt).map(({ reason }) => reason)];
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as string;
}

/** What is recorded of each reservation: a row, a failure, both or neither. */
async function recorded(couponId: number, made: readonly Reservation[]): Promise<string[]> {
  const rows = new Set((await database.userCoupons(couponId)).map(({ sequenceNumber }) => sequenceNumber));
  const failures = await database.rows<{ number: number; reason: string }>(
    'SELECT sequence_number AS number, reason FROM issuance_failures WHERE coupon_id = ?',
    [couponId],
  );
  const reasonOf = new Map(failures.map(({ number, reason }) => [number, reason]));
  return made.map(({ sequenceNumber: number }) =>
    [rows.has(number) ? 'ISSUED' : [], reasonOf.get(number) ?? []].flat().join(' and '),
  );
}

describe('two instances that decide about the same reservation at the same time', () => {
  it('one to issue and one to fail it: it ends once, and both say the same for ever', async () => {
    const made = reservations(200);
    const couponId = await insertCoupon(dataSource, { total_quantity: made.length });
    await inParallel(
      made,
      async (reservation) => {
        const issue = () => one.decide(couponId, [reservation]);
        const fail = () => other.refuse(couponId, reservation, REFUSAL);
        // Both ways are taken however the races end: to prove anything they must be.
        const { sequenceNumber } = reservation;
        const [ways, atOnce] =
          sequenceNumber % 10 === 0
            ? [sequenceNumber % 20 === 0 ? [fail, issue] : [issue, fail], 1]
            : [shuffled([issue, fail]), 2];
        const decisions = await inParallel(ways, (decide) => decide(), atOnce);
        const outcomes = decisions.map((decision) => outcomeOf(decision, reservation));
        expect(new Set(outcomes).size).toBe(1);

        const again = [await other.decide(couponId, [reservation]), await one.refuse(couponId, reservation, REFUSAL)];
        expect(again.map((decision) => outcomeOf(decision, reservation))).toEqual(outcomes);
      },
      4,
    );
    const outcomes = countEach(await recorded(couponId, made));
    expect(Object.keys(outcomes).sort()).toEqual(['ISSUED', 'REFUSED_BY_DATABASE']);
    expect(await database.couponCounts(couponId)).toEqual({
      totalQuantity: made.length,
      issuedQuantity: outcomes['ISSUED'],
      failedQuantity: outcomes['REFUSED_BY_DATABASE'],
    });
  });

  it('in overlapping batches: each is issued once, never more than the total, and both give the same answers', async () => {
    for (let round = 0; round < 20; round += 1) {
      const made = reservations(60);
      const couponId = await insertCoupon(dataSource, { total_quantity: 40 });
      const batches = [made.slice(0, 45), made.slice(15), shuffled(made)];
      await Promise.all(batches.map((batch, index) => (index % 2 === 0 ? one : other).decide(couponId, batch)));

      const [first, second] = [await one.decide(couponId, made), await other.decide(couponId, made)];
      const told = made.map((reservation) => outcomeOf(first, reservation));
      expect(made.map((reservation) => outcomeOf(second, reservation))).toEqual(told);
      expect(await recorded(couponId, made)).toEqual(told);
      expect(countEach(told)).toEqual({ ISSUED: 40, SOLD_OUT_IN_LEDGER: 20 });
      expect(await database.couponCounts(couponId)).toMatchObject({ issuedQuantity: 40, failedQuantity: 20 });
    }
  });
});

describe('a decision', () => {
  it('gives what room there is to the lowest numbers, in whatever order they are handed in', async () => {
    const made = reservations(10);
    const couponId = await insertCoupon(dataSource, { total_quantity: 4 });
    const { issued, failed } = await one.decide(couponId, shuffled(made));
    expect([...issued].sort((a, b) => a.sequenceNumber - b.sequenceNumber)).toEqual(made.slice(0, 4));
    expect(failed).toMatchObject(made.slice(4).map((each) => ({ ...each, reason: 'SOLD_OUT_IN_LEDGER' })));
  });

  it('to fail stands when there is room later; a new number of the same user is a new reservation', async () => {
    const [reservation] = reservations(1) as [Reservation];
    const couponId = await insertCoupon(dataSource, { total_quantity: 0 });
    expect(outcomeOf(await one.decide(couponId, [reservation]), reservation)).toBe('SOLD_OUT_IN_LEDGER');
    await database.change('UPDATE coupons SET total_quantity = 1 WHERE id = ?', [couponId]);
    expect(outcomeOf(await other.decide(couponId, [reservation]), reservation)).toBe('SOLD_OUT_IN_LEDGER');

    const retried = { ...reservation, sequenceNumber: 2 };
    // The failure stands in the ledger. But the user holds the slot now, so nothing of theirs may be released any more.
    expect(await one.decide(couponId, [reservation, retried])).toEqual({ issued: [reservation, retried], failed: [] });
    expect(await recorded(couponId, [reservation, retried])).toEqual(['SOLD_OUT_IN_LEDGER', 'ISSUED']);
  });

  it('never writes a second row for a user who has one under another number', async () => {
    const [first] = reservations(1) as [Reservation];
    const couponId = await insertCoupon(dataSource);
    await one.decide(couponId, [first, { ...first, sequenceNumber: 2 }]);
    await other.decide(couponId, [{ ...first, sequenceNumber: 3 }]);
    expect(await database.userCoupons(couponId)).toMatchObject([first]);
    expect(await database.couponCounts(couponId)).toMatchObject({ issuedQuantity: 1, failedQuantity: 0 });
  });

  it('that cannot be written as a whole leaves nothing behind', async () => {
    class SameCode extends CouponCodeGenerator {
      override draw(): string {
        return 'SAME';
      }
    }
    const couponId = await insertCoupon(dataSource, { code_format: 'alphanumeric', total_quantity: 3 });
    const made = reservations(5);
    await expect(ledgerOn(dataSource, { codes: new SameCode() }).decide(couponId, made)).rejects.toThrow(
      'Duplicate entry',
    );
    expect(await recorded(couponId, made)).toEqual(made.map(() => ''));
    expect(await database.couponCounts(couponId)).toMatchObject({ issuedQuantity: 0, failedQuantity: 0 });
  });
});
