import type { Redis } from 'ioredis';
import type { Config } from '../config/config.schema.js';
import { messageOf } from '../errors/error-text.js';
import { withinTimeLimit } from '../time-limit.js';
import { RedisUnavailableError } from './redis-errors.js';
import { openBeside } from './server-beside.js';

/**
 * Waits until replicas have what a master was told: WAIT, over a connection of its own, since it holds up whatever comes
 * behind it. WAIT counts from the last command of its own connection, so each time a PING goes before it: without that it
 * answered at once while the replica was frozen.
 */
export class ReplicaWait {
  /** The other connection, open or just opening, and the process that it leads to. */
  private beside: { readonly runId: string; readonly client: Promise<Redis> } | undefined;
  private last: Promise<void> = Promise.resolve();
  /** Not begun yet, so that whoever comes now may join it. */
  private next: Promise<void> | undefined;

  constructor(private readonly settings: Config['redis']) {}

  get isWanted(): boolean {
    return this.settings.waitReplicas > 0;
  }

  /**
   * Resolves when `redis.waitReplicas` replicas have all that was written before the call. One that is under way may have
   * begun before; so the call waits for the next one, which all share that come meanwhile.
   *
   * @param beside the client of the master
   * @param runId of the master: the other connection must lead to the same process
   * @throws RedisUnavailableError when fewer have it within `redis.waitTimeoutMs`, or the master cannot be asked
   */
  async run(beside: Redis, runId: string): Promise<void> {
    this.next ??= this.begin(beside, runId);
    await this.next;
  }

  /** Leaves the other connection, also one that is not open yet. */
  close(): void {
    const { beside } = this;
    this.beside = undefined;
    // Where it could not be opened there is nothing to leave, and whoever waited for it has been told.
    beside?.client.then(
      (client) => client.disconnect(),
      () => undefined,
    );
  }

  private async begin(beside: Redis, runId: string): Promise<void> {
    await Promise.allSettled([this.last]);
    this.last = this.next ?? this.last;
    this.next = undefined;
    await this.wait(beside, runId);
  }

  private async wait(beside: Redis, runId: string): Promise<void> {
    const { waitReplicas, waitTimeoutMs, commandTimeoutMs } = this.settings;
    const limitMs = waitTimeoutMs + commandTimeoutMs;
    const late = () => new RedisUnavailableError(`no answer to WAIT within ${limitMs} ms`, { reason: 'TIMEOUT' });
    let acknowledged: unknown;
    try {
      acknowledged = await withinTimeLimit(this.exchange(beside, runId), limitMs, late);
    } catch (error) {
      this.close();
      throw error instanceof RedisUnavailableError
        ? error
        : new RedisUnavailableError(`WAIT failed: ${messageOf(error)}`, { cause: error });
    }
    if (Number(acknowledged) >= waitReplicas) return;
    const message = `${Number(acknowledged)} of ${waitReplicas} replicas have it after ${waitTimeoutMs} ms`;
    throw new RedisUnavailableError(message, { reason: 'TOO_FEW_REPLICAS' });
  }

  private async exchange(beside: Redis, runId: string): Promise<unknown> {
    const { waitReplicas, waitTimeoutMs } = this.settings;
    // One that led to another process would tell of what that has replicated.
    if (this.beside?.runId !== runId) {
      this.close();
      this.beside = { runId, client: connectBeside(beside, runId) };
    }
    const client = await this.beside.client;
    const replies = (await client.pipeline().ping().wait(waitReplicas, waitTimeoutMs).exec()) ?? [];
    for (const [error] of replies) if (error !== null) throw error;
    return replies[1]?.[1];
  }
}

/** Another connection to the very process that `client` talks to. @throws Error when there is none, or it is another one */
async function connectBeside(client: Redis, runId: string): Promise<Redis> {
  const beside = openBeside(client);
  try {
    await beside.connect();
    const info = await beside.info('server');
    if (!info.includes(`run_id:${runId}`)) throw new Error('another server answers at the address of the master');
    return beside;
  } catch (error) {
    beside.disconnect();
    throw error;
  }
}
