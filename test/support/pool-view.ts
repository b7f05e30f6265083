import { Scrape } from './metrics.js';

/** What an application says of its connections in `/metrics`. */
interface PoolView {
  readonly active: number | undefined;
  readonly idle: number | undefined;
  readonly waiting: number | undefined;
  readonly limit: number | undefined;
  readonly peakActive: number | undefined;
  readonly acquireTimeouts: number | undefined;
}

export async function poolOf(app: { readonly url: string }): Promise<PoolView> {
  const scrape = await Scrape.of(app);
  const value = (name: string, labels?: Record<string, string>) =>
    scrape.value(`firstcome_database_pool_${name}`, labels);
  return {
    active: value('connections', { state: 'active' }),
    idle: value('connections', { state: 'idle' }),
    waiting: value('connections', { state: 'waiting' }),
    limit: value('limit'),
    peakActive: value('peak_active'),
    acquireTimeouts: value('acquire_timeouts_total'),
  };
}

/** What a class of callers has of the connections, and how many of them are in line for one. */
export async function classOf(
  app: { readonly url: string },
  name: string,
): Promise<{ active: number | undefined; waiting: number | undefined }> {
  const scrape = await Scrape.of(app);
  const value = (metric: string) => scrape.value(`firstcome_database_pool_class_${metric}`, { class: name });
  return { active: value('active'), waiting: value('waiting') };
}
