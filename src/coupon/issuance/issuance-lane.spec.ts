import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Reservation } from '../reservation/reservation.js';
import { IssuanceLane, rangeOf } from './issuance-lane.js';

const numbered = (...numbers: number[]): Reservation[] =>
  numbers.map((sequenceNumber) => ({ userId: 1000 + sequenceNumber, sequenceNumber, reservedAt: 0 }));

describe('IssuanceLane', () => {
  let lane: IssuanceLane;

  beforeEach(() => {
    lane = new IssuanceLane(7);
    for (const [index, reservation] of numbered(4, 2, 3).entries()) lane.add(reservation, 100 + index);
  });

  it('gives out what it holds in the order in which it came, and holds it until it is done', () => {
    const batch = lane.take(2);
    expect(batch.map(({ sequenceNumber }) => sequenceNumber)).toEqual([4, 2]);
    expect([lane.length, lane.size, lane.holds(4)]).toEqual([1, 3, true]);
    expect(lane.submissionsOf(batch)).toEqual([100, 101]);
    expect(lane.done([...batch, ...numbered(9)])).toBe(2);
    expect([lane.length, lane.size, lane.holds(4)]).toEqual([1, 1, false]);
  });

  it('is not idle while it has left something, and remembers between which numbers', () => {
    lane.done(lane.take(3));
    expect(lane.isIdle()).toBe(true);
    lane.leave({ first: 20, last: 30 });
    lane.leave({ first: 5, last: 7 });
    lane.leave({ first: 25, last: 26 });
    expect([lane.isIdle(), lane.hasLeft]).toEqual([false, true]);
    expect(lane.takeLeft()).toEqual({ first: 5, last: 30 });
    expect([lane.isIdle(), lane.hasLeft, lane.takeLeft()]).toEqual([true, false, undefined]);
  });
});

describe('rangeOf', () => {
  it('is from the lowest to the highest number', () => {
    expect(rangeOf(numbered(4, 2, 3))).toEqual({ first: 2, last: 4 });
    expect(rangeOf([])).toBeUndefined();
  });
});
