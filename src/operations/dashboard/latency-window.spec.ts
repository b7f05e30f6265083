import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { LatencyWindow, quantile } from './latency-window.js';

const NAME = 'test_duration_seconds';

describe('quantile', () => {
  it.each([
    [
      'the middle of the one bucket',
      [
        [0.01, 0],
        [0.02, 100],
        [Infinity, 100],
      ],
      0.5,
      0.015,
    ],
    [
      'the end of a bucket',
      [
        [0.01, 50],
        [0.02, 100],
        [Infinity, 100],
      ],
      0.5,
      0.01,
    ],
    [
      'within the slow ones',
      [
        [0.01, 98],
        [0.1, 100],
        [Infinity, 100],
      ],
      0.99,
      0.055,
    ],
    [
      'beyond the last bound',
      [
        [0.01, 0],
        [Infinity, 100],
      ],
      0.99,
      0.01,
    ],
    [
      'nothing',
      [
        [0.01, 0],
        [Infinity, 0],
      ],
      0.5,
      undefined,
    ],
    ['no buckets', [], 0.5, undefined],
  ] as const)('is %s', (_name, buckets, share, expected) => {
    expect(quantile(buckets, share)).toEqual(expected === undefined ? undefined : expect.closeTo(expected, 10));
  });
});

describe('a latency window', () => {
  it('has what was observed since the last time, over all labels, in ms', async () => {
    const registry = new MetricsRegistry();
    const histogram = registry.histogram(NAME, '-', [0.01, 0.02], ['result']);
    const window = new LatencyWindow(registry, NAME);
    expect(await window.sinceLastTime()).toEqual({ p50: null, p99: null });
    histogram.observe({ result: 'a' }, 0.005);
    histogram.observe({ result: 'b' }, 0.006);
    expect(await window.sinceLastTime()).toEqual({ p50: 5, p99: 9.9 });
    histogram.observe({ result: 'a' }, 0.015);
    expect(await window.sinceLastTime()).toEqual({ p50: 15, p99: 19.9 });
    expect(await window.sinceLastTime()).toEqual({ p50: null, p99: null });
  });

  it('has nothing where there is no such histogram', async () => {
    expect(await new LatencyWindow(new MetricsRegistry(), NAME).sinceLastTime()).toEqual({ p50: null, p99: null });
  });
});
