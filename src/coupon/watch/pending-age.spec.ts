import { describe, expect, it } from '@jest/globals';
import { PendingAge } from './pending-age.js';

describe('PendingAge', () => {
  it('is the time since the number was first seen to be given out', () => {
    const age = new PendingAge();
    age.look(10, undefined, 1000);
    age.look(20, 15, 2000);
    age.look(20, 15, 3000);
    age.look(35, 15, 4000);

    expect(age.of(15, 5000)).toBe(3000);
    expect(age.of(20, 5000)).toBe(3000);
    expect(age.of(21, 5000)).toBe(1000);
    expect(age.of(35, 5000)).toBe(1000);
  });

  it('counts from the first look for what was pending before', () => {
    const age = new PendingAge();
    age.look(500, 3, 1000);
    age.look(500, 3, 61_000);
    expect(age.of(3, 61_000)).toBe(60_000);
  });

  it('does not start anew when the older ones are confirmed and younger ones stay', () => {
    const age = new PendingAge();
    age.look(10, 1, 1000);
    age.look(20, 1, 2000);
    age.look(20, 12, 30_000);
    expect(age.of(12, 30_000)).toBe(28_000);
  });

  it('is 0 for a number that was not given out', () => {
    const age = new PendingAge();
    expect(age.of(1, 1000)).toBe(0);
    age.look(10, undefined, 1000);
    expect(age.of(11, 2000)).toBe(0);
  });

  it('goes on above the gap that a rebuild leaves', () => {
    const age = new PendingAge();
    age.look(10, 9, 1000);
    age.look(1010, 9, 5000);
    expect(age.of(9, 6000)).toBe(5000);
    expect(age.of(1001, 6000)).toBe(1000);
  });

  it('stays small, and keeps the oldest exact, in an outage of a day', () => {
    const age = new PendingAge();
    const looks = 17_280;
    for (let look = 1; look <= looks; look += 1) age.look(look * 100, 1, look * 5000);
    const now = looks * 5000;
    expect(age.of(1, now)).toBe(now - 5000);
    expect(JSON.stringify(age).length).toBeLessThan(100_000);
    // The others are never too old, and short by little.
    const truth = now - 5000 * (looks / 2);
    expect(age.of((looks / 2) * 100, now)).toBeLessThanOrEqual(truth);
    expect(age.of((looks / 2) * 100, now)).toBeGreaterThan(truth * 0.98);
  });
});
