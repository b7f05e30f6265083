import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Clock } from '../../platform/clock.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { MetricsText } from './metrics-text.js';

const registry = new MetricsRegistry();
const write = jest.spyOn(registry, 'metrics');

beforeEach(() => {
  jest.useFakeTimers();
  write.mockReset().mockResolvedValue('the_metrics 1\n');
});

afterEach(() => {
  jest.useRealTimers();
});

it('is written once a second, for all who read it', async () => {
  const text = new MetricsText(registry, new Clock());
  const [first, second] = await Promise.all([text.read(), text.read()]);
  jest.advanceTimersByTime(999);
  expect([second, await text.read()]).toEqual([first, first]);
  expect(write).toHaveBeenCalledTimes(1);

  jest.advanceTimersByTime(1);
  const later = await text.read();
  expect(write).toHaveBeenCalledTimes(2);
  expect(later).not.toBe(first);
  expect(later).toMatch(/^# Written at \d{4}-\S+Z, at most once a second\nthe_metrics 1\n$/);
});

it('is written anew after a failure', async () => {
  const text = new MetricsText(registry, new Clock());
  write.mockRejectedValueOnce(new Error('a gauge'));
  await expect(text.read()).rejects.toThrow('a gauge');
  expect(await text.read()).toContain('the_metrics 1');
});
