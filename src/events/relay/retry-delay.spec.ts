import { afterEach, expect, it, jest } from '@jest/globals';
import { retryDelayMs } from './retry-delay.js';

afterEach(() => {
  jest.restoreAllMocks();
});

it('waits a second, then twice as long each time, up to an hour', () => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
  expect([0, 1, 2, 3, 10, 11, 12, 100].map((failures) => retryDelayMs(failures))).toEqual([
    1000, 2000, 4000, 8000, 1_024_000, 2_048_000, 3_600_000, 3_600_000,
  ]);
});

it('waits up to a quarter longer, but not longer than an hour', () => {
  jest.spyOn(Math, 'random').mockReturnValue(1);
  expect([0, 1, 12].map((failures) => retryDelayMs(failures))).toEqual([1250, 2500, 3_600_000]);
});
