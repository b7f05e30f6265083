import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { type Answer, ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { type DescribedCall, describedCalls } from '../support/described-calls.js';
import { inParallel } from '../support/in-parallel.js';
import { runCommand } from '../support/run-command.js';
import { newUserId } from '../support/unique-ids.js';

const KEYS = fileURLToPath(new URL('../../scripts/keys.mjs', import.meta.url));
const ROLES = ['viewer', 'operator', 'admin'] as const;
type Role = (typeof ROLES)[number];

/** Which role each call of operators needs; a call that is not here fails the test, and so does one that is not there. */
const NEEDED: Readonly<Record<string, Role>> = {
  'POST /api/coupons': 'admin',
  'PATCH /api/coupons/{couponId}': 'operator',
  'GET /api/coupons/{couponId}/audit': 'operator',
  'POST /api/coupons/{couponId}/rebuild': 'operator',
  'GET /api/coupons/{couponId}/failures': 'viewer',
  'GET /api/coupons/{couponId}/user-coupons': 'viewer',
  'POST /api/coupons/{couponId}/failures/retry': 'operator',
  'GET /api/coupons/{couponId}/user-coupons.csv': 'viewer',
  'POST /api/coupons/{couponId}/failures/{failureId}/retry': 'operator',
  'POST /api/coupons/{couponId}/grants': 'operator',
  'POST /api/coupons/{couponId}/revocations': 'operator',
  'POST /api/webhooks': 'admin',
  'GET /api/webhooks': 'viewer',
  'GET /api/webhooks/{webhookId}': 'viewer',
  'PATCH /api/webhooks/{webhookId}': 'admin',
  'DELETE /api/webhooks/{webhookId}': 'admin',
  'POST /api/webhooks/{webhookId}/rotate-secret': 'admin',
  'POST /api/webhooks/{webhookId}/test': 'admin',
  'GET /api/webhooks/{webhookId}/deliveries': 'viewer',
  'POST /api/webhooks/{webhookId}/deliveries/{deliveryId}/replay': 'operator',
  'GET /api/admin/actions': 'viewer',
  'GET /api/balances/audit': 'operator',
  'PUT /api/users/{userId}': 'admin',
  'POST /api/users/import': 'admin',
  'PUT /api/products/{productId}': 'admin',
  'POST /api/products/{productId}/stock': 'admin',
  'POST /api/products/import': 'admin',
};

let app: AppProcess;
let api: ApiClient;
let calls: DescribedCall[];
let couponId: number;
const keys = new Map<Role, string>();

beforeAll(async () => {
  const configured = [];
  for (const role of ROLES) {
    const { code, all } = await runCommand(KEYS, ['create', `tester-${role}`, '--role', role], {});
    expect(code).toBe(0);
    keys.set(role, /fc_[\w-]{43}/.exec(all)?.[0] ?? '');
    configured.push(...(JSON.parse(/\[\{.*\}\]/.exec(all)?.[0] ?? '[]') as object[]));
  }
  app = await startApp({
    env: { ADMIN_KEYS: JSON.stringify(configured), LOG_LEVEL: 'info' },
    waitFor: '/health/ready',
  });
  api = new ApiClient(app.url);
  calls = (await describedCalls(app.url)).filter(({ needs }) => ROLES.some((role) => role === needs));
  ({ couponId } = await api.createCoupon());
});

function bearer(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/** A call that finds nothing and changes nothing, if it may be made at all. */
async function ask({ method, path, hasBody }: DescribedCall, key: string | undefined): Promise<Answer<unknown>> {
  return await api.call(path.replace(/\{\w+\}/g, '9007199254740991'), {
    method: method as 'GET',
    ...(hasBody && { body: {} }),
    headers: bearer(key),
  });
}

describe('the role', () => {
  it('of each call is the one that it should be', () => {
    expect(Object.fromEntries(calls.map(({ name, needs }) => [name, needs]))).toEqual(NEEDED);
  });

  it.each(ROLES)('%s may make the calls of its own and of those below, and no other', async (role) => {
    for (const call of calls) {
      const { status } = await ask(call, keys.get(role));
      const mayCall = ROLES.indexOf(role) >= ROLES.indexOf(call.needs as Role);
      expect([call.name, status === 403, status === 401]).toEqual([call.name, !mayCall, false]);
    }
  });

  it('is asked of everybody: without a key all are 401', async () => {
    const answers = await inParallel(calls, (call) => ask(call, undefined));
    expect(tally(answers)).toEqual({ '401 UNAUTHENTICATED': calls.length });
    expect(new Set(answers.map(({ headers }) => headers.get('www-authenticate')))).toEqual(new Set(['Bearer']));
  });

  it('operator pauses and resumes, and changes nothing else', async () => {
    const change = (body: object) =>
      api.call<{ isActive: boolean }>(`/api/coupons/${couponId}`, {
        method: 'PATCH',
        body,
        headers: bearer(keys.get('operator')),
      });
    expect(await change({ isActive: false })).toMatchObject({ status: 200, body: { isActive: false } });
    expect(await change({ isActive: true })).toMatchObject({ status: 200, body: { isActive: true } });
    for (const body of [{ name: 'x' }, { isActive: false, totalQuantity: 1 }, { expiresAt: null }, { nonsense: 1 }]) {
      expect(await change(body)).toMatchObject({ status: 403, error: 'FORBIDDEN' });
    }
    expect((await api.coupon(couponId)).body).toMatchObject({ isActive: true, totalQuantity: 100 });
  });
});

describe('keys that nobody has', () => {
  it('are 401, from the eleventh on 429, and never keep a right key out', async () => {
    const wrong = (index: number) => api.call('/api/webhooks', { headers: bearer(`wrong-${index}`) });
    const counted = await app.metric('firstcome_identity_wrong_keys_total');
    const answers = await inParallel(
      Array.from({ length: 100 }, (_, index) => index),
      wrong,
    );
    expect(tally(answers)).toEqual({ '401 UNAUTHENTICATED': 10, '429 RATE_LIMITED': 90 });
    for (const { status, headers } of answers) {
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      else expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
    expect((await api.call('/api/webhooks', { headers: bearer(keys.get('viewer')) })).status).toBe(200);
    expect((await api.call('/api/webhooks', { isAdmin: true })).status).toBe(200);
    // What looks like a token is none that was guessed.
    const forged = await inParallel(Array.from({ length: 20 }), () =>
      api.call('/api/webhooks', { headers: bearer('e30.e30.c2ln') }),
    );
    expect(tally(forged)).toEqual({ '401 UNAUTHENTICATED': 20 });
    expect(await app.metric('firstcome_identity_wrong_keys_total')).toBe(counted + 100);
    expect(app.logs.match(/had a key that nobody has/g)).toHaveLength(1);
    expect(app.logs).not.toContain('wrong-');
  });
});

interface ActionBody {
  readonly actionId: number;
  readonly actor: string;
  readonly action: string;
  readonly couponId: number | null;
  readonly before: object | null;
  readonly after: object | null;
  readonly outcome: string;
  readonly requestId: string;
}

async function actions(query: string): Promise<ActionBody[]> {
  const path = `/api/admin/actions?${query}`;
  const { status, body } = await api.call<{ actions: ActionBody[] }>(path, { headers: bearer(keys.get('viewer')) });
  expect(status).toBe(200);
  return body.actions;
}

describe('the trace', () => {
  it('has who changed what of a coupon, from what to what, the newest first', async () => {
    const { couponId: id } = await api.createCoupon({ totalQuantity: 10 });
    const headers = { ...bearer(keys.get('operator')), 'x-request-id': `trace-${id}` };
    const patch = (body: object) => api.call(`/api/coupons/${id}`, { method: 'PATCH', body, headers });
    await patch({ isActive: false });
    await patch({ isActive: true });
    await api.call(`/api/coupons/${id}/rebuild`, { method: 'POST', headers });
    // What is refused changes nothing; what is noted before it begins says how it ended.
    await api.patchCoupon(id, { startsAt: '2999-01-01T00:00:00Z' });
    await api.call(`/api/coupons/${id}/failures/1/retry`, { method: 'POST', headers });

    const told = await actions(`couponId=${id}`);
    expect(told.map(({ actor, action, outcome }) => `${actor} ${action} ${outcome}`)).toEqual([
      'tester-operator failure.retry REFUSED',
      'tester-operator coupon.rebuild DONE',
      'tester-operator coupon.change DONE',
      'tester-operator coupon.change DONE',
      'token coupon.create DONE',
    ]);
    expect(told[0]).toMatchObject({ couponId: id, after: { code: 'FAILURE_NOT_FOUND' }, requestId: `trace-${id}` });
    expect(told[3]).toMatchObject({ before: { isActive: true }, after: { isActive: false } });
    expect(told[4]).toMatchObject({ before: null, after: { totalQuantity: 10 } });
    expect(app.logs.match(new RegExp(`coupons/${id} DONE`, 'g'))).toHaveLength(4);

    const [newest] = await actions(`couponId=${id}&limit=1`);
    expect(newest?.actionId).toBe(told[0]?.actionId);
    expect(await actions(`couponId=${id}&actor=token`)).toEqual([told[4]]);
    expect(await actions(`couponId=${id}&actor=somebody`)).toEqual([]);
  });

  it('is read page by page, and holds no secret of a webhook', async () => {
    const url = 'http://127.0.0.1:9/hook?key=s3cret';
    const body = { url, eventTypes: ['firstcome.order.paid'] };
    const { body: hook } = await api.call<{ webhookId: number; secret: string }>('/api/webhooks', {
      method: 'POST',
      body,
      isAdmin: true,
    });
    const path = `/api/webhooks/${hook.webhookId}`;
    const rotated = await api.call<{ secret: string }>(`${path}/rotate-secret`, { method: 'POST', isAdmin: true });
    await api.call(path, { method: 'PATCH', body: { status: 'disabled' }, isAdmin: true });
    await api.call(path, { method: 'DELETE', isAdmin: true });

    const read: ActionBody[] = [];
    let cursor = '';
    do {
      const answer = await api.call<{ actions: ActionBody[]; nextCursor: string | null }>(
        `/api/admin/actions?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
        { isAdmin: true },
      );
      read.push(...answer.body.actions);
      cursor = answer.body.nextCursor ?? '';
    } while (cursor !== '' && read.length < 8);
    expect(read.slice(0, 4).map(({ action }) => action)).toEqual([
      'webhook.delete',
      'webhook.change',
      'webhook.rotate-secret',
      'webhook.create',
    ]);
    expect(new Set(read.map(({ actionId }) => actionId)).size).toBe(read.length);
    for (const secret of ['s3cret', hook.secret, rotated.body.secret]) {
      expect(JSON.stringify(read)).not.toContain(secret);
      expect(app.logs).not.toContain(secret);
    }
  });
});

describe('POST /api/coupons with an idempotency key', () => {
  const draft = {
    name: 'Once',
    totalQuantity: 3,
    discountRate: 10,
    startsAt: '2026-01-01T00:00:00Z',
    expiresAt: '2999-01-01T00:00:00Z',
    audience: 'anyone',
  };
  const create = (key: string, token = 'local-admin', body: object = draft) =>
    api.call<{ couponId: number }>('/api/coupons', {
      method: 'POST',
      body,
      headers: { ...bearer(token), 'idempotency-key': key },
    });

  it('creates one coupon, answers the same again, and knows a quoted key as the same', async () => {
    const key = `once-${newUserId()}`;
    const first = await create(key);
    expect(first.status).toBe(201);
    const again = [await create(key), await create(`"${key}"`)];
    for (const answer of again) {
      expect(answer).toMatchObject({ status: 201, body: first.body });
      expect(answer.headers.get('location')).toBe(`/api/coupons/${first.body.couponId}`);
    }
    expect(tally([await create(key, undefined, { ...draft, totalQuantity: 4 })])).toEqual({
      '422 IDEMPOTENCY_KEY_REUSED': 1,
    });
    expect((await api.reserve(first.body.couponId, newUserId())).status).toBe(200);
  });

  it('creates one when ten ask at once, and another one for another actor', async () => {
    const key = `race-${newUserId()}`;
    const answers = await inParallel(Array.from({ length: 10 }), () => create(key));
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.couponId));
    expect(ids.size).toBe(1);
    expect(answers.every(({ status, error }) => status === 201 || error === 'IDEMPOTENCY_IN_PROGRESS')).toBe(true);
    const others = await create(key, keys.get('admin'));
    expect(others.status).toBe(201);
    expect(ids.has(others.body.couponId)).toBe(false);
  });
});
