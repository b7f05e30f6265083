/** What an application says of its connections in `/metrics`. */
export interface PoolView {
  readonly active: number;
  readonly idle: number;
  readonly waiting: number;
  readonly limit: number;
  readonly peakActive: number;
  readonly acquired: number;
  readonly acquireTimeouts: number;
}

const PREFIX = 'firstcome_database_pool_';

/** @throws Error when one of the metrics is missing */
export async function poolOf(app: { readonly url: string }): Promise<PoolView> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const value = (name: string): number => {
    const line = text.split('\n').find((each) => each.startsWith(`${PREFIX}${name} `));
    if (line === undefined) throw new Error(`no ${PREFIX}${name} in\n${text}`);
    return Number(line.slice(line.lastIndexOf(' ') + 1));
  };
  return {
    active: value('connections{state="active"}'),
    idle: value('connections{state="idle"}'),
    waiting: value('connections{state="waiting"}'),
    limit: value('limit'),
    peakActive: value('peak_active'),
    acquired: value('acquire_seconds_count'),
    acquireTimeouts: value('acquire_timeouts_total'),
  };
}
