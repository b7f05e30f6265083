import { describe, expect, it } from '@jest/globals';
import { retryAfterSeconds } from './retry-after.js';

describe('retryAfterSeconds', () => {
  it.each([
    [8_000, 0, 8],
    [8_000, 0.5, 9],
    [8_000, 0.999_999, 10],
    [1, 0, 1],
    [0, 0.999_999, 1],
    [900, 0, 1],
  ])('of %i ms with the chance %d is %i s', (leftMs, random, seconds) => {
    expect(retryAfterSeconds(leftMs, random)).toBe(seconds);
  });

  it('is never less than what is left, and a quarter more at most', () => {
    const drawn = Array.from({ length: 1_000 }, () => retryAfterSeconds(100_000));
    for (const seconds of drawn) {
      expect(seconds).toBeGreaterThanOrEqual(100);
      expect(seconds).toBeLessThanOrEqual(125);
    }
    expect(new Set(drawn).size).toBeGreaterThan(5);
  });
});
