interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The observations under one set of labels. What measures each request keeps it and never looks it up again. */
export class HotSeries {
  private readonly counts: Float64Array;
  private sum = 0;

  constructor(
    private readonly upperBounds: readonly number[],
    private readonly labels: Readonly<Record<string, string>>,
  ) {
    this.counts = new Float64Array(upperBounds.length + 1);
  }

  observe(value: number): void {
    const { upperBounds } = this;
    // From below: nearly everything is fast, and ends at one of the first bounds.
    let index = 0;
    while (index < upperBounds.length && value > (upperBounds[index] as number)) index += 1;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sum += value;
  }

  /** How many values were observed. */
  get count(): number {
    return this.counts.reduce((total, count) => total + count, 0);
  }

  /** As the text format wants it: cumulative buckets, sum, count. */
  values(name: string): Line[] {
    const { labels } = this;
    let count = 0;
    const buckets = Array.from(this.counts, (inBucket, index) => {
      count += inBucket;
      const le = this.upperBounds[index] ?? '+Inf';
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

/**
 * A histogram for what happens with each request. prom-client's own hashes and checks the labels of every value; this
 * one resolves them once ({@link series}), after which a value costs two additions.
 */
export class HotHistogram {
  private readonly known: HotSeries[] = [];

  /** `buckets` are upper bounds, the lowest first. */
  constructor(
    readonly name: string,
    private readonly help: string,
    private readonly buckets: readonly number[],
  ) {}

  /** A new series, shown from now on. For whoever keeps it: asked twice for the same labels there would be two. */
  series(labels: Readonly<Record<string, string>> = {}): HotSeries {
    const series = new HotSeries(this.buckets, labels);
    this.known.push(series);
    return series;
  }

  /** Called by the registry. */
  async get() {
    const { name, help } = this;
    const values = this.known.flatMap((series) => series.values(name));
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}
