import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Intervals } from './intervals.js';

describe('Intervals', () => {
  let intervals: Intervals;
  const scheduler = new SchedulerRegistry();
  const run = jest.fn<() => Promise<void>>();

  beforeEach(() => {
    jest.useFakeTimers();
    run.mockReset().mockResolvedValue();
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    intervals = new Intervals(scheduler);
  });

  afterEach(() => {
    intervals.onModuleDestroy();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('calls at every interval, and now only when told so', async () => {
    intervals.every('later', 100, run);
    await jest.advanceTimersByTimeAsync(99);
    expect(run).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(201);
    expect(run).toHaveBeenCalledTimes(3);

    intervals.every('now', 100, run, { atOnce: true });
    expect(run).toHaveBeenCalledTimes(4);
  });

  it('never calls again before the call before has ended', async () => {
    const ends: Array<() => void> = [];
    run.mockImplementationOnce(async () => await new Promise((resolve) => ends.push(resolve)));
    intervals.every('slow', 100, run, { atOnce: true });
    await jest.advanceTimersByTimeAsync(350);
    expect(run).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await jest.advanceTimersByTimeAsync(100);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('draws each wait anew, a tenth shorter or longer at most', async () => {
    jest.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(1);
    intervals.every('uneven', 1000, run);
    const callsAfter = async (ms: number) => {
      await jest.advanceTimersByTimeAsync(ms);
      return run.mock.calls.length;
    };
    expect([await callsAfter(899), await callsAfter(1)]).toEqual([0, 1]);
    expect([await callsAfter(1099), await callsAfter(1)]).toEqual([1, 2]);
    expect([await callsAfter(999), await callsAfter(1)]).toEqual([2, 3]);
  });

  it('ends with the application', async () => {
    intervals.every('ended', 100, run);
    intervals.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(1000);
    expect(run).not.toHaveBeenCalled();
    expect(scheduler.doesExist('timeout', 'ended')).toBe(false);
  });
});
