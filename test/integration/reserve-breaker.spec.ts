import { beforeAll, describe, expect, it } from '@jest/globals';
import { RedisUnavailableError } from '../../src/platform/redis/redis-errors.js';
import { eventually } from '../support/poll.js';
import { ReservationRedis } from '../support/reservation-redis.js';
import { startPrivateRedis } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserId } from '../support/unique-ids.js';

/** More than it takes to open the breaker. */
const ASKS = 20;

let proxy: TcpProxy;
let redis: ReservationRedis;

// Of our own, since all of it is made to refuse.
beforeAll(async () => {
  proxy = await TcpProxy.inFrontOf((await startPrivateRedis()).url);
  redis = await ReservationRedis.open({ url: proxy.url });
});

describe('the breaker', () => {
  it.each([
    ['full', ['config', 'SET', 'maxmemory', '1'], ['config', 'SET', 'maxmemory', '0'], 1],
    [
      'short of replicas',
      ['config', 'SET', 'min-replicas-to-write', '1'],
      ['config', 'SET', 'min-replicas-to-write', '0'],
      1,
    ],
    // As a master it has another identity than before, so what it holds is not trusted.
    ['read-only', ['replicaof', '127.0.0.1', '1'], ['replicaof', 'NO', 'ONE'], 'NOT_LOADED'],
  ])('stays closed while Redis says that it is %s', async (_what, refusal, service, answer) => {
    const [[refuse, ...refusing], [serve, ...serving]] = [refusal, service];
    const couponId = await redis.load();
    await redis.raw.call(refuse as string, ...refusing);
    try {
      for (let asks = 0; asks < ASKS; asks += 1) {
        await expect(redis.reserve(couponId, newUserId())).rejects.toBeInstanceOf(RedisUnavailableError);
        expect(redis.breakers.isAnyOpen).toBe(false);
      }
    } finally {
      await redis.raw.call(serve as string, ...serving);
    }
    // One that was read-only has been left, and is connected to anew.
    await eventually(async () => expect(await redis.reserve(couponId, newUserId())).toBe(answer));
  });
});

describe('an answer that cannot be read', () => {
  it('is none: Redis is unavailable until there is a new connection', async () => {
    const couponId = await redis.load();
    proxy.garbleNext();
    await expect(redis.reserve(couponId, newUserId())).rejects.toBeInstanceOf(RedisUnavailableError);
    // That one was carried out all the same.
    await eventually(async () => expect(await redis.reserve(couponId, newUserId())).toBe(2));
  });
});
