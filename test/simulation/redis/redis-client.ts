import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { Chance } from '../world/chance.js';
import { Link, type Weather } from '../world/link.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';
import { RedisReplyError, type Reply } from './keyspace.js';
import type { RedisFleet } from './redis-fleet.js';
import type { Address, ChannelListener, RedisProcess } from './redis-process.js';
import type { RedisSite } from './redis-site.js';

/** The commands with a key, and those without, that our stores send besides the scripts. */
export const KEY_COMMANDS = ['set', 'del', 'zscore', 'zmscore', 'smismember', 'sscan'] as const;
const SERVER_COMMANDS = ['ping', 'info', 'scan', 'config'] as const;

const NOT_WRITEABLE = "Stream isn't writeable and enableOfflineQueue options is false";
export const CLOSED = 'Connection is closed.';
const GIVEN_UP = 'Reached the max retries per request limit (which is 0).';
const UNBLOCKED = 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';
const NO_WAIT_AT_REPLICA =
  'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.';
/** Of the messages on a channel. */
const LOST_MESSAGES = 0.05;
/** How often it is looked whether the replica has come so far. */
const WAIT_LOOK_MS = 10;

interface Waiting {
  readonly reject: (error: Error) => void;
}

/** One connection, from its opening to its end. */
interface Connection {
  readonly link: Link;
  readonly process: RedisProcess;
  readonly waiting: Set<Waiting>;
  /** What had been written when its last command was carried out: for that much WAIT waits (`woff`). */
  writes: number;
  /** Those that it has subscribed to. */
  readonly channels: Map<string, ChannelListener>;
}

/** Where a client is in the world. */
export interface ClientSurroundings {
  readonly world: World;
  readonly fleet: RedisFleet;
  readonly instance: Party;
  readonly weather: Weather;
}

export interface ClientOptions extends Address {
  /** Before it connects anew; null: it does not. */
  readonly retryStrategy: () => number | null;
}

/** What a process does when a command has arrived: answers, now or later. */
type CarryOut = (connection: Connection, answer: (settle: Settlement) => void) => void;
type Settlement = { readonly reply: Reply } | { readonly error: Error };
type Pair = [Error | null, unknown];

/**
 * What an instance sees in place of an ioredis client of one server: as far as `RedisConnection` and the stores use one,
 * with the options that they set. Nothing is queued and nothing is sent twice; commands of one connection keep their
 * order.
 */
export class SimulatedRedisClient extends EventEmitter {
  status: 'wait' | 'connecting' | 'ready' | 'close' | 'end' = 'wait';
  private connection: Connection | undefined;
  private isEnded = false;

  constructor(
    private readonly surroundings: ClientSurroundings,
    private readonly site: RedisSite,
    readonly options: ClientOptions,
    private readonly chance: Chance,
  ) {
    super();
    site.clients.add(this);
    const methods = this as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of site.scriptNames) methods[name] = (...args) => this.runScript(name, args);
    for (const name of [...KEY_COMMANDS, ...SERVER_COMMANDS]) methods[name] = (...args) => this.command(name, args);
  }

  /** As the application types it. */
  asRedis(): Redis {
    return this as unknown as Redis;
  }

  get instance(): Party {
    return this.surroundings.instance;
  }

  /** At the other end. */
  get process(): RedisProcess | undefined {
    return this.connection?.process;
  }

  /** As much of the socket as is asked for. */
  get stream(): { readonly remoteAddress?: string; readonly remotePort?: number } {
    const address = this.connection?.process.address;
    return address === undefined ? {} : { remoteAddress: address.host, remotePort: address.port };
  }

  /** Another client of the address that is given; it connects when it is told. */
  duplicate({ host, port }: Address): SimulatedRedisClient {
    const options = { ...this.options, host, port, retryStrategy: () => null };
    return new SimulatedRedisClient(this.surroundings, this.site, options, this.chance);
  }

  async connect(): Promise<void> {
    const { world, instance } = this.surroundings;
    this.status = 'connecting';
    await new Promise<void>((resolve, reject) => {
      world.after(
        this.chance.next() * 2,
        'Redis: connect',
        () => {
          if (this.isEnded) {
            reject(new Error(CLOSED));
            return;
          }
          const process = this.site.listening(this.options);
          if (process !== undefined) {
            this.open(process);
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
        instance,
      );
    });
  }

  /** Ends the connection; connects anew with `reconnect`. */
  disconnect(reconnect = false): void {
    if (!reconnect) this.isEnded = true;
    const { connection } = this;
    if (connection === undefined) {
      if (this.isEnded) this.end();
      return;
    }
    // What was sent before still arrives; no reply is read.
    this.connection = undefined;
    this.surroundings.world.after(0, 'Redis: closed', () => this.abandon(connection), this.instance);
  }

  async call(name: string, ...args: unknown[]): Promise<unknown> {
    return await this.command(name, args);
  }

  /** Sends its commands one after the other, and collects errors and replies in pairs. */
  pipeline(): { exec: () => Promise<Pair[]> } {
    const sent: Array<Promise<Pair>> = [];
    const pipeline = { exec: async () => await Promise.all(sent) };
    const add = (answer: Promise<unknown>): typeof pipeline => {
      sent.push(inPair(answer));
      return pipeline;
    };
    const methods = pipeline as unknown as Record<string, unknown>;
    for (const name of this.site.scriptNames) methods[name] = (...args: unknown[]) => add(this.runScript(name, args));
    methods['ping'] = () => add(this.command('ping', []));
    methods['wait'] = (replicas: number, ms: number) => add(this.wait(replicas, ms));
    return pipeline;
  }

  /** The network, or the server, ends the connection; both what was sent and what was answered is lost. */
  breakConnection(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.link.cut();
    const lose = (): void => this.lose(connection);
    this.surroundings.world.after(this.chance.next() * 2, 'Redis: connection lost', lose, this.instance);
  }

  /** What was written arrives; a Redis does nothing about a client that is gone. */
  processDied(): void {
    this.site.clients.delete(this);
  }

  hostVanished(): void {
    this.connection?.link.cut();
    this.site.clients.delete(this);
  }

  /** What ioredis' Cluster sends before a command; here the command itself says it. */
  async asking(): Promise<'OK'> {
    return await Promise.resolve('OK');
  }

  get link(): Link | undefined {
    return this.connection?.link;
  }

  /** Runs a script; in a cluster, with ASKING before it when the server is asked for what it is just given. */
  async runScript(name: string, args: readonly unknown[], isAsking = false): Promise<unknown> {
    const words = args.map(String);
    const { keys } = this.surroundings.fleet.scripts.split(name, words);
    return await this.exchange(name, keys, isAsking, (process) => this.site.runScript(process, name, words));
  }

  /** As {@link runScript}, one of {@link KEY_COMMANDS}, any other with a key behind its name, or one without a key. */
  async command(name: string, args: readonly unknown[], isAsking = false): Promise<unknown> {
    const words = [name.toUpperCase(), ...args.map(String)];
    const hasKey = !(SERVER_COMMANDS as readonly string[]).includes(name);
    const keys = hasKey ? words.slice(1, 2) : [];
    return await this.exchange(name, keys, isAsking, (process) => process.keyspace.call(words));
  }

  /** Messages arrive as 'smessage' from then on; now and then one is lost, since nobody may rely on them. */
  async ssubscribe(channel: string): Promise<unknown> {
    return await this.send('ssubscribe', (connection, answer) => {
      const { process, link, channels } = connection;
      try {
        this.surroundings.fleet.assertHasSlot(process, channel);
      } catch (error) {
        answer({ error: error as Error });
        return;
      }
      const listener: ChannelListener = (_channel, message) => {
        if (this.chance.is(LOST_MESSAGES)) return;
        link.toInstance('Redis: message', () => {
          if (this.connection === connection) this.emit('smessage', channel, message);
        });
      };
      if (!channels.has(channel)) process.listen(channel, listener);
      channels.set(channel, channels.get(channel) ?? listener);
      answer({ reply: 1 });
    });
  }

  async sunsubscribe(channel: string): Promise<unknown> {
    return await this.send('sunsubscribe', ({ process, channels }, answer) => {
      const listener = channels.get(channel);
      if (listener !== undefined) process.forget(channel, listener);
      channels.delete(channel);
      answer({ reply: 0 });
    });
  }

  private open(process: RedisProcess): void {
    const { world, weather } = this.surroundings;
    const link = new Link(world, this.instance, process, this.chance, weather, 'slownessOfRedis');
    const connection: Connection = { link, process, waiting: new Set<Waiting>(), writes: 0, channels: new Map() };
    this.connection = connection;
    this.status = 'ready';
    this.emit('ready');
  }

  private lose(connection: Connection): void {
    if (this.connection === connection) this.connection = undefined;
    this.abandon(connection);
  }

  /** In the order in which ioredis does it: the commands that wait fail, then the listeners hear of it. */
  private abandon({ waiting, process, channels }: Connection): void {
    for (const [channel, listener] of channels) process.forget(channel, listener);
    for (const { reject } of waiting) reject(new Error(this.isEnded ? CLOSED : GIVEN_UP));
    waiting.clear();
    this.closed();
  }

  private closed(): void {
    this.status = 'close';
    this.emit('close');
    const ms = this.isEnded ? null : this.options.retryStrategy();
    if (ms === null) {
      this.end();
      return;
    }
    this.surroundings.world.after(
      ms,
      'Redis: reconnect',
      () => {
        if (this.connection === undefined) this.connect().catch(() => undefined);
      },
      this.instance,
    );
  }

  private end(): void {
    this.isEnded = true;
    this.site.clients.delete(this);
    if (this.status === 'end') return;
    this.status = 'end';
    this.emit('end');
  }

  private async exchange(
    name: string,
    keys: readonly string[],
    isAsking: boolean,
    carryOut: (process: RedisProcess) => Reply,
  ): Promise<unknown> {
    return await this.send(name, (connection, answer) => {
      const { process } = connection;
      try {
        this.surroundings.fleet.assertHolds(process, keys, isAsking);
        answer({ reply: carryOut(process) });
      } catch (error) {
        if (!(error instanceof RedisReplyError)) throw error;
        answer({ error });
      }
      connection.writes = process.keyspace.writes;
    });
  }

  /** WAIT: for what had been written when the command before it on this very connection was carried out. */
  private async wait(replicas: number, ms: number): Promise<unknown> {
    const { world } = this.surroundings;
    return await this.send('wait', (connection, answer) => {
      const { process, link, writes } = connection;
      connection.writes = process.keyspace.writes;
      if (!process.isMaster) {
        answer({ error: new RedisReplyError(NO_WAIT_AT_REPLICA) });
        return;
      }
      const deadline = world.now + ms;
      const look = (): void => {
        if (!link.isUp) return;
        const isThere = this.site.replicatedBy(process) >= writes;
        if (!process.isMaster) answer({ error: new RedisReplyError(UNBLOCKED) });
        else if (isThere || world.now >= deadline) answer({ reply: isThere ? Math.min(1, replicas) : 0 });
        else world.after(Math.min(WAIT_LOOK_MS, Math.max(1, deadline - world.now)), 'Redis: WAIT', look, process);
      };
      world.after(this.chance.next() * 2, 'Redis: WAIT', look, process);
    });
  }

  private async send(name: string, carryOut: CarryOut): Promise<unknown> {
    const { connection } = this;
    if (connection === undefined) throw new Error(NOT_WRITEABLE);
    const { link, process, waiting } = connection;
    const { strikes } = this.site;
    const operation = { name, instance: this.instance, link };
    return await new Promise((resolve, reject) => {
      const command = { reject };
      waiting.add(command);
      const answer = (settlement: Settlement): void => {
        strikes.pass('after', operation);
        link.toInstance('Redis: reply', () => {
          if (this.connection !== connection) return;
          if (!waiting.delete(command)) return;
          if ('error' in settlement) reject(settlement.error);
          else resolve(plain(settlement.reply));
        });
      };
      link.toServer(`Redis: ${name}`, () => {
        strikes.pass('before', operation);
        if (link.isUp && !process.isDead) carryOut(connection, answer);
      });
    });
  }
}

/** As a pipeline gives it. */
export async function inPair(answer: Promise<unknown>): Promise<Pair> {
  return await answer.then(
    (reply): Pair => [null, reply],
    (error: Error): Pair => [error, null],
  );
}

/** Status replies are strings to a client. */
function plain(reply: Reply): unknown {
  return reply !== null && typeof reply === 'object' && 'ok' in reply ? reply.ok : reply;
}
