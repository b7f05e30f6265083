import { describe, expect, it, jest } from '@jest/globals';
import { SingleFlight } from './single-flight.js';

describe('SingleFlight', () => {
  it('does the work once for all who ask meanwhile, key by key, and anew afterwards', async () => {
    const flights = new SingleFlight<string, number>();
    const work = jest.fn<() => Promise<number>>();
    work.mockResolvedValueOnce(1).mockResolvedValueOnce(2).mockResolvedValueOnce(3);
    expect(flights.has('a')).toBe(false);
    const shared = [flights.run('a', work), flights.run('a', work), flights.run('b', work)];
    expect(flights.has('a')).toBe(true);
    expect(await Promise.all(shared)).toEqual([1, 1, 2]);
    expect(flights.has('a')).toBe(false);
    expect(await flights.run('a', work)).toBe(3);
  });

  it('shares a failure too, and does not remember it', async () => {
    const flights = new SingleFlight<string, number>();
    const work = jest.fn<() => Promise<number>>().mockRejectedValueOnce(new Error('away')).mockResolvedValue(1);
    const outcomes = await Promise.allSettled([flights.run('a', work), flights.run('a', work)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', work)).toBe(1);
  });
});
