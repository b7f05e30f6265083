import type { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import type { Latency } from './snapshot.js';

/** How many were counted up to each upper bound (in seconds), the lowest bound first. */
export type Buckets = ReadonlyArray<readonly [bound: number, count: number]>;

const NONE: Latency = { p50: null, p99: null };

/** What a histogram of the registry has been told since it was last asked. */
export class LatencyWindow {
  private before: Buckets = [];

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly histogram: string,
  ) {}

  /** In ms, as exact as the histogram's buckets; null where nothing was observed. */
  async sinceLastTime(): Promise<Latency> {
    const buckets = await this.read();
    const added = difference(buckets, this.before);
    this.before = buckets;
    const [p50, p99] = [quantile(added, 0.5), quantile(added, 0.99)];
    return p50 === undefined || p99 === undefined ? NONE : { p50: inMs(p50), p99: inMs(p99) };
  }

  private async read(): Promise<Buckets> {
    const found = await this.registry.getSingleMetric(this.histogram)?.get();
    const counts = new Map<number, number>();
    for (const { labels, value } of found?.values ?? []) {
      const { le } = labels as { le?: number | string };
      if (le === undefined) continue;
      const bound = Number(le === '+Inf' ? Infinity : le);
      counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
    return [...counts].sort(([a], [b]) => a - b);
  }
}

/** As Prometheus reckons it: evenly spread within a bucket; what is beyond the last bound counts as that bound. */
export function quantile(buckets: Buckets, share: number): number | undefined {
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  const wanted = share * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= wanted)
      return bound === Infinity ? lower : lower + ((bound - lower) * (wanted - below)) / (count - below);
    [lower, below] = [bound, count];
  }
  return lower;
}

function difference(buckets: Buckets, before: Buckets): Buckets {
  const counts = new Map(before);
  return buckets.map(([bound, count]) => [bound, count - (counts.get(bound) ?? 0)]);
}

function inMs(seconds: number): number {
  return Math.round(seconds * 100_000) / 100;
}
