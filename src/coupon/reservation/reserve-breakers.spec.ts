import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../platform/config/config.schema.js';
import type { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { ReserveBreakers } from './reserve-breakers.js';

const FAILURES = 3;
const KEY = 'coupon:{1}:state';

beforeAll(() => {
  Logger.overrideLogger(false);
});

/** Servers, by the keys that they have; the probes of each end in these ways, one after the other. */
function breakersProbing(servers: Readonly<Record<string, ReadonlyArray<() => Promise<void>>>>): ReserveBreakers {
  const nodes = new Map(
    Object.entries(servers).map(([key, probes]) => {
      const next = [...probes];
      return [key, { title: key, hasLeft: false, ping: async () => await next.shift()?.() }];
    }),
  );
  const redis = {
    nodeOf: (key: string) => nodes.get(key),
    ask: async (_key: string, exchange: () => Promise<unknown>) => await exchange(),
  } as unknown as RedisConnection;
  return new ReserveBreakers(redis, { redis: { breaker: { failures: FAILURES, probeIntervalMs: 1 } } } as Config);
}

/** Of one server. */
function breakerProbing(...probes: ReadonlyArray<() => Promise<void>>): ReserveBreakers {
  return breakersProbing({ [KEY]: probes });
}

async function fail(breakers: ReserveBreakers, times: number, error: Error): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await expect(breakers.ask(KEY, () => Promise.reject(error))).rejects.toThrow(error.message);
  }
}

function refusedByRedis(message: string): RedisUnavailableError {
  return new RedisUnavailableError(message, { cause: Object.assign(new Error(message), { name: 'ReplyError' }) });
}

async function never(): Promise<void> {
  await delay(60_000, undefined, { ref: false });
}

describe('ReserveBreakers', () => {
  it('sends nothing after a few failures in a row', async () => {
    const breakers = breakerProbing(never);
    await fail(breakers, FAILURES - 1, new RedisUnavailableError('late'));
    expect(breakers.isAnyOpen).toBe(false);
    await fail(breakers, 1, new RedisUnavailableError('late'));
    expect(breakers.isAnyOpen).toBe(true);
    const sent = breakers.ask(KEY, () => Promise.reject(new Error('sent')));
    await expect(sent).rejects.toThrow('did not answer lately');
  });

  it.each([
    ['what Redis itself refuses', refusedByRedis('OOM command not allowed')],
    ['a fault of ours', new TypeError('a fault')],
  ])('does not count %s', async (_what, error) => {
    const breakers = breakerProbing(never);
    await fail(breakers, 10 * FAILURES, error);
    expect(breakers.isAnyOpen).toBe(false);
  });

  it('sends again once a probe succeeds, whatever the probes before it threw', async () => {
    const breakers = breakerProbing(
      () => Promise.reject(new RedisUnavailableError('late')),
      () => Promise.reject(new TypeError('a fault')),
      () => Promise.resolve(),
    );
    await fail(breakers, FAILURES, new RedisUnavailableError('late'));
    for (let waited = 0; breakers.isAnyOpen && waited < 1000; waited += 1) await delay(5);
    expect(await breakers.ask(KEY, () => Promise.resolve('sent'))).toBe('sent');
  });

  it('closes no coupon of another server', async () => {
    const breakers = breakersProbing({ [KEY]: [never], other: [] });
    await fail(breakers, FAILURES, new RedisUnavailableError('late'));
    expect(breakers.isAnyOpen).toBe(true);
    expect(await breakers.ask('other', () => Promise.resolve('sent'))).toBe('sent');
  });
});
