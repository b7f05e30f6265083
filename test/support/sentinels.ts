import type { Redis } from 'ioredis';
import type { ProcessStatus } from '../../scripts/cluster/set.mjs';
import type { ClusterSet } from './cluster-set.js';
import { eventually } from './poll.js';
import { openRedis } from './redis.js';

const MASTER = 'mymaster';

/** The sentinels of a set, asked as an operator asks them. */
export class Sentinels {
  private readonly clients = new Map<string, Redis>();

  constructor(private readonly set: ClusterSet) {}

  /** The process that the sentinels name as the primary. */
  async primary(): Promise<ProcessStatus> {
    const port = await this.primaryPort();
    const found = (await this.set.processes()).find(({ address }) => address.endsWith(`:${port}`));
    if (found === undefined) throw new Error(`nothing of the set listens on ${port}`);
    return found;
  }

  /** The servers that follow the primary. */
  async replicas(): Promise<ProcessStatus[]> {
    const { name: primary } = await this.primary();
    return (await this.set.processes()).filter(({ name, role }) => role.startsWith('redis-') && name !== primary);
  }

  /** Has another server take the place of the primary, and resolves when all sentinels say that it has. */
  async failOver(): Promise<void> {
    const before = await this.primary();
    // Refused while the one before is not over, or before they know of replicas that are good enough.
    await eventually(async () => void (await (await this.sentinel()).call('SENTINEL', 'FAILOVER', MASTER)));
    await this.haveReplaced(before);
  }

  /** Resolves when the sentinels name another primary. */
  async haveReplaced({ name }: ProcessStatus): Promise<void> {
    await eventually(async () => {
      if ((await this.primary()).name === name) throw new Error(`${name} is the primary still`);
    });
  }

  /** Resolves when so many servers follow the primary closely. */
  async haveGoodReplicas(count: number): Promise<void> {
    await eventually(async () => {
      const { address } = await this.primary();
      const info = await this.clientOf(address).info('replication');
      const good = Number(/^min_slaves_good_slaves:(\d+)/m.exec(info)?.[1]);
      if (!(good >= count)) throw new Error(`${good} of ${count} replicas follow the primary closely`);
    });
  }

  private async primaryPort(): Promise<number> {
    const reply = (await (await this.sentinel()).call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER)) as string[];
    return Number(reply[1]);
  }

  private async sentinel(): Promise<Redis> {
    return this.clientOf((await this.set.process('sentinel-1')).address);
  }

  private clientOf(address: string): Redis {
    const known =
      this.clients.get(address) ?? openRedis(`redis://${address}`, { commandTimeout: 10_000, maxRetriesPerRequest: 0 });
    this.clients.set(address, known);
    return known;
  }
}
