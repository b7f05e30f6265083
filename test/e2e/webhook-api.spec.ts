import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { DeliveryView, WebhookView } from '../../src/events/webhook/webhook-view.js';
import { type Answer, ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { BAD_ID_TEXTS } from '../support/bad-ids.js';
import { openDataSource } from '../support/database.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { eventsOf, idsOf, newSubject, TELLING_CONTENT, writeEvents } from '../support/told-events.js';
import { status, WebhookReceiver } from '../support/webhook-receiver.js';

/** The calls of /api/webhooks, against the built application. */

type SecretWebhook = WebhookView & { readonly secret: string };
type Problem = { readonly errors: ReadonlyArray<{ path: string; message: string }> };

const TYPES = ['firstcome.order.paid'];

let api: ApiClient;
/** Of an instance that lets webhooks lead to public addresses only. */
let strictApi: ApiClient;
let dataSource: DataSource;

beforeAll(async () => {
  const { servers } = await openOwnServers('webhook_api');
  dataSource = await openDataSource({ url: servers.databaseUrl });
  const env = { DATABASE_URL: servers.databaseUrl, REDIS_URL: servers.redisUrl, ...TELLING_CONTENT };
  const app = await startApp({ env });
  await eventually(async () => expect(await app.metric('firstcome_relay_leading')).toBe(1));
  // Which has to be the one that tells: the other one looks once, when it starts.
  const strict = await startApp({
    env: { ...env, WEBHOOKS_ALLOW_PRIVATE_ADDRESSES: 'false', OUTBOX_POLL_INTERVAL_MS: '60000' },
  });
  api = new ApiClient(app.url);
  strictApi = new ApiClient(strict.url);
});

function post<T>(path: string, body?: unknown, client = api): Promise<Answer<T>> {
  return client.call<T>(path, { method: 'POST', body, isAdmin: true });
}

async function register(receiver: WebhookReceiver): Promise<SecretWebhook> {
  const { status: code, body } = await post<SecretWebhook>('/api/webhooks', { url: receiver.url, eventTypes: TYPES });
  expect(code).toBe(201);
  return body;
}

async function list(query: string) {
  const answer = await api.call<{ webhooks: WebhookView[]; nextCursor: string | null }>(`/api/webhooks${query}`, {
    isAdmin: true,
  });
  return answer.body;
}

/** Those of the secrets that have signed the last request, in the order of its signatures. */
function signersOf({ received }: WebhookReceiver, secrets: string[]): string[] {
  const request = received.at(-1);
  if (request === undefined) throw new Error('nothing was received');
  const { headers, text } = request;
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`;
  return String(headers['webhook-signature'])
    .split(' ')
    .flatMap((signature) =>
      secrets.filter((secret) => {
        const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
        return signature === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
      }),
    );
}

describe('a webhook', () => {
  it('is created, shown, listed, changed and deleted; its secret is shown once', async () => {
    const receiver = await WebhookReceiver.open();
    const draft = {
      url: receiver.url,
      eventTypes: ['firstcome.coupon.issued', ...TYPES, ...TYPES],
      couponIds: [7, 7, 8],
    };
    const created = await post<SecretWebhook>('/api/webhooks', draft);
    expect(created.status).toBe(201);
    const { secret, ...webhook } = created.body;
    const path = `/api/webhooks/${webhook.webhookId}`;
    expect(created.headers.get('location')).toBe(path);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toEqual({
      webhookId: expect.any(Number),
      url: receiver.url,
      eventTypes: ['firstcome.coupon.issued', ...TYPES],
      couponIds: [7, 8],
      status: 'active',
      createdAt: expect.stringMatching(/Z$/),
    });

    expect((await api.call(path, { isAdmin: true })).body).toEqual(webhook);
    const second = await register(receiver);
    const firstPage = await list('?limit=1');
    expect(firstPage.webhooks.map(({ webhookId }) => webhookId)).toEqual([second.webhookId]);
    const secondPage = await list(`?limit=1&cursor=${firstPage.nextCursor}`);
    expect(secondPage).toEqual({ webhooks: [webhook], nextCursor: null });

    const change = async (body: unknown) => (await api.call(path, { method: 'PATCH', body, isAdmin: true })).body;
    expect(await change({ couponIds: [], status: 'disabled' })).toEqual({
      ...webhook,
      couponIds: null,
      status: 'disabled',
    });
    expect(await change({ eventTypes: TYPES, url: `${receiver.url}/2`, status: 'active' })).toEqual({
      ...webhook,
      couponIds: null,
      eventTypes: TYPES,
      url: `${receiver.url}/2`,
    });

    const remove = () => api.call(path, { method: 'DELETE', isAdmin: true });
    expect((await remove()).status).toBe(204);
    expect((await remove()).error).toBe('WEBHOOK_NOT_FOUND');
    expect((await api.call(path, { isAdmin: true })).error).toBe('WEBHOOK_NOT_FOUND');
  });

  it('is sent what it can verify, by either secret for as long as both are valid', async () => {
    const receiver = await WebhookReceiver.open();
    const { webhookId, secret } = await register(receiver);
    const subject = newSubject();
    await writeEvents(dataSource, eventsOf(subject, 1));
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(signersOf(receiver, [secret])).toEqual([secret]);

    const rotation = await post<SecretWebhook>(`/api/webhooks/${webhookId}/rotate-secret`);
    expect(rotation.status).toBe(200);
    const renewed = rotation.body.secret;
    expect(renewed).not.toBe(secret);
    await writeEvents(dataSource, eventsOf(subject, 1, { first: 2 }));
    await eventually(() => expect(receiver.received).toHaveLength(2));
    expect(signersOf(receiver, [secret, renewed])).toEqual([renewed, secret]);
  });

  it('is tested by an event of its own, and the caller is told how that ended', async () => {
    const receiver = await WebhookReceiver.open();
    const { webhookId } = await register(receiver);
    const test = () => post(`/api/webhooks/${webhookId}/test`);
    const { status: code, body } = await test();
    expect([code, body]).toEqual([200, { delivered: true, responseStatus: 204, error: null }]);
    expect(receiver.received[0]?.event).toMatchObject({ type: 'firstcome.webhook.test', data: { webhookId } });

    const elsewhere = await WebhookReceiver.open();
    receiver.answers(status(302, { location: elsewhere.url }));
    expect((await test()).body).toEqual({ delivered: false, responseStatus: 302, error: 'answered 302' });
    expect(elsewhere.received).toEqual([]);
    await receiver.vanish();
    expect((await test()).body).toMatchObject({ delivered: false, responseStatus: null });
  });

  it('may answer at length: no more is read than is needed', async () => {
    const receiver = await WebhookReceiver.open();
    const { webhookId } = await register(receiver);
    receiver.answers((response) => {
      response.writeHead(200);
      response.write('x'.repeat(1_000_000));
    });
    expect((await post(`/api/webhooks/${webhookId}/test`)).body).toMatchObject({
      delivered: true,
      responseStatus: 200,
    });
  });
});

async function deliveries(webhookId: number, query = '') {
  const answer = await api.call<{ deliveries: DeliveryView[]; nextCursor: string | null }>(
    `/api/webhooks/${webhookId}/deliveries${query}`,
    { isAdmin: true },
  );
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('the deliveries', () => {
  it('are listed in pages and by their state, and replayed', async () => {
    const receiver = await WebhookReceiver.open();
    const { webhookId } = await register(receiver);
    receiver.answers((response, { event }) => response.writeHead(event.sequence === '1' ? 200 : 500).end());
    const subject = newSubject();
    await writeEvents(dataSource, eventsOf(subject, 2));
    const pending = await eventually(async () => {
      const [delivery] = (await deliveries(webhookId, '?status=PENDING')).deliveries;
      expect(delivery?.attempts).toBeGreaterThan(0);
      return delivery;
    });
    expect(pending).toEqual({
      deliveryId: expect.any(Number),
      eventId: `${subject}/2`,
      eventType: 'firstcome.order.paid',
      subject,
      sequence: '2',
      status: 'PENDING',
      attempts: expect.any(Number),
      createdAt: expect.any(String),
      lastAttemptAt: expect.any(String),
      deliveredAt: null,
      nextAttemptAt: expect.any(String),
      responseStatus: 500,
      error: 'answered 500',
    });
    const firstPage = await deliveries(webhookId, '?limit=1');
    const secondPage = await deliveries(webhookId, `?limit=1&cursor=${firstPage.nextCursor}`);
    expect([...firstPage.deliveries, ...secondPage.deliveries].map(({ eventId }) => eventId)).toEqual(
      idsOf(eventsOf(subject, 2)).toReversed(),
    );
    expect(secondPage).toMatchObject({
      deliveries: [{ status: 'DELIVERED', attempts: 1, responseStatus: 200, error: null, nextAttemptAt: null }],
      nextCursor: null,
    });

    receiver.answers(status(204));
    const path = `/api/webhooks/${webhookId}/deliveries/${secondPage.deliveries[0]?.deliveryId}/replay`;
    const replay = await post<DeliveryView>(path);
    expect([replay.status, replay.body.status, replay.body.eventId]).toEqual([202, 'PENDING', `${subject}/1`]);
    await eventually(async () => expect((await deliveries(webhookId, '?status=PENDING')).deliveries).toEqual([]));
    expect(receiver.ids.filter((id) => id === `${subject}/1`)).toHaveLength(2);
    expect(receiver.ids.at(-1)).toBe(`${subject}/2`);
  });
});

describe('a wrong request', () => {
  const GOOD = { url: 'http://127.0.0.1:9/hook', eventTypes: TYPES };

  it.each([
    [{ ...GOOD, url: undefined }, 'url'],
    [{ ...GOOD, url: '' }, 'url'],
    [{ ...GOOD, url: 7 }, 'url'],
    [{ ...GOOD, url: 'nonsense' }, 'url'],
    [{ ...GOOD, url: 'file:///etc/passwd' }, 'url'],
    [{ ...GOOD, url: 'http://user:secret@127.0.0.1/' }, 'url'],
    [{ ...GOOD, url: 'http://127.0.0.1/#here' }, 'url'],
    [{ ...GOOD, url: `http://127.0.0.1/${'x'.repeat(2048)}` }, 'url'],
    [{ ...GOOD, url: 'http://169.254.169.254/latest/meta-data' }, 'url'],
    [{ ...GOOD, url: 'http://[fe80::1]/' }, 'url'],
    [{ ...GOOD, url: 'http://0.0.0.0/' }, 'url'],
    [{ ...GOOD, eventTypes: [] }, 'eventTypes'],
    [{ ...GOOD, eventTypes: undefined }, 'eventTypes'],
    [{ ...GOOD, eventTypes: 'firstcome.order.paid' }, 'eventTypes'],
    [{ ...GOOD, eventTypes: ['firstcome.order.eaten'] }, 'eventTypes.0'],
    [{ ...GOOD, couponIds: [0] }, 'couponIds.0'],
    [{ ...GOOD, couponIds: 7 }, 'couponIds'],
    [{ ...GOOD, secret: 'whsec_mine' }, 'secret'],
    [{ ...GOOD, status: 'disabled' }, 'status'],
  ])('to create %j is told what is wrong', async (body, path) => {
    const answer = await post<Problem>('/api/webhooks', body);
    expect([answer.status, answer.error]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.errors.map((issue) => issue.path)).toEqual([path]);
  });

  it.each([
    [{}, 'body'],
    [{ status: null }, 'body'],
    [{ status: 'asleep' }, 'status'],
    [{ url: 'http://[::]/' }, 'url'],
    [{ couponIds: ['7'] }, 'couponIds.0'],
    [{ status: 'active', webhookId: 8 }, 'webhookId'],
  ])('to change something to %j is told what is wrong', async (body, path) => {
    const answer = await api.call<Problem>('/api/webhooks/1', { method: 'PATCH', body, isAdmin: true });
    expect([answer.status, answer.error]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.errors.map((issue) => issue.path)).toEqual([path]);
  });

  it('about what there is not is answered 404', async () => {
    const { webhookId } = await register(await WebhookReceiver.open());
    const codes = [
      await api.call('/api/webhooks/987654321', { isAdmin: true }),
      await api.call('/api/webhooks/987654321', { method: 'PATCH', body: { status: 'active' }, isAdmin: true }),
      await api.call('/api/webhooks/987654321', { method: 'DELETE', isAdmin: true }),
      await post('/api/webhooks/987654321/test'),
      await post('/api/webhooks/987654321/rotate-secret'),
      await api.call('/api/webhooks/987654321/deliveries', { isAdmin: true }),
      await post('/api/webhooks/987654321/deliveries/1/replay'),
      await post(`/api/webhooks/${webhookId}/deliveries/987654321/replay`),
    ].map(({ status: code, error }) => `${code} ${error}`);
    expect(codes).toEqual([...Array<string>(7).fill('404 WEBHOOK_NOT_FOUND'), '404 DELIVERY_NOT_FOUND']);
  });

  it('with an id, a state or a cursor that is none is answered 400', async () => {
    const paths = [
      ...BAD_ID_TEXTS.map((id) => `/api/webhooks/${id}`),
      '/api/webhooks?cursor=nonsense',
      '/api/webhooks?limit=101',
      '/api/webhooks/1/deliveries?status=LOST',
      '/api/webhooks/1/deliveries?cursor=nonsense',
      '/api/webhooks/1/deliveries?order=up',
    ];
    for (const path of paths) {
      expect([path, (await api.call(path, { isAdmin: true })).error]).toEqual([path, 'VALIDATION_FAILED']);
    }
  });

  it('without the admin token is answered 401', async () => {
    const calls = [
      ['POST', '/api/webhooks'],
      ['GET', '/api/webhooks'],
      ['GET', '/api/webhooks/1'],
      ['PATCH', '/api/webhooks/1'],
      ['DELETE', '/api/webhooks/1'],
      ['POST', '/api/webhooks/1/test'],
      ['POST', '/api/webhooks/1/rotate-secret'],
      ['GET', '/api/webhooks/1/deliveries'],
      ['POST', '/api/webhooks/1/deliveries/1/replay'],
    ] as const;
    for (const [method, path] of calls) {
      expect([method, path, (await api.call(path, { method })).error]).toEqual([method, path, 'UNAUTHENTICATED']);
    }
  });
});

describe('where private addresses are not allowed', () => {
  it.each([
    'http://127.0.0.1:9/',
    'http://localhost:9/',
    'http://[::1]:9/',
    'http://[::ffff:10.0.0.1]/',
    'http://10.0.0.1/',
  ])('no webhook is registered for %s', async (url) => {
    const answer = await post<Problem>('/api/webhooks', { url, eventTypes: TYPES }, strictApi);
    expect([answer.status, answer.error]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.errors[0]?.path).toBe('url');
    expect(answer.body.errors[0]?.message).toContain('public addresses only');
  });

  it.each(['127.0.0.1', 'localhost'])('nothing is sent to %s, which was registered elsewhere', async (host) => {
    const receiver = await WebhookReceiver.open();
    const url = receiver.url.replace('127.0.0.1', host);
    const { body } = await post<SecretWebhook>('/api/webhooks', { url, eventTypes: TYPES });
    const test = await post<{ delivered: boolean; error: string }>(
      `/api/webhooks/${body.webhookId}/test`,
      undefined,
      strictApi,
    );
    expect(test.body.delivered).toBe(false);
    expect(test.body.error).toMatch(/not allowed$/);
    expect(receiver.received).toEqual([]);
  });
});
