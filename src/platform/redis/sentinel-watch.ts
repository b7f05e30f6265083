import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DependencyState } from '../dependencies/dependency-state.js';
import { messageOf } from '../errors/error-text.js';
import type { OpenRedis } from './open-redis.js';
import { type Endpoint, endpointText, type RedisAddress } from './redis-address.js';
import { redisProblem } from './redis-errors.js';

const RECONNECT_MS = 1000;
const CHANNEL = '+switch-master';
/** What a server replies that is none. */
const NO_SENTINEL = /^ERR unknown command/;

/**
 * Listens to the sentinels for a fail-over: the old primary may live on, and the connection to it. In place of ioredis'
 * own `failoverDetector`, which drops the connection to the new primary once more: decisions came after 3.5 s, and twice
 * after more than 8, instead of 2.6.
 *
 * Whenever a sentinel can be asked (again) it is asked, since what it announced meanwhile was not heard.
 */
export class SentinelWatch {
  private readonly clients: Redis[];
  private readonly states: DependencyState[] = [];
  /** The last time that each began to listen. */
  private readonly listening = new Map<Redis, Promise<unknown>>();
  /** What is wrong with the address; undefined as long as a sentinel knows the primary, or none was asked. */
  hint: string | undefined;

  /** @param onPrimary told the address of the primary, also when it is the one that is known */
  constructor(
    private readonly address: RedisAddress,
    open: OpenRedis,
    private readonly onPrimary: (primary: Endpoint) => void,
  ) {
    this.clients = address.endpoints.map((endpoint) => this.watch(endpoint, open));
  }

  /**
   * Starts connecting, and resolves when each sentinel that is there has named the primary. One that is not there is tried
   * again; the others are enough.
   */
  async connect(): Promise<void> {
    // Why it failed `watch` has told.
    await Promise.allSettled(this.clients.map((client) => client.connect()));
    await Promise.all(this.listening.values());
  }

  disconnect(): void {
    for (const state of this.states) state.end();
    for (const client of this.clients) client.disconnect();
  }

  private watch(endpoint: Endpoint, open: OpenRedis): Redis {
    const logger = new Logger(`Sentinel ${endpointText(endpoint)}`);
    const state = new DependencyState(logger, 'the other sentinels are asked');
    this.states.push(state);
    const client = open.sentinel(this.address, endpoint, { retryStrategy: () => RECONNECT_MS });
    client.on('ready', () => {
      const listening = this.listen(client).then(
        () => state.recover('ready'),
        (error: unknown) => state.fail(redisProblem(error), messageOf(error)),
      );
      this.listening.set(client, listening);
    });
    client.on('close', () => state.fail('UNREACHABLE', 'connection closed'));
    client.on('error', (error: Error) => state.fail(redisProblem(error), messageOf(error)));
    client.on('message', (_channel: string, message: string) => {
      const [name, , , host, port] = message.split(' ');
      if (name === this.address.masterName && host !== undefined) this.onPrimary({ host, port: Number(port) });
    });
    return client;
  }

  private async listen(client: Redis): Promise<void> {
    await client.subscribe(CHANNEL);
    const { masterName = '' } = this.address;
    const found = await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName).catch((error: Error) => {
      if (NO_SENTINEL.test(error.message)) this.hint = 'the server is no sentinel: use redis://host:port';
      throw error;
    });
    if (!Array.isArray(found)) {
      this.hint = `the sentinels know no master of the name ${JSON.stringify(masterName)}`;
      throw new Error(this.hint);
    }
    this.hint = undefined;
    const [host, port] = found.map(String) as [string, string];
    this.onPrimary({ host, port: Number(port) });
  }
}
