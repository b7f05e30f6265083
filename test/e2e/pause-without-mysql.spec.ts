import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { RUNBOOK } from '../support/runbook.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** The runbook's way to stop a drop at once while MySQL is away, with the very command that it names. */

let mysql: PrivateServer;
let redis: PrivateServer;
let apps: AppProcess[];
let apis: ApiClient[];
let api: ApiClient;

beforeAll(async () => {
  [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  const env = {
    DATABASE_URL: mysql.url,
    REDIS_URL: redis.url,
    COUPON_SWEEP_INTERVAL_MS: '100',
    DATABASE_STATEMENT_TIMEOUT_MS: '500',
  };
  apps = await inParallel([1, 2], () => startApp({ env, waitFor: '/health/ready' }));
  apis = apps.map(({ url }) => new ApiClient(url));
  api = apis[0] as ApiClient;
});

/** As an operator types it. */
async function runFromRunbook(pattern: RegExp, couponId: number): Promise<string> {
  const [, command = ''] = pattern.exec(RUNBOOK) ?? [];
  const env = { PATH: process.env['PATH'], REDIS_URL: redis.url, COUPON: String(couponId) };
  return (await promisify(execFile)('bash', ['-c', command], { env })).stdout.trim();
}

const PAUSE = /^(redis-cli .* hset .*active 0)$/m;

/** New users ask every instance, and hear this. */
async function expectAllHear(couponId: number, outcome: string): Promise<void> {
  const answers = await inParallel(newUserIds(40), (userId) =>
    (apis[userId % apis.length] as ApiClient).reserve(couponId, userId),
  );
  expect(tally(answers)).toEqual({ [outcome]: 40 });
}

/** Two sweeps of each instance begin and end. */
async function allHaveSweptTwice(): Promise<void> {
  await inParallel(apps, async (app) => {
    const before = await app.metric('firstcome_sweeps_total');
    await eventually(async () => expect(await app.metric('firstcome_sweeps_total')).toBeGreaterThan(before + 2));
  });
}

/** An open coupon that both instances have admitted to, with one reservation that MySQL, frozen now, does not know. */
async function openWithoutMysql(): Promise<number> {
  const { couponId } = await api.createCoupon({ totalQuantity: 1000 });
  await expectAllHear(couponId, '200');
  await mysql.freeze();
  expect(await api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
  return couponId;
}

describe('a drop that is paused in Redis while MySQL does not answer', () => {
  it('stops at once on all instances, and stays so when the PATCH follows', async () => {
    const couponId = await openWithoutMysql();
    expect(await runFromRunbook(PAUSE, couponId)).toBe('0');
    await expectAllHear(couponId, '409 COUPON_INACTIVE');
    const patched = eventually(async () =>
      expect(await api.patchCoupon(couponId, { isActive: false })).toMatchObject({ status: 200 }),
    );
    await expectAllHear(couponId, '409 COUPON_INACTIVE');
    await mysql.thaw();
    await patched;
    // Also where a sweep came first, and opened it: now MySQL says that it is paused.
    await expectAllHear(couponId, '409 COUPON_INACTIVE');
    await allHaveSweptTwice();
    await expectAllHear(couponId, '409 COUPON_INACTIVE');
    // What was accepted is issued all the same.
    await expectConsistent(api, couponId);
    expect(await api.coupon(couponId)).toMatchObject({ body: { status: 'PAUSED', issuedQuantity: 41 } });
  });

  it('is opened again by the sweep when no PATCH follows', async () => {
    const couponId = await openWithoutMysql();
    expect(await runFromRunbook(PAUSE, couponId)).toBe('0');
    await expectAllHear(couponId, '409 COUPON_INACTIVE');
    await mysql.thaw();
    await eventually(() => expectAllHear(couponId, '200'));
    await expectConsistent(api, couponId);
  });
});
