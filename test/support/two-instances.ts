import { DataSource } from 'typeorm';
import { Instance } from './instance.js';
import { openOwnServers, type OwnServers } from './own-servers.js';

/** Two instances of the application over servers that nobody else uses, as two processes behind a load balancer. */
export interface TwoInstances extends OwnServers {
  readonly one: Instance;
  readonly other: Instance;
  /** Of the first one. */
  readonly dataSource: DataSource;
}

/** `name` is that of the schema, see {@link openOwnServers}; `env` is for both. */
export async function openTwoInstances(name: string, env: Record<string, string> = {}): Promise<TwoInstances> {
  const own = await openOwnServers(name);
  const one = await Instance.open({ ...own, env });
  const other = await Instance.open({ ...own, env });
  return { ...own, one, other, dataSource: one.get(DataSource) };
}
