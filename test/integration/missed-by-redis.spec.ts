import { beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { atEndOfFile } from '../support/cleanup.js';
import { Instance } from '../support/instance.js';
import { createOwnSchema } from '../support/own-schema.js';
import { eventually } from '../support/poll.js';
import { told } from '../support/rebuild-world.js';
import { startPrivateRedis } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** Redis stays the same server, but for a while it hears nothing of us, or only later. No sweep makes up for it here. */

let instance: Instance;
let proxy: TcpProxy;
/** Past the proxy. */
let raw: Redis;

beforeAll(async () => {
  const [databaseUrl, redis] = await Promise.all([createOwnSchema('missed'), startPrivateRedis()]);
  proxy = await TcpProxy.inFrontOf(redis.url);
  instance = await Instance.open(
    { redisUrl: proxy.url, databaseUrl },
    { REDIS_COMMAND_TIMEOUT_MS: '250', COUPON_REBUILD_LOCK_TTL_MS: '600000', LOG_LEVEL: 'fatal' },
  );
  raw = new Redis(redis.url);
  atEndOfFile(async () => raw.disconnect());
});

describe('a rebuild that Redis begins after it was given up', () => {
  it('is ended as well, so that the next one need not wait for its lock to expire', async () => {
    const couponId = await instance.createCoupon(10);
    proxy.stall();
    const rebuilding = told(instance.get(RebuildService).rebuild(couponId));
    expect(await rebuilding).toBe('RESERVATION_UNAVAILABLE');
    expect(await raw.exists(keys.state(couponId))).toBe(1);
    proxy.resume();
    await eventually(async () => expect(await raw.exists(keys.state(couponId))).toBe(0));
    await eventually(async () => expect(await instance.get(RebuildService).load(couponId)).toBe(true));
  });
});
