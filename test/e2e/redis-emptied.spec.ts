import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { tally } from '../support/api-client.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/**
 * The limit of P3, as README and docs/operations.md state it: what was accepted and is not in MySQL yet stands in Redis
 * and in the memory of the instance that accepted it; what is in neither any more is lost. Nothing is given out twice.
 */

const ACCEPTED = 40;

let site: Site;
let couponId: number;

beforeAll(async () => {
  site = await Site.open();
});

beforeEach(async () => {
  await site.isServing();
  ({ couponId } = await site.api.createCoupon({ totalQuantity: ACCEPTED + 1 }));
});

/** As many users are told that they hold a slot. */
async function accept(count: number): Promise<number[]> {
  const users = newUserIds(count);
  expect(tally(await inParallel(users, (userId) => site.api.reserve(couponId, userId)))).toEqual({ '200': count });
  return users;
}

async function usersWithRow(): Promise<number[]> {
  await expectConsistent(site.api, couponId);
  return (await site.database.userCoupons(couponId)).map(({ userId }) => userId).sort((a, b) => a - b);
}

/** All that is left can be had, and no more. */
async function expectTheRestIsOffered(rows: number): Promise<void> {
  await eventually(async () => expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 }));
  await accept(ACCEPTED - rows);
  expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ error: 'COUPON_SOLD_OUT' });
}

describe('FLUSHALL', () => {
  it('loses nobody whom an instance has in its hands', async () => {
    const giveBack = await site.holdLedger(couponId);
    const users = await accept(ACCEPTED);
    await site.redis.flushall();
    await giveBack();
    await eventually(async () => expect(await usersWithRow()).toEqual(users));
  });

  it('and a crash of the instance lose those who had no row yet', async () => {
    const giveBack = await site.holdLedger(couponId);
    await accept(ACCEPTED);
    await site.redis.flushall();
    await site.app.kill();
    await giveBack();
    await site.start();
    expect(await usersWithRow()).toEqual([]);
    await expectTheRestIsOffered(0);
  });

  it('while MySQL is away loses all but the batch that an instance holds of each coupon', async () => {
    await site.start({ DATABASE_STATEMENT_TIMEOUT_MS: '500' });
    await accept(1);
    await expectConsistent(site.api, couponId);
    await site.mysqlServer.freeze();
    const [inHand = 0] = await accept(1);
    await eventually(async () => expect(await site.app.metric('firstcome_issuance_retries_total')).toBeGreaterThan(0));
    await accept(ACCEPTED - 2);
    expect(await site.app.metric('firstcome_issuance_overflows_total')).toBe(ACCEPTED - 2);
    await site.redis.flushall();
    await site.mysqlServer.thaw();
    await eventually(async () => expect(await usersWithRow()).toContain(inHand));
    expect(await usersWithRow()).toHaveLength(2);
    await expectTheRestIsOffered(2);
  });
});

describe('Redis put back to an older copy', () => {
  it('and a crash of the instance lose those who came after the copy and had no row yet', async () => {
    const giveBack = await site.holdLedger(couponId);
    const earlier = await accept(ACCEPTED / 2);
    const copy = site.redisServer.copyFiles();
    await accept(ACCEPTED / 2);
    await site.app.kill();
    await site.redisServer.kill();
    site.redisServer.restoreFiles(copy);
    await site.redisServer.restart();
    await giveBack();
    await site.start();
    await eventually(async () => expect(await usersWithRow()).toEqual(earlier));
    await expectTheRestIsOffered(earlier.length);
  });
});
