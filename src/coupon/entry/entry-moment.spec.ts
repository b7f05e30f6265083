import { describe, expect, it } from '@jest/globals';
import { entryMoment } from './entry-moment.js';

const SEED = Buffer.alloc(32, 7);
const STARTS_AT = Date.parse('2026-11-20T09:00:00Z');
const WINDOW = { startsAt: STARTS_AT, expiresAt: STARTS_AT + 86_400_000, entrySpreadSeconds: 10 };

const momentsOf = (users: number, seed = SEED, window = WINDOW) =>
  Array.from({ length: users }, (_, index) => entryMoment(seed, index + 1, window) - window.startsAt);

describe('entryMoment', () => {
  it('is of the user and of the seed: the same each time, and another with another seed', () => {
    // Made by another program: HMAC-SHA256 of "1042", its first 48 bits modulo 10,000.
    expect(entryMoment(SEED, 1042, WINDOW)).toBe(STARTS_AT + 8_547);
    expect(momentsOf(100)).toEqual(momentsOf(100));
    const inBoth = momentsOf(100).filter((moment, index) => momentsOf(100, Buffer.alloc(32, 8))[index] === moment);
    expect(inBoth.length).toBeLessThan(5);
  });

  it('moves with the start', () => {
    const moved = { ...WINDOW, startsAt: STARTS_AT + 5_000 };
    expect(momentsOf(100, SEED, moved)).toEqual(momentsOf(100));
  });

  it('spreads ten thousand users evenly over the seconds, to the millisecond', () => {
    const moments = momentsOf(10_000);
    const perSecond = Array.from({ length: 10 }, (_, second) =>
      moments.filter((at) => Math.floor(at / 1000) === second),
    );
    // Of 1000 that are expected 30 more or less are usual; the users and the seed of this test are always the same.
    for (const { length } of perSecond) expect(Math.abs(length - 1_000)).toBeLessThan(120);
    const perEnding = Array.from({ length: 10 }, (_, ending) => moments.filter((at) => at % 10 === ending));
    for (const { length } of perEnding) expect(Math.abs(length - 1_000)).toBeLessThan(120);
    expect(new Set(moments).size).toBeGreaterThan(6_000);
  });

  it('does not depend on the order of the ids: neighbours are no neighbours in time', () => {
    const moments = momentsOf(1_000);
    const later = moments.filter((at, index) => at > (moments[index - 1] ?? Infinity));
    expect(Math.abs(later.length - 500)).toBeLessThan(80);
  });

  it('is the start itself without a spread, and within the window where that is shorter', () => {
    expect(new Set(momentsOf(100, SEED, { ...WINDOW, entrySpreadSeconds: 0 }))).toEqual(new Set([0]));
    const short = { ...WINDOW, expiresAt: STARTS_AT + 50 };
    expect(Math.max(...momentsOf(1_000, SEED, short))).toBe(49);
    expect(Math.min(...momentsOf(1_000, SEED, short))).toBe(0);
  });
});
