import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../platform/config/config.schema.js';
import type { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { ReserveBreaker } from './reserve-breaker.js';

const FAILURES = 3;

beforeAll(() => {
  Logger.overrideLogger(false);
});

/** A breaker whose probes end in this way, one after the other. */
function breakerProbing(...probes: ReadonlyArray<() => Promise<void>>): ReserveBreaker {
  const next = [...probes];
  const redis = {
    ask: async (exchange: () => Promise<unknown>) => await exchange(),
    ping: async () => await next.shift()?.(),
  } as unknown as RedisConnection;
  return new ReserveBreaker(redis, { redis: { breaker: { failures: FAILURES, probeIntervalMs: 1 } } } as Config);
}

async function fail(breaker: ReserveBreaker, times: number, error: Error): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await expect(breaker.ask(() => Promise.reject(error))).rejects.toThrow(error.message);
  }
}

function refusedByRedis(message: string): RedisUnavailableError {
  return new RedisUnavailableError(message, { cause: Object.assign(new Error(message), { name: 'ReplyError' }) });
}

async function never(): Promise<void> {
  await delay(60_000, undefined, { ref: false });
}

describe('ReserveBreaker', () => {
  it('sends nothing after a few failures in a row', async () => {
    const breaker = breakerProbing(never);
    await fail(breaker, FAILURES - 1, new RedisUnavailableError('late'));
    expect(breaker.isOpen).toBe(false);
    await fail(breaker, 1, new RedisUnavailableError('late'));
    expect(breaker.isOpen).toBe(true);
    const sent = breaker.ask(() => Promise.reject(new Error('sent')));
    await expect(sent).rejects.toThrow('did not answer lately');
  });

  it.each([
    ['what Redis itself refuses', refusedByRedis('OOM command not allowed')],
    ['a fault of ours', new TypeError('a fault')],
  ])('does not count %s', async (_what, error) => {
    const breaker = breakerProbing(never);
    await fail(breaker, 10 * FAILURES, error);
    expect(breaker.isOpen).toBe(false);
  });

  it('sends again once a probe succeeds, whatever the probes before it threw', async () => {
    const breaker = breakerProbing(
      () => Promise.reject(new RedisUnavailableError('late')),
      () => Promise.reject(new TypeError('a fault')),
      () => Promise.resolve(),
    );
    await fail(breaker, FAILURES, new RedisUnavailableError('late'));
    for (let waited = 0; breaker.isOpen && waited < 1000; waited += 1) await delay(5);
    expect(await breaker.ask(() => Promise.resolve('sent'))).toBe('sent');
  });
});
