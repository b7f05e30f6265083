import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from './metrics-registry.js';

const BUCKETS = [0.001, 0.01, 0.1];
const VALUES = [0, 0.001, 0.0011, 0.05, 0.1, 0.100001, 7];

describe('HotHistogram', () => {
  it('is shown exactly as the histogram of prom-client would be', async () => {
    const [registry, theirs] = [new MetricsRegistry(), new MetricsRegistry()];
    const hot = registry.hotHistogram('waiting_seconds', 'How long', BUCKETS);
    const plain = theirs.histogram('waiting_seconds', 'How long', BUCKETS, ['who']);

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
    const hot = registry.hotHistogram('x_seconds', 'x', BUCKETS);
    expect(await registry.metrics()).not.toContain('x_seconds_count');
    hot.series();
    expect(await registry.metrics()).toContain('x_seconds_count 0');
  });
});
