import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { newUserIds } from '../support/unique-ids.js';

/** Tickets of several instances, which have their secrets in common, and the moments that they draw. */

const SECRET = 'the secret before the rotation of this test';
const NEW_SECRET = 'the secret after the rotation of this test';

let one: AppProcess;
let other: AppProcess;

beforeAll(async () => {
  // In the middle of a rotation: one still signs with the secret before, and both accept both.
  [one, other] = await Promise.all([
    startApp({ env: { ENTRY_TICKET_SECRET: SECRET, ENTRY_TICKET_PREVIOUS_SECRET: NEW_SECRET } }),
    startApp({ env: { ENTRY_TICKET_SECRET: NEW_SECRET, ENTRY_TICKET_PREVIOUS_SECRET: SECRET } }),
  ]);
});

const at = (app: AppProcess) => new ApiClient(app.url);
const soon = () => ({ startsAt: new Date(Date.now() + 300_000).toISOString() });

async function momentsAt(app: AppProcess, couponId: number, users: readonly number[]): Promise<string[]> {
  const answers = await Promise.all(users.map((userId) => at(app).entryTicket(couponId, userId)));
  return answers.map(({ body }) => body.notBefore);
}

describe('the moment of a user', () => {
  it('is the same however often one asks, at whichever instance, and after a restart', async () => {
    const users = newUserIds(20);
    const { couponId, startsAt } = await at(one).createCoupon({ entry: 'ticket', entrySpreadSeconds: 60, ...soon() });
    // The first ticket of the coupon, asked for at both at once.
    const [moments, atOther] = await Promise.all([momentsAt(one, couponId, users), momentsAt(other, couponId, users)]);
    expect(atOther).toEqual(moments);
    expect(await momentsAt(one, couponId, users)).toEqual(moments);
    const restarted = await startApp({ env: { ENTRY_TICKET_SECRET: NEW_SECRET } });
    expect(await momentsAt(restarted, couponId, users)).toEqual(moments);

    const offsets = moments.map((moment) => Date.parse(moment) - Date.parse(startsAt));
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...offsets)).toBeLessThan(60_000);
    expect(new Set(offsets).size).toBeGreaterThan(10);
  });

  it('is another one for another coupon', async () => {
    const users = newUserIds(20);
    const coupons = await Promise.all(
      [1, 2].map(() => at(one).createCoupon({ entry: 'ticket', entrySpreadSeconds: 600, ...soon() })),
    );
    const offsets = await Promise.all(
      coupons.map(async ({ couponId, startsAt }) =>
        (await momentsAt(one, couponId, users)).map((moment) => Date.parse(moment) - Date.parse(startsAt)),
      ),
    );
    expect(offsets[0]).not.toEqual(offsets[1]);
  });
});

describe('while the secret is replaced', () => {
  it('a ticket of one instance lets in at the other, both ways', async () => {
    const [first, second] = newUserIds(2) as [number, number];
    const { couponId } = await at(one).createCoupon({ entry: 'ticket' });
    const ofOne = (await at(one).entryTicket(couponId, first)).body.ticket;
    const ofOther = (await at(other).entryTicket(couponId, second)).body.ticket;
    expect((await at(other).reserve(couponId, first, ofOne)).status).toBe(200);
    expect((await at(one).reserve(couponId, second, ofOther)).status).toBe(200);
  });

  it('ends: an instance without the secret before takes none of its tickets', async () => {
    const [first, second] = newUserIds(2) as [number, number];
    const { couponId } = await at(one).createCoupon({ entry: 'ticket' });
    const after = await startApp({ env: { ENTRY_TICKET_SECRET: NEW_SECRET } });
    const ofOne = (await at(one).entryTicket(couponId, first)).body.ticket;
    const ofOther = (await at(other).entryTicket(couponId, second)).body.ticket;
    expect(await at(after).reserve(couponId, first, ofOne)).toMatchObject({
      status: 403,
      error: 'ENTRY_TICKET_INVALID',
    });
    expect((await at(after).reserve(couponId, second, ofOther)).status).toBe(200);
  });
});
