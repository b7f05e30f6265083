import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Clock } from '../../platform/clock.js';
import type { Config } from '../../platform/config/config.schema.js';
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

function textWrittenEvery(writeIntervalMs: number): MetricsText {
  return new MetricsText(registry, new Clock(), { metrics: { writeIntervalMs } } as Config);
}

it('is written once per interval, for all who read it', async () => {
  const text = textWrittenEvery(1_000);
  const [first, second] = await Promise.all([text.read(), text.read()]);
  jest.advanceTimersByTime(999);
  expect([second, await text.read()]).toEqual([first, first]);
  expect(write).toHaveBeenCalledTimes(1);

  jest.advanceTimersByTime(1);
  const later = await text.read();
  expect(write).toHaveBeenCalledTimes(2);
  expect(later).not.toBe(first);
  expect(later).toMatch(/^# Written at \d{4}-\S+Z\nthe_metrics 1\n$/);
});

it('is written anew after a failure', async () => {
  const text = textWrittenEvery(1_000);
  write.mockRejectedValueOnce(new Error('a gauge'));
  await expect(text.read()).rejects.toThrow('a gauge');
  expect(await text.read()).toContain('the_metrics 1');
});
