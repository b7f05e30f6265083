import { expect } from '@jest/globals';
import { eventually } from './poll.js';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** One look at /metrics of an application. */
export class Scrape {
  private constructor(
    readonly text: string,
    private readonly samples: readonly Sample[],
  ) {}

  /** What the metrics say now: where `/metrics` is written once in a while, it may have to be read again. */
  static async of(app: { readonly url: string }): Promise<Scrape> {
    const askedAt = Date.now();
    return await eventually(async () => {
      const scrape = await Scrape.latestOf(app);
      expect(scrape.writtenAt).toBeGreaterThanOrEqual(askedAt);
      return scrape;
    });
  }

  /** What `/metrics` says, which may be as old as `metrics.writeIntervalMs`. */
  static async latestOf({ url }: { readonly url: string }): Promise<Scrape> {
    const text = await (await fetch(`${url}/metrics`)).text();
    return new Scrape(text, text.split('\n').flatMap(parseLine));
  }

  /** In ms since 1970. */
  get writtenAt(): number {
    return Date.parse(/^# Written at (\S+)$/m.exec(this.text)?.[1] ?? '');
  }

  /** The names after which one can ask Prometheus, those of a histogram's parts too. */
  get names(): Set<string> {
    const declared = [...this.text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
    );
    return new Set(declared);
  }

  /** All samples of this name that carry these labels. */
  all(name: string, labels: Labels = {}): Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** All samples of this name that carry these labels, added up; 0 where there are none. */
  sum(name: string, labels: Labels = {}): number {
    return this.all(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** The one sample with these labels, or undefined. @throws Error when there are several */
  value(name: string, labels: Labels = {}): number | undefined {
    const found = this.all(name, labels);
    if (found.length > 1) throw new Error(`${name} with ${JSON.stringify(labels)} is there ${found.length} times`);
    return found[0]?.value;
  }
}

/** Looks again and again until the expectation holds. */
export async function eventuallyShows(
  app: { readonly url: string },
  expectation: (scrape: Scrape) => void,
): Promise<void> {
  await eventually(async () => expectation(await Scrape.latestOf(app)));
}

function parseLine(line: string): Sample[] {
  const [, name = '', labels = '', value = ''] = /^([a-z_][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
  if (name === '') return [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]);
  return [{ name, labels: Object.fromEntries(pairs) as Labels, value: Number(value) }];
}
