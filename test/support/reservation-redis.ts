import { expect } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { loadConfig } from '../../src/config.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { OPEN_ENTRY } from '../../src/coupon/entry-terms.js';
import type { CouponDefinition } from '../../src/coupon/reservation/coupon-definition.js';
import { DefinitionStore } from '../../src/coupon/reservation/definition.store.js';
import { RebuildStore } from '../../src/coupon/reservation/rebuild.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { scriptKeys, reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import type { Refusal } from '../../src/coupon/reservation/reservation.js';
import { ReserveBreakers } from '../../src/coupon/reservation/reserve-breakers.js';
import { SeenNumbers } from '../../src/coupon/reservation/seen-numbers.js';
import { SettlementStore } from '../../src/coupon/reservation/settlement.store.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { openRedisWith } from '../../src/platform/redis/open-redis.js';
import { REDIS_SCRIPTS } from '../../src/redis-scripts.js';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';
import type { ReservationKey } from './planted-faults.js';
import { expectConnected, openRedis } from './redis.js';
import { newUserId } from './unique-ids.js';

const HOUR_MS = 3_600_000;

/** Everything Redis holds of a coupon: key → its value, and whether it expires. */
type Dump = Record<string, { readonly value: unknown; readonly expires: boolean }>;

/**
 * The Redis side of reservations without the application around it, and a raw client to plant what it must withstand.
 */
export class ReservationRedis {
  private readonly couponIds: number[] = [];

  private constructor(
    readonly connection: RedisConnection,
    readonly breakers: ReserveBreakers,
    readonly admission: AdmissionStore,
    readonly definitions: DefinitionStore,
    readonly settlement: SettlementStore,
    readonly coupons: RedisCouponStore,
    readonly rebuilds: RebuildStore,
    readonly raw: Redis,
    readonly url: string,
  ) {}

  /** On a connection of its own to the server of the test run, or to `url`; closed at the end of the test file. */
  static async open({ url }: { readonly url?: string } = {}): Promise<ReservationRedis> {
    Logger.overrideLogger(['fatal']);
    const env = { ...process.env, NODE_ENV: 'test', REDIS_COMMAND_TIMEOUT_MS: '10000' };
    const config = loadConfig(url === undefined ? env : { ...env, REDIS_URL: url });
    const connection = new RedisConnection(config, openRedisWith(REDIS_SCRIPTS, config));
    const breakers = new ReserveBreakers(connection, config);
    const seen = new SeenNumbers();
    const redis = new ReservationRedis(
      connection,
      breakers,
      new AdmissionStore(connection, breakers, seen),
      new DefinitionStore(connection),
      new SettlementStore(connection),
      new RedisCouponStore(connection, seen),
      new RebuildStore(connection, seen, config),
      openRedis(config.redis.url),
      config.redis.url,
    );
    atEndOfFile(() => redis.close());
    await connection.onModuleInit();
    await eventually(() => expectConnected(connection));
    return redis;
  }

  /**
   * A definition that admits anyone now; its coupon has no row in MySQL, so no application of the test run touches it.
   */
  definition(overrides: Partial<CouponDefinition> = {}): CouponDefinition {
    return {
      couponId: newUserId(),
      name: 'Script coupon',
      capacity: 3,
      startsAt: Date.now() - HOUR_MS,
      expiresAt: Date.now() + HOUR_MS,
      isActive: true,
      audience: 'anyone',
      strategy: 'reservation',
      codeFormat: 'none',
      ...OPEN_ENTRY,
      version: 1,
      ...overrides,
    };
  }

  /** Loads a coupon that nobody holds, as the first rebuild does; returns its id. */
  async load(overrides: Partial<CouponDefinition> = {}): Promise<number> {
    const definition = this.definition(overrides);
    const { couponId } = definition;
    this.couponIds.push(couponId);
    await this.rebuilds.beginRebuild(couponId, 'load');
    await this.rebuilds.swapRebuilt(definition, 'load', { users: 0, epoch: 1, sequenceBase: 0 });
    await this.rebuilds.endRebuild(couponId, 'load');
    return couponId;
  }

  /** Asks for one user. */
  async reserve(
    couponId: number,
    userId: number,
    options?: { ignoreWindow: boolean },
  ): Promise<number | Refusal | undefined> {
    return (await this.admission.reserve(couponId, [userId], options))[0];
  }

  /** Every key of the coupon with its value; two dumps are equal when nothing was changed in between. */
  async dump(couponId: number): Promise<Dump> {
    const found = await this.raw.keys(`coupon:{${couponId}}:*`);
    const entries = found.sort().map(async (key) => {
      const name = key.slice(key.lastIndexOf(':') + 1);
      return [name, { value: await this.value(key), expires: (await this.raw.pttl(key)) >= 0 }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Does something that must change no key of the coupon, and asserts that; what it answered. */
  async withoutEffect<T>(couponId: number, action: () => Promise<T>): Promise<T> {
    const before = await this.dump(couponId);
    const answer = await action();
    expect(await this.dump(couponId)).toEqual(before);
    return answer;
  }

  /** The values alone of the keys that a reservation changes. */
  async slots(couponId: number) {
    const { loaded, reserved, sequence } = await this.coupons.inspect(couponId);
    const users = (await this.raw.smembers(keys.users(couponId))).map(Number).sort((a, b) => a - b);
    const pending = await this.coupons.pendingBetween(couponId, 0, Number.MAX_SAFE_INTEGER, 10_000);
    return { loaded, reserved, users, sequence, pending };
  }

  private async value(key: string): Promise<unknown> {
    switch (await this.raw.type(key)) {
      case 'hash':
        return await this.raw.hgetall(key);
      case 'set':
        return (await this.raw.smembers(key)).sort();
      case 'zset':
        return await this.raw.zrange(key, '0', '-1', 'WITHSCORES');
      default:
        return await this.raw.get(key);
    }
  }

  private async close(): Promise<void> {
    const all = this.couponIds.flatMap((id) => [...scriptKeys(id), keys.rebuildLock(id), keys.rebuildUsers(id)]);
    if (all.length > 0) await this.raw.unlink(...all);
    this.connection.onApplicationShutdown();
  }
}

type Plant = (redis: ReservationRedis, couponId: number) => Promise<unknown>;

/** Says that another server filled the state of the coupon, made of the parts of the identity of this one. */
function plantServer(other: (parts: readonly string[]) => string): Plant {
  return async ({ raw }, id) => {
    const server = await raw.hget(keys.state(id), 'server');
    await raw.hset(keys.state(id), 'server', other((server ?? '').split(':')));
  };
}

/** Puts text where the key should be. */
function plantString(key: ReservationKey): Plant {
  return async ({ raw }, id) => await raw.set(keys[key](id), 'text');
}

/** Every way in which a coupon with at least one holder is not loaded (P6). */
export const NOT_LOADED_CAUSES: ReadonlyArray<[name: string, plant: Plant]> = [
  ['its state is missing', ({ raw }, id) => raw.del(keys.state(id))],
  ['its counter of slots is missing', ({ raw }, id) => raw.del(keys.reserved(id))],
  ['its set of users is missing', ({ raw }, id) => raw.del(keys.users(id))],
  ['its sequence is missing', ({ raw }, id) => raw.del(keys.sequence(id))],
  ['all its keys but pending are missing', ({ raw }, id) => raw.del(scriptKeys(id).slice(0, 4))],
  ['all its keys are missing', ({ raw }, id) => raw.del(...scriptKeys(id))],
  ['it was loaded into another process', plantServer(([, replicationId]) => `${'f'.repeat(40)}:${replicationId}`)],
  ['it was loaded into another history of writes', plantServer(([runId]) => `${runId}:${'f'.repeat(40)}`)],
  ['it does not say into which server it was loaded', ({ raw }, id) => raw.hdel(keys.state(id), 'server')],
  ['an instance of the version before has loaded it', plantServer(([runId]) => String(runId))],
  ['its state is of another type', plantString('state')],
  ['its counter of slots is no number', plantString('reserved')],
  ['its set of users is of another type', plantString('users')],
  ['its sequence is no number', plantString('sequence')],
  ['a user is in the set who was not counted', ({ raw }, id) => raw.sadd(keys.users(id), String(newUserId()))],
  ['a slot is counted that nobody holds', ({ raw }, id) => raw.incr(keys.reserved(id))],
];
