import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type Answer, type ReservationBody, tally } from '../support/api-client.js';
import { DependencyHealth } from '../support/dependency-health.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { type PrivateServer, startPrivateRedis } from '../support/servers.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/**
 * A fail-over as a managed Redis, a proxy or a virtual address does it: the old master lives on as a replica, and the
 * connections to it stay open. The tests follow one couple of servers, whose roles change each time.
 */

interface Member {
  readonly server: PrivateServer;
  readonly client: Redis;
}

let site: Site;
let health: DependencyHealth;
let first: Member;
let second: Member;

beforeAll(async () => {
  site = await Site.open({ LOG_LEVEL: 'info' });
  first = { server: site.redisServer, client: site.redis };
  const server = await startPrivateRedis();
  second = { server, client: openRedis(server.url) };
  // A replica need not wait for others that might want the same copy.
  for (const { client } of [first, second]) await client.config('SET', 'repl-diskless-sync-delay', '0');
  const { hostname, port } = new URL(first.server.url);
  await second.client.replicaof(hostname, port);
  await follows(second);
  health = new DependencyHealth(await site.start(), 'redis');
});

async function follows(replica: Member): Promise<void> {
  await eventually(async () => expect(await replica.client.info('replication')).toContain('master_link_status:up'));
}

/** Nobody tells the application, and no connection of it is closed. */
async function failOver(from: Member, to: Member): Promise<void> {
  const { hostname, port } = new URL(to.server.url);
  await from.client.call('FAILOVER', 'TO', hostname, port);
  await follows(from);
}

async function expectFailOverSurvived(from: Member, to: Member): Promise<void> {
  const { couponId } = await site.api.createCoupon({ totalQuantity: 1000 });
  expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
  health.forgetLines();

  await failOver(from, to);
  // The address still leads to the old master.
  await health.isDown('READ_ONLY');
  const meanwhile = await reserveBy(couponId, 20);
  expect(tally(meanwhile)).toEqual({ '503 RESERVATION_UNAVAILABLE': 20 });

  site.redisProxy.redirect(to.server.url);
  await eventually(async () => expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 }));
  await health.isWell();
  await health.expectTold('READ_ONLY', /role:slave|READONLY/);
  expect(tally(await reserveBy(couponId, 20))).toEqual({ '200': 20 });
}

async function reserveBy(couponId: number, count: number): Promise<Array<Answer<ReservationBody>>> {
  return await inParallel(newUserIds(count), (userId) => site.api.reserve(couponId, userId));
}

describe('after a fail-over in which no connection breaks', () => {
  it('reservations are accepted as soon as the address leads to the new master', async () => {
    await expectFailOverSurvived(first, second);
  });

  it('also when the old master goes on to take writes, which it will lose', async () => {
    await first.client.config('SET', 'replica-read-only', 'no');
    await second.client.config('SET', 'replica-read-only', 'no');
    await expectFailOverSurvived(second, first);
  });
});
