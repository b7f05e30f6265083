import { beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { tally } from '../support/api-client.js';
import { DependencyHealth } from '../support/dependency-health.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserIds } from '../support/unique-ids.js';

/** A Redis that answers every PING and refuses what we need of it: one application comes through all of it. */

let site: Site;
let health: DependencyHealth;

beforeAll(async () => {
  // Without this a client may not say where Redis stores its files.
  site = await Site.open({ LOG_LEVEL: 'info' }, { redisArgs: ['--enable-protected-configs', 'yes'] });
  health = new DependencyHealth(await site.start(), 'redis');
});

/** Lets a snapshot fail, as on a disk that is full, until the result is called. */
async function loseDirectory(): Promise<() => Promise<unknown>> {
  const [, directory = ''] = await site.redis.config('GET', 'dir');
  const gone = join(directory, 'gone');
  mkdirSync(gone);
  await site.redis.config('SET', 'dir', gone);
  rmdirSync(gone);
  await site.redis.config('SET', 'save', '3600 1');
  await site.redis.bgsave();
  return async () => {
    await site.redis.config('SET', 'dir', directory);
    // Redis itself would try again after some seconds.
    await eventually(async () => {
      await site.redis.bgsave();
      await eventually(async () => expect(await site.redis.info('persistence')).toContain('rdb_last_bgsave_status:ok'));
    });
    await site.redis.config('SET', 'save', '');
  };
}

function setting(name: string, bad: string, good: string): () => Promise<() => Promise<unknown>> {
  return async () => {
    await site.redis.config('SET', name, bad);
    return async () => await site.redis.config('SET', name, good);
  };
}

describe('without a restart the application comes through a Redis', () => {
  it.each([
    ['whose memory is full', 'OUT_OF_MEMORY', /OOM/, setting('maxmemory', '1', '0')],
    ['that misses its replicas', 'TOO_FEW_REPLICAS', /NOREPLICAS/, setting('min-replicas-to-write', '1', '0')],
    ['that cannot write to its disk', 'DISK_ERROR', /MISCONF/, loseDirectory],
  ])('%s', async (_name, reason, words, breakIt) => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 1000 });
    const reserveBy = async (count: number) =>
      tally(await inParallel(newUserIds(count), (userId) => site.api.reserve(couponId, userId)));
    expect(await reserveBy(5)).toEqual({ '200': 5 });
    health.forgetLines();

    const mend = await breakIt();
    try {
      await health.isDown(reason);
      expect(await reserveBy(20)).toEqual({ '503 RESERVATION_UNAVAILABLE': 20 });
    } finally {
      await mend();
    }

    await health.isWell();
    expect(await reserveBy(20)).toEqual({ '200': 20 });
    await health.expectTold(reason, words);
  });
});
