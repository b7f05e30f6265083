import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/services/free-port.mjs';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { Scrape } from '../support/metrics.js';
import { PASSED, refused, says, Siteverify } from '../support/siteverify.js';
import { newUserId } from '../support/unique-ids.js';

/** Coupons whose tickets need a challenge that was passed, before a server of the test's own that verifies them. */

const SECRET_KEY = 'the secret key of the test';

let siteverify: Siteverify;
let app: AppProcess;
let api: ApiClient;
let couponId: number;

function environment(verifyUrl: string) {
  return { ENTRY_TICKET_TURNSTILE_SECRET_KEY: SECRET_KEY, ENTRY_TICKET_TURNSTILE_VERIFY_URL: verifyUrl };
}

beforeAll(async () => {
  siteverify = await Siteverify.open();
  app = await startApp({ env: environment(siteverify.url) });
  api = new ApiClient(app.url);
  couponId = (await api.createCoupon({ entry: 'ticket', challenge: 'turnstile' })).couponId;
});

beforeEach(() => {
  siteverify.received.length = 0;
  siteverify.answers(PASSED);
});

/** How often the application counted such a result. */
async function counted(result: string): Promise<number> {
  return (await Scrape.of(app)).sum('firstcome_challenges_total', { result });
}

describe('a challenge', () => {
  it('that was passed gives a ticket, and is not asked for again with the reserve', async () => {
    const userId = newUserId();
    const answer = await api.entryTicket(couponId, userId, 'passed by the user');
    expect(answer.status).toBe(200);
    expect(siteverify.received).toEqual([{ secret: SECRET_KEY, response: 'passed by the user' }]);
    expect((await api.reserve(couponId, userId, answer.body.ticket)).status).toBe(200);
    expect(siteverify.received).toHaveLength(1);
  });

  it.each([[['invalid-input-response']], [['timeout-or-duplicate']], [[]]])(
    'that was not passed gives none: %j',
    async (codes) => {
      siteverify.answers(refused(...codes));
      const before = await counted('refused');
      const answer = await api.entryTicket(couponId, newUserId(), 'not passed');
      expect(answer).toMatchObject({ status: 403, error: 'CHALLENGE_FAILED' });
      expect(await counted('refused')).toBe(before + 1);
    },
  );

  it('must be shown, and nobody is asked where it is not', async () => {
    for (const response of [undefined, '', 'x'.repeat(2049)]) {
      const answer = await api.entryTicket(couponId, newUserId(), response);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'challengeResponse' }] } });
    }
    expect(siteverify.received).toEqual([]);
  });

  it('is asked for by nobody who gets no ticket anyway', async () => {
    const later = new Date(Date.now() + 3_000_000).toISOString();
    const closed = await api.createCoupon({ entry: 'ticket', challenge: 'turnstile', startsAt: later });
    expect((await api.entryTicket(closed.couponId, newUserId(), 'x')).error).toBe('ENTRY_NOT_OPEN');
    expect(siteverify.received).toEqual([]);
  });

  it('is needed until an operator takes it away', async () => {
    const coupon = await api.createCoupon({ entry: 'ticket', challenge: 'turnstile' });
    expect((await api.patchCoupon(coupon.couponId, { challenge: 'none' })).status).toBe(200);
    expect((await api.entryTicket(coupon.couponId, newUserId())).status).toBe(200);
    expect(siteverify.received).toEqual([]);
  });
});

describe('while challenges cannot be verified, nobody passes:', () => {
  it.each([
    ['no answer', () => undefined],
    ['status 500', says('{"success":true}', 500)],
    ['garbage', says('<html>success</html>')],
    ['JSON of another kind', says('{"success":"true"}')],
    ['another place', (response) => response.writeHead(307, { location: siteverify.url }).end()],
    ['a wrong secret key', refused('invalid-input-secret')],
    ['a fault of its own', refused('internal-error')],
    ['a connection that breaks', (response) => response.destroy()],
  ] as Array<[string, Parameters<Siteverify['answers']>[0]]>)('%s', async (_what, answer) => {
    siteverify.answers(answer);
    const before = await counted('unavailable');
    const asked = await api.entryTicket(couponId, newUserId(), 'passed');
    expect(asked).toMatchObject({ status: 503, error: 'CHALLENGE_UNAVAILABLE' });
    expect(Number(asked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await counted('unavailable')).toBe(before + 1);
    expect(JSON.stringify(asked.body)).not.toContain(SECRET_KEY);

    siteverify.answers(PASSED);
    expect((await api.entryTicket(couponId, newUserId(), 'passed')).status).toBe(200);
  });

  it('nobody listens, which the log says once for many', async () => {
    const lonely = await startApp({ env: environment(`http://127.0.0.1:${await freePort()}/`) });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => new ApiClient(lonely.url).entryTicket(couponId, newUserId(), 'passed')),
    );
    expect(new Set(answers.map(({ error }) => error))).toEqual(new Set(['CHALLENGE_UNAVAILABLE']));
    expect(lonely.logs.match(/challenges cannot be checked, answering 503/g)).toHaveLength(1);
    expect(lonely.logs).not.toContain(SECRET_KEY);
  });
});

it('is no term of a coupon where Turnstile has no secret key', async () => {
  const without = new ApiClient((await startApp()).url);
  const coupon = await without.createCoupon({ entry: 'ticket' });
  const refusal = { status: 400, body: { errors: [{ path: 'challenge' }] } };
  expect(await without.patchCoupon(coupon.couponId, { challenge: 'turnstile' })).toMatchObject(refusal);
  await expect(without.createCoupon({ entry: 'ticket', challenge: 'turnstile' })).rejects.toThrow('SECRET_KEY');
  // A coupon from before the key was taken away.
  expect((await without.entryTicket(couponId, newUserId(), 'passed')).error).toBe('CHALLENGE_UNAVAILABLE');
});
