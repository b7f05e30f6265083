import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogLimit } from './log-limit.js';

describe('LogLimit', () => {
  let lines: string[];
  let limit: LogLimit;

  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    limit = new LogLimit({ lines: 2, intervalMs: 1000 }, (count) => lines.push(`${count} left out`));
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function writeAll(...names: string[]): void {
    for (const name of names) limit.write(() => lines.push(name));
  }

  it('writes the first of an interval and says how many more there were', () => {
    writeAll('a', 'b', 'c', 'd', 'e');
    expect(lines).toEqual(['a', 'b']);
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual(['a', 'b', '3 left out']);
  });

  it('begins anew with the next interval, and adds nothing when nothing was left out', () => {
    writeAll('a');
    jest.advanceTimersByTime(1000);
    writeAll('b', 'c');
    jest.advanceTimersByTime(5000);
    expect(lines).toEqual(['a', 'b', 'c']);
  });
});
