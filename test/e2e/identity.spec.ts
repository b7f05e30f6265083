import { beforeAll, describe, expect, it } from '@jest/globals';
import { CouponService } from '../../src/rpc/generated/coupon/v1/coupon_pb.js';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { CampaignClient } from '../support/campaign-client.js';
import { type DescribedCall, describedCalls } from '../support/described-calls.js';
import { openDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { Shop } from '../support/shop.js';
import { IDENTITY_BY_SECRET, TokenIssuer } from '../support/tokens.js';
import { newInt32UserIds, newUserIds } from '../support/unique-ids.js';

/** What answers everybody; a call that is not here must ask who calls. */
const PUBLIC = [
  'GET /api/coupons',
  'GET /api/coupons/{couponId}',
  'GET /api/products',
  'GET /api/products/{productId}',
  'GET /api/products/ranking/product/{productId}',
  'GET /api/products/ranking/top',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
];

const issuer = TokenIssuer.bySecret();
let app: AppProcess;
let api: ApiClient;
let calls: DescribedCall[];
let couponId: number;

beforeAll(async () => {
  app = await startApp({ env: IDENTITY_BY_SECRET, waitFor: '/health/ready' });
  api = new ApiClient(app.url);
  calls = await describedCalls(app.url);
  ({ couponId } = await api.createCoupon({ totalQuantity: 1_000 }));
});

function aboutUsers(): DescribedCall[] {
  return calls.filter(({ needs }) => needs === 'user');
}

interface Asked {
  readonly token?: string;
  /** Whom the call names; undefined names nobody where that can be left out. */
  readonly userId?: string | number;
}

async function ask({ method, path, userIn, hasBody, example }: DescribedCall, { token, userId }: Asked) {
  const filled = path
    .replace('{couponId}', String(couponId))
    .replace('{userId}', String(userId))
    .replace(/\{\w+\}/g, '1');
  const query = new URLSearchParams({
    ...(userIn.includes('query') && userId !== undefined && { userId: String(userId) }),
    ...(path.includes('issue-async') && { couponId: String(couponId) }),
  });
  const { userId: _user, idempotencyKey: _key, couponId: _coupon, ...rest } = example ?? {};
  const isShort = hasBody && !path.includes('{couponId}') && path.startsWith('/api/coupons/');
  const body = {
    ...rest,
    ...(isShort && { couponId }),
    ...(userIn.includes('body') && userId !== undefined && { userId }),
  };
  return await api.call<{ code: string; userId?: number }>(`${filled}${query.size > 0 ? `?${query.toString()}` : ''}`, {
    method: method as 'GET' | 'POST',
    ...(hasBody && { body }),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

/** The outcomes of all these calls, by the call. */
async function outcomesOf(asked: Asked, of = aboutUsers()): Promise<Record<string, string>> {
  const answers = await inParallel(of, async (call) => [call.name, Object.keys(tally([await ask(call, asked)]))[0]]);
  return Object.fromEntries(answers) as Record<string, string>;
}

function all(outcome: string, of = aboutUsers()): Record<string, string> {
  return Object.fromEntries(of.map(({ name }) => [name, outcome]));
}

describe('the OpenAPI document', () => {
  it('has no call that answers everybody, besides these', () => {
    const open = calls.filter(({ needs }) => needs === undefined).map(({ name }) => name);
    expect(open.sort()).toEqual([...PUBLIC].sort());
  });

  it('guards whatever names a user', () => {
    const naming = calls.filter(({ userIn }) => userIn.length > 0);
    expect(naming.length).toBeGreaterThan(12);
    expect(naming.filter(({ needs }) => needs === undefined).map(({ name }) => name)).toEqual([]);
  });
});

describe('with a user in every call about one', () => {
  const [mine = 0, other = 0] = newUserIds(2);

  it('without a token, all are 401', async () => {
    expect(await outcomesOf({ userId: mine })).toEqual(all('401 UNAUTHENTICATED'));
  });

  it('the token of another user is 403, however the user is written', async () => {
    const token = await issuer.ofUser(mine);
    for (const userId of [other, `${mine}0`, `0${mine}`, `${mine}.0`, -mine, 'x']) {
      expect(await outcomesOf({ token, userId })).toEqual(all('403 FORBIDDEN'));
    }
  });

  it('its own token is not refused, but for charges', async () => {
    const outcomes = await outcomesOf({ token: await issuer.ofUser(mine), userId: mine });
    const refused = Object.entries(outcomes).filter(([, outcome]) => /^40[13]/.test(outcome));
    expect(refused).toEqual([['POST /api/users/{userId}/balance/charge', '403 FORBIDDEN']]);
  });

  it('a service with its scope is let in, and charges with the other one only', async () => {
    const acting = await outcomesOf({ token: await issuer.ofService('openid coupon:act'), userId: other });
    const charging = await outcomesOf({
      token: await issuer.sign({ sub: 's', scp: ['coupon:charge'] }),
      userId: other,
    });
    for (const [name, outcome] of Object.entries(acting)) {
      expect([name, outcome === '403 FORBIDDEN']).toEqual([name, name.endsWith('/charge')]);
      expect([name, charging[name] === '403 FORBIDDEN']).toEqual([name, !name.endsWith('/charge')]);
    }
  });

  it.each([
    ['no scope', { sub: 'service' }],
    ['a scope that is not ours', { sub: 'service', scope: 'coupon:acting openid' }],
    ['a user who asked for scopes', { sub: '17', scope: 'coupon:act coupon:charge' }],
    ['a number that is no user', { sub: '0', scope: 'coupon:act coupon:charge' }],
    ['a number too great for one', { sub: '99999999999999999999', scope: 'coupon:act coupon:charge' }],
    ['a negative number', { sub: '-5', scope: 'coupon:act coupon:charge' }],
  ])('%s is 403', async (_name, claims) => {
    expect(await outcomesOf({ token: await issuer.sign(claims), userId: other })).toEqual(all('403 FORBIDDEN'));
  });

  it('operators may read, administrators may do everything', async () => {
    for (const role of ['coupon:view', 'coupon:operate', 'coupon:admin']) {
      const outcomes = await outcomesOf({ token: await issuer.ofOperator(role), userId: other });
      for (const [name, outcome] of Object.entries(outcomes)) {
        const isReading = name.startsWith('GET ') || name.endsWith('/events-ticket') || name.endsWith('/quote');
        const mayDo = isReading || role === 'coupon:admin';
        expect([name, role, outcome === '403 FORBIDDEN']).toEqual([name, role, !mayDo]);
      }
    }
  });
});

describe('a user who is not named', () => {
  it('is the one of the token', async () => {
    const [userId = 0] = newUserIds(1);
    const headers = { authorization: `Bearer ${await issuer.ofUser(userId)}` };
    const reserve = `/api/coupons/${couponId}/reserve`;
    for (const body of [{}, undefined, { userId: null }]) {
      const answer = await api.call(reserve, { method: 'POST', body, headers });
      expect(['200', '409 ALREADY_ISSUED']).toContain(Object.keys(tally([answer]))[0]);
    }
    expect(await api.call(`/api/coupons/${couponId}/reservations/${userId}`, { headers })).toMatchObject({
      status: 200,
      body: { userId },
    });
    expect(await api.call('/api/orders', { headers })).toMatchObject({ status: 200, body: { orders: [] } });
  });

  it('must be named by a service', async () => {
    const headers = { authorization: `Bearer ${await issuer.ofService('coupon:act')}` };
    for (const path of [`/api/coupons/${couponId}/reserve`, '/api/coupons/reserve', `/api/coupons/${couponId}/issue`]) {
      const body = path.endsWith('coupons/reserve') ? { couponId } : {};
      expect(await api.call(path, { method: 'POST', body, headers })).toMatchObject({
        status: 400,
        body: { errors: [expect.objectContaining({ path: 'userId' })] },
      });
    }
    for (const path of ['/api/orders', '/api/orders/1']) {
      expect(await api.call(path, { headers })).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    }
  });
});

async function bearer(userId: number): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await issuer.ofUser(userId)}` };
}

describe('an order of another user', () => {
  it('is not found, and can be neither paid nor cancelled', async () => {
    const shop = new Shop(api, openDatabase());
    const [owner, thief, productId] = [await shop.user(5_000), await shop.user(5_000), await shop.product()];
    const { status, body } = await shop.placeOrder({ items: [{ productId, quantity: 1 }] }, await bearer(owner));
    expect({ status, userId: body.userId }).toEqual({ status: 201, userId: owner });

    const path = `/api/orders/${body.orderId}`;
    const callsOf = async (userId: number) => {
      const headers = await bearer(userId);
      const post = { method: 'POST', body: {}, headers } as const;
      return [
        await api.call(path, { headers }),
        await api.call(`${path}/payment`, post),
        await api.call(`${path}/cancel`, post),
      ];
    };
    expect(tally(await callsOf(thief))).toEqual({ '404 ORDER_NOT_FOUND': 3 });
    expect(tally(await callsOf(owner))).toEqual({ '200': 3 });
  });
});

describe('the order of refusals', () => {
  it('is 401, 403, 400', async () => {
    const token = await issuer.ofUser(17);
    const path = `/api/coupons/${couponId}/reserve`;
    const body = { userId: 18, nonsense: true };
    const none = await api.call(path, { method: 'POST', body });
    const other = await api.call(path, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } });
    const own = await api.call(path, {
      method: 'POST',
      body: { nonsense: true },
      headers: { authorization: `Bearer ${token}` },
    });
    expect([none, other, own].map(({ status }) => status)).toEqual([401, 403, 400]);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
  });
});

describe('the campaign RPC', () => {
  const [mine = 0, other = 0] = newInt32UserIds(2);

  it('has no method that names a user and is not tested here', () => {
    const naming = Object.values(CouponService.method).filter(({ input }) =>
      input.fields.some(({ name }) => /user/i.test(name)),
    );
    expect(naming.map(({ name }) => name)).toEqual(['IssueCoupon']);
  });

  it('issues to the user of the token only, and to it when nobody is named', async () => {
    const token = await issuer.ofUser(mine);
    for (const anyone of CampaignClient.inEveryWay(app.url)) {
      expect((await anyone.issue(couponId, mine)).outcome).toBe('unauthenticated UNAUTHENTICATED');
    }
    for (const user of CampaignClient.inEveryWay(app.url, token)) {
      expect((await user.issue(couponId, other)).outcome).toBe('permission_denied PERMISSION_DENIED');
    }
    const [first, ...again] = CampaignClient.inEveryWay(app.url, token);
    expect((await first?.issue(couponId, 0))?.outcome).toBe('OK');
    for (const user of again) {
      expect((await user.issue(couponId, mine)).outcome).toBe('already_exists COUPON_ALREADY_CLAIMED');
    }
    const service = new CampaignClient(app.url, 'Connect JSON', await issuer.ofService('coupon:act'));
    expect((await service.issue(couponId, other)).outcome).toBe('OK');
    expect((await service.issue(couponId, 0)).outcome).toMatch(/^invalid_argument /);
  });

  it('creates campaigns for administrators only, whatever rpc.openAccess says', async () => {
    for (const token of [await issuer.ofUser(mine), await issuer.ofOperator('coupon:operate')]) {
      const { outcome } = await new CampaignClient(app.url, 'Connect JSON', token).create();
      expect(outcome).toBe('permission_denied PERMISSION_DENIED');
    }
    expect((await new CampaignClient(app.url, 'gRPC-Web').create()).outcome).toBe('unauthenticated UNAUTHENTICATED');
    const admin = new CampaignClient(app.url, 'gRPC-Web', await issuer.ofOperator('coupon:admin'));
    expect((await admin.create()).outcome).toBe('OK');
  });
});

function eventsOf(userId: number): string {
  return `/api/coupons/${couponId}/reservations/${userId}/events`;
}

async function ticketFor(userId: number): Promise<string> {
  const headers = { authorization: `Bearer ${await issuer.ofUser(userId)}` };
  await api.call(`/api/coupons/${couponId}/reserve`, { method: 'POST', body: {}, headers });
  const answer = await api.call<{ ticket: string; expiresAt: string }>(`${eventsOf(userId)}-ticket`, {
    method: 'POST',
    headers,
  });
  expect(answer.status).toBe(200);
  return answer.body.ticket;
}

describe('the stream of events', () => {
  const [mine = 0, other = 0] = newUserIds(2);

  it('opens with a ticket for it in the query, and with no other', async () => {
    const [ofMine, ofOther] = [await ticketFor(mine), await ticketFor(other)];
    const events = await fetch(`${app.url}${eventsOf(mine)}?ticket=${ofMine}`);
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    expect(await events.text()).toContain(`"userId":${mine},"`);

    const forged = `${ofMine.slice(0, -2)}AA`;
    for (const ticket of [ofOther, forged, '', 'x', `${ofMine}&ticket=${ofMine}`]) {
      expect((await fetch(`${app.url}${eventsOf(mine)}?ticket=${ticket}`)).status).toBe(401);
    }
    // It is for the stream alone.
    const elsewhere = await api.call(`/api/coupons/${couponId}/reservations/${mine}?wait=0&ticket=${ofMine}`);
    expect(elsewhere.status).toBe(401);
    expect((await api.call(`${eventsOf(mine)}-ticket`, { method: 'POST' })).status).toBe(401);
  });
});
