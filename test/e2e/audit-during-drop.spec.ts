import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, type AuditBody, tally } from '../support/api-client.js';
import { AuditedApp } from '../support/audited-app.js';
import { acceptedNumbers, expectConsistent, expectIssued } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { newUserIds } from '../support/unique-ids.js';

const DROP = 2000;

let app: AuditedApp;
/** Reserves where the audit is not asked: what this process has in hand is unknown to the other. */
let elsewhere: ApiClient;

beforeAll(async () => {
  // Swept often, so that the audit has marks to compare with; one row after the other, so that much is in flight.
  const env = { COUPON_ISSUANCE_BATCH_SIZE: '20' };
  app = await AuditedApp.open({ sweepIntervalMs: 100, env });
  elsewhere = new ApiClient((await app.startAnother()).url);
});

/** Audits one time after the other until `work` is done, and at least once. */
async function auditsDuring(couponId: number, work: Promise<unknown>): Promise<AuditBody[]> {
  const ended = new AbortController();
  const done = work.finally(() => ended.abort());
  const audits: AuditBody[] = [];
  do audits.push(await app.audit(couponId));
  while (!ended.signal.aborted);
  await done;
  return audits;
}

describe('work in flight is no violation', () => {
  it.each([
    ['the process that is audited', () => app.api],
    ['another process', () => elsewhere],
  ])(`while %s takes ${DROP} reservations and issues them`, async (_who, apiOf) => {
    const api = apiOf();
    const { couponId } = await api.createCoupon({ totalQuantity: DROP, codeFormat: 'alphanumeric' });
    const drop = inParallel(newUserIds(DROP + 200), (userId) => api.reserve(couponId, userId), 200);
    const issued = drop.then((answers) => expectIssued(app.database, couponId, acceptedNumbers(answers)));

    const audits = await auditsDuring(couponId, issued);
    expect(audits.flatMap(({ violations }) => violations)).toEqual([]);
    expect(tally(await drop)).toEqual({ 200: DROP, '409 COUPON_SOLD_OUT': 200 });
    // Otherwise nothing was in flight, and this has proved nothing.
    expect(audits.filter(({ redis }) => (redis?.pending ?? 0) > 0).length).toBeGreaterThan(0);
    await expectConsistent(app.api, couponId);
  });

  it('while the total is changed again and again', async () => {
    const { couponId } = await app.api.createCoupon({ totalQuantity: 1000 });
    const drop = inParallel(newUserIds(500), (userId) => app.api.reserve(couponId, userId), 20);
    const changes = inParallel(
      Array.from({ length: 200 }, (_, index) => 800 + index),
      (totalQuantity) => app.api.patchCoupon(couponId, { totalQuantity }),
      1,
    );
    const audits = await auditsDuring(couponId, Promise.all([drop, changes]));
    expect(audits.flatMap(({ violations }) => violations)).toEqual([]);
    expect(tally(await changes)).toEqual({ 200: 200 });
    await expectConsistent(app.api, couponId);
  });

  it('while the coupon is rebuilt, unless that takes so long that it is seen closed twice', async () => {
    const { couponId } = await app.api.createCoupon({ totalQuantity: 5000 });
    const drop = inParallel(newUserIds(2000), (userId) => app.api.reserve(couponId, userId), 10);
    for (let round = 1; round <= 5; round += 1) {
      const [audit, rebuild] = await Promise.all([app.audit(couponId), app.api.rebuild(couponId)]);
      expect(rebuild.status).toBe(200);
      expect(audit.violations.filter(({ code }) => code !== 'NOT_LOADED')).toEqual([]);
    }
    const accepted = acceptedNumbers(await drop);
    await expectIssued(app.database, couponId, accepted);
    await expectConsistent(app.api, couponId);
  });
});
