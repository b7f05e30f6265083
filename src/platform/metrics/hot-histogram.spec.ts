import { describe, expect, it } from '@jest/globals';
import { Histogram } from 'prom-client';
import { HotHistogram } from './hot-histogram.js';
import { MetricsRegistry } from './metrics-registry.js';

const BUCKETS = [0.001, 0.01, 0.1];
const VALUES = [0, 0.001, 0.0011, 0.05, 0.1, 0.100001, 7];

describe('HotHistogram', () => {
  it('is shown exactly as the histogram of prom-client would be', async () => {
    const [registry, theirs] = [new MetricsRegistry(), new MetricsRegistry()];
    const named = { name: 'waiting_seconds', help: 'How long' };
    const hot = new HotHistogram({ ...named, buckets: BUCKETS, registry });
    const plain = new Histogram({ ...named, buckets: BUCKETS, labelNames: ['who'], registers: [theirs] });

    const [a, b] = [hot.series({ who: 'a' }), hot.series({ who: 'b' })];
    for (const value of VALUES) {
      a.observe(value);
      plain.observe({ who: 'a' }, value);
    }
    b.observe(0.02);
    plain.observe({ who: 'b' }, 0.02);

    expect(await registry.metrics()).toBe(await theirs.metrics());
    expect([a.count, b.count]).toEqual([VALUES.length, 1]);
  });

  it('has no line before there is a series', async () => {
    const registry = new MetricsRegistry();
    const hot = new HotHistogram({ name: 'x_seconds', help: 'x', buckets: BUCKETS, registry });
    expect(await registry.metrics()).not.toContain('x_seconds_count');
    hot.series();
    expect(await registry.metrics()).toContain('x_seconds_count 0');
  });
});
