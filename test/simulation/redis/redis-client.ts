import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { Chance } from '../world/chance.js';
import { Link, type Weather } from '../world/link.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';
import { RedisReplyError, type Reply } from './keyspace.js';
import type { RedisProcess } from './redis-process.js';
import type { RedisSite } from './redis-site.js';

/** The commands that our stores send besides the scripts. */
const COMMANDS = ['ping', 'info', 'set', 'del', 'zscore', 'zmscore', 'smismember', 'scan', 'sscan', 'config'] as const;

const NOT_WRITEABLE = "Stream isn't writeable and enableOfflineQueue options is false";
const CLOSED = 'Connection is closed.';
const GIVEN_UP = 'Reached the max retries per request limit (which is 0).';

interface Waiting {
  readonly reject: (error: Error) => void;
}

/** One connection, from its opening to its end. */
interface Connection {
  readonly link: Link;
  readonly process: RedisProcess;
  readonly waiting: Set<Waiting>;
}

/**
 * What an instance sees in place of an ioredis client: as far as `RedisConnection` and the stores use one, with the
 * options that they set. Nothing is queued and nothing is sent twice; commands of one connection keep their order.
 */
export class SimulatedRedisClient extends EventEmitter {
  private connection: Connection | undefined;
  private isEnded = false;
  private readonly chance: Chance;

  constructor(
    private readonly world: World,
    private readonly site: RedisSite,
    private readonly instance: Party,
    private readonly options: { readonly retryStrategy: () => number },
    private readonly weather: Weather,
  ) {
    super();
    this.chance = world.chance(`network between ${instance.name} and Redis`);
    site.clients.add(this);
    const methods = this as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of site.scriptNames) methods[name] = (...args) => this.runScript(name, args);
    for (const name of COMMANDS) methods[name] = (...args) => this.command(name, args);
  }

  /** As the application types it. */
  asRedis(): Redis {
    return this as unknown as Redis;
  }

  async connect(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.world.after(
        this.chance.next() * 2,
        'Redis: connect',
        () => {
          if (this.isEnded) return;
          if (this.site.isReachable && !this.site.process.isFrozenAt(this.world.now)) {
            this.open();
            resolve();
            return;
          }
          const refused = Object.assign(new Error('connect ECONNREFUSED'), {
            code: 'ECONNREFUSED',
            syscall: 'connect',
          });
          this.emit('error', refused);
          reject(new Error(CLOSED));
          this.closed();
        },
        this.instance,
      );
    });
  }

  /** Ends the connection; connects anew with `reconnect`. */
  disconnect(reconnect = false): void {
    if (!reconnect) this.isEnded = true;
    const { connection } = this;
    if (connection === undefined) return;
    // What was sent before still arrives; no reply is read.
    this.connection = undefined;
    this.world.after(0, 'Redis: closed', () => this.abandon(connection), this.instance);
  }

  async call(name: string, ...args: unknown[]): Promise<unknown> {
    return await this.command(name, args);
  }

  /** Sends its commands one after the other, and collects errors and replies in pairs. */
  pipeline(): { exec: () => Promise<Array<[Error | null, unknown]>> } {
    const sent: Array<Promise<[Error | null, unknown]>> = [];
    const pipeline = { exec: async () => await Promise.all(sent) };
    const methods = pipeline as unknown as Record<string, unknown>;
    for (const name of this.site.scriptNames) {
      methods[name] = (...args: unknown[]) => {
        sent.push(
          this.runScript(name, args).then(
            (reply) => [null, reply] as [null, unknown],
            (error: Error) => [error, null] as [Error, unknown],
          ),
        );
        return pipeline;
      };
    }
    return pipeline;
  }

  /** The network, or the server, ends the connection; both what was sent and what was answered is lost. */
  breakConnection(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.link.cut();
    this.world.after(this.chance.next() * 2, 'Redis: connection lost', () => this.lose(connection), this.instance);
  }

  /** What was written arrives; a Redis does nothing about a client that is gone. */
  processDied(): void {
    this.site.clients.delete(this);
  }

  hostVanished(): void {
    this.connection?.link.cut();
    this.site.clients.delete(this);
  }

  get link(): Link | undefined {
    return this.connection?.link;
  }

  private open(): void {
    const { process } = this.site;
    const link = new Link(this.world, this.instance, process, this.chance, this.weather, 'slownessOfRedis');
    const connection = { link, process, waiting: new Set<Waiting>() };
    this.connection = connection;
    this.emit('ready');
  }

  private lose(connection: Connection): void {
    if (this.connection === connection) this.connection = undefined;
    this.abandon(connection);
  }

  /** In the order in which ioredis does it: the commands that wait fail, then the listeners hear of it. */
  private abandon({ waiting }: Connection): void {
    for (const { reject } of waiting) reject(new Error(this.isEnded ? CLOSED : GIVEN_UP));
    waiting.clear();
    this.closed();
  }

  private closed(): void {
    this.emit('close');
    if (this.isEnded) {
      this.site.clients.delete(this);
      return;
    }
    const ms = this.options.retryStrategy();
    this.world.after(
      ms,
      'Redis: reconnect',
      () => {
        if (this.connection === undefined) this.connect().catch(() => undefined);
      },
      this.instance,
    );
  }

  private async runScript(name: string, args: readonly unknown[]): Promise<unknown> {
    const words = args.map(String);
    return await this.send(name, (process) => this.site.runScript(process, name, words));
  }

  private async command(name: string, args: readonly unknown[]): Promise<unknown> {
    const words = [name.toUpperCase(), ...args.map(String)];
    return await this.send(name, (process) => process.keyspace.call(words));
  }

  private async send(name: string, carryOut: (process: RedisProcess) => Reply): Promise<unknown> {
    const { connection } = this;
    if (connection === undefined) throw new Error(NOT_WRITEABLE);
    const { link, process, waiting } = connection;
    const { strikes } = this.site;
    const operation = { name, instance: this.instance, link };
    return await new Promise((resolve, reject) => {
      const command = { reject };
      waiting.add(command);
      const answer = (settle: () => void): void => {
        link.toInstance('Redis: reply', () => {
          if (this.connection !== connection) return;
          if (waiting.delete(command)) settle();
        });
      };
      link.toServer(`Redis: ${name}`, () => {
        strikes.pass('before', operation);
        if (!link.isUp || process.isDead) return;
        let settle: () => void;
        try {
          const reply = carryOut(process);
          settle = () => resolve(plain(reply));
        } catch (error) {
          if (!(error instanceof RedisReplyError)) throw error;
          settle = () => reject(error);
        }
        strikes.pass('after', operation);
        answer(settle);
      });
    });
  }
}

/** Status replies are strings to a client. */
function plain(reply: Reply): unknown {
  return reply !== null && typeof reply === 'object' && 'ok' in reply ? reply.ok : reply;
}
