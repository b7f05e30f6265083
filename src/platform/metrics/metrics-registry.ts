import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { HotHistogram } from './hot-histogram.js';

/** Values by the text of a label. */
type Series = Iterable<readonly [text: string | number, value: number]>;

/**
 * Where every module registers its metrics, and what /metrics shows. One for each application, so that tests may run
 * several. What a method with `Func` in its name registers is computed whenever it is read.
 */
@Injectable()
export class MetricsRegistry extends Registry {
  /** The `known` texts of the label are shown as 0 from the start, so that the first one counted is an increase. */
  counter<Label extends string = string>(name: string, help: string, label?: Label, known: readonly string[] = []) {
    const counter = new Counter({ name, help, labelNames: label ? [label] : [], registers: [this] });
    for (const text of known) counter.labels(text).inc(0);
    return counter;
  }

  counterFuncBy(name: string, help: string, label: string, series: () => Series): void {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this],
      collect: () => {
        counter.reset();
        for (const [text, value] of series()) counter.inc({ [label]: text }, value);
      },
    });
  }

  gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return new Gauge({ name, help, labelNames, registers: [this] });
  }

  gaugeFunc(name: string, help: string, value: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this], collect: () => gauge.set(value()) });
  }

  gaugeFuncBy(name: string, help: string, label: string, series: () => Series): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this],
      collect: () => {
        gauge.reset();
        for (const [text, value] of series()) gauge.set({ [label]: text }, value);
      },
    });
  }

  histogram<Label extends string = string>(name: string, help: string, buckets: number[], labelNames: Label[] = []) {
    return new Histogram({ name, help, buckets, labelNames, registers: [this] });
  }

  hotHistogram(name: string, help: string, buckets: readonly number[]): HotHistogram {
    const histogram = new HotHistogram(name, help, buckets);
    // The registry needs of a metric no more than its name and `get`.
    this.registerMetric(histogram as unknown as Histogram);
    return histogram;
  }
}
