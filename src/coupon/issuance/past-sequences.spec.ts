import { describe, expect, it } from '@jest/globals';
import { PastSequences } from './past-sequences.js';

describe('the past of a sequence', () => {
  it('takes what a sweep has seen for overdue at the next one where nothing is on its way elsewhere', () => {
    const none = new PastSequences(0);
    expect(none.overdueUpTo(100)).toBe(0);
    const first = none.and(5, 100);
    expect(first.overdueUpTo(100)).toBe(5);
    const second = first.and(9, 101);
    expect(second.overdueUpTo(101)).toBe(9);
  });

  it('leaves alone what is younger than that, sweep after sweep', () => {
    let past = new PastSequences(1_000);
    const overdue: number[] = [];
    for (let now = 0; now <= 2_000; now += 250) {
      overdue.push(past.overdueUpTo(now));
      past = past.and(now / 10, now);
    }
    expect(overdue).toEqual([0, 0, 0, 0, 0, 25, 50, 75, 100]);
  });

  it('forgets no number, and keeps few of them, however often it is asked', () => {
    let past = new PastSequences(1_600);
    for (let now = 0; now < 16_000; now += 1) past = past.and(now, now);
    const overdue = past.overdueUpTo(16_000);
    expect(overdue).toBeLessThanOrEqual(14_400);
    expect(overdue).toBeGreaterThan(14_400 - 2 * (1_600 / 16));
    expect(JSON.stringify(past).match(/"at"/g)?.length).toBeLessThan(20);
  });
});
