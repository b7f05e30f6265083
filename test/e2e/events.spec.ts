import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { CloudEvent } from '../../src/events/cloud-event.js';
import { EVENT_TYPES } from '../../src/events/told-event.js';
import { ApiClient } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import type { TestDatabase } from '../support/database.js';
import { EventSchemas } from '../support/event-schemas.js';
import { inParallel } from '../support/in-parallel.js';
import { numbersTo } from '../support/numbers-to.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { Shop } from '../support/shop.js';
import { time } from '../support/times.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** P12 from one end to the other: what a webhook is told of what callers do, as docs/events describes it. */

const BATCH = 4;
const SOLD_OUT = 'firstcome.coupon.sold-out';
/** Fields of items that are there only where there is something to say. */
const MAY_BE_MISSING: Readonly<Record<string, readonly string[]>> = {
  'firstcome.coupon.issued': ['userCouponId', 'code'],
  'firstcome.coupon.failed': ['reason'],
  'firstcome.coupon.revoked': ['userCouponId', 'code', 'issuedAt'],
  'firstcome.coupon.changed': ['usableDays', 'usableUntil', 'isRedeemable'],
  'firstcome.coupon.used': ['userId', 'code'],
};

const schemas = new EventSchemas();
/** The subjects of which something has happened. */
const subjects = new Set<string>();

let database: TestDatabase;
let api: ApiClient;
let shop: Shop;
let receiver: WebhookReceiver;
let secret: string;

beforeAll(async () => {
  const own = await openOwnServers('events');
  const env = { DATABASE_URL: own.servers.databaseUrl, REDIS_URL: own.servers.redisUrl };
  const app = await startApp({ env: { ...env, ...PATIENT, COUPON_ISSUANCE_BATCH_SIZE: String(BATCH) } });
  database = own.database;
  api = new ApiClient(app.url);
  shop = new Shop(api, database);
  receiver = await WebhookReceiver.open();
  await database.change('CREATE TABLE refused_users (user_id BIGINT PRIMARY KEY)');
  await database.change(`CREATE TRIGGER refuse_user BEFORE INSERT ON user_coupons FOR EACH ROW
    IF EXISTS (SELECT 1 FROM refused_users WHERE user_id = NEW.user_id) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one';
    END IF`);
  const webhook = { url: receiver.url, eventTypes: EVENT_TYPES };
  const answer = await api.call<{ secret: string }>('/api/webhooks', { method: 'POST', body: webhook, isAdmin: true });
  expect(answer.status).toBe(201);
  secret = answer.body.secret;
});

/** What came of a subject, as one who leaves out what is not above the last sequence sees it. */
function toldOf(subject: string): CloudEvent[] {
  let last = 0;
  return receiver.received.flatMap(({ event }) => {
    if (event.subject !== subject || Number(event.sequence) <= last) return [];
    last = Number(event.sequence);
    return [event];
  });
}

/** All that is told of a subject, up to the first `count` events that are of this type. */
async function toldUntil(subject: string, type: string, count = 1): Promise<CloudEvent[]> {
  subjects.add(subject);
  return await eventually(() => {
    const told = toldOf(subject);
    expect(told.filter((event) => event.type === type)).toHaveLength(count);
    return told;
  });
}

function typesOf(events: readonly CloudEvent[]): string[] {
  return events.map(({ type }) => type.replace('firstcome.', ''));
}

interface Numbered {
  readonly sequenceNumber: number;
}

/** What these events say of users, lowest number first. */
function itemsOf(events: readonly CloudEvent[]): Numbered[] {
  return byNumber(events.flatMap(({ data }) => data['items'] as Numbered[]));
}

function byNumber<T extends Numbered>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
}

/** The users, lowest number first, as an event has them when it says what the API says. */
async function holders(couponId: number, userIds: readonly number[]): Promise<Numbered[]> {
  const items = await inParallel(userIds, async (userId) => {
    const { status, sequenceNumber, userCouponId, code, issuedAt } = (await api.reservation(couponId, userId)).body;
    expect(status).toBe('ISSUED');
    return { userId, sequenceNumber, userCouponId, ...(code !== null && { code }), issuedAt };
  });
  return byNumber(items);
}

describe('a coupon', () => {
  it('that sells out: its holders batch by batch, then that it is sold out; again when the total was raised', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 10, codeFormat: 'alphanumeric' });
    const subject = `coupons/${couponId}`;
    const userIds = newUserIds(15);
    const answers = await inParallel(userIds, (userId) => api.issue(couponId, userId));
    const winners = userIds.filter((_, index) => answers[index]?.status === 200);
    expect(winners).toHaveLength(10);
    const drop = await toldUntil(subject, SOLD_OUT);
    expect(drop.length).toBeGreaterThan(10 / BATCH);
    expect(new Set(typesOf(drop.slice(0, -1)))).toEqual(new Set(['coupon.issued']));
    expect(drop.at(-1)?.data).toEqual({ couponId, items: [] });
    expect(itemsOf(drop)).toEqual(await holders(couponId, winners));
    expect(itemsOf(drop)[0]).toMatchObject({
      code: expect.stringMatching(/^\w{12}$/),
      userCouponId: expect.any(Number),
    });

    const { body } = await api.patchCoupon(couponId, { totalQuantity: 11, name: '한 장 더' });
    const late = newUserId();
    expect(await api.issue(couponId, late)).toMatchObject({ status: 200 });
    const [changed, ...again] = (await toldUntil(subject, SOLD_OUT, 2)).slice(drop.length);
    const { name, totalQuantity, startsAt, expiresAt, isActive, usableDays, usableUntil, isRedeemable } = body;
    const window = { startsAt, expiresAt, usableDays, usableUntil, isActive, isRedeemable };
    expect(changed?.data).toEqual({ couponId, name, totalQuantity, ...window, items: [] });
    expect(typesOf(again)).toEqual(['coupon.issued', 'coupon.sold-out']);
    expect(itemsOf(again)).toEqual(await holders(couponId, [late]));
  });

  it('whose row the database refuses: who failed and why, and that a retry was issued', async () => {
    const { couponId } = await api.createCoupon();
    const subject = `coupons/${couponId}`;
    const userId = newUserId();
    await database.change('INSERT INTO refused_users (user_id) VALUES (?)', [userId]);
    const { body } = await api.reserve(couponId, userId);
    const [failed] = await toldUntil(subject, 'firstcome.coupon.failed');
    const { sequenceNumber } = body;
    const item = { userId, sequenceNumber, reason: 'REFUSED_BY_DATABASE', failedAt: failed?.time };
    expect(failed?.data).toEqual({ couponId, items: [item] });
    const [failure] = (await api.failures(couponId)).body.failures;
    expect(failure).toMatchObject(item);

    await database.change('DELETE FROM refused_users');
    expect(await api.retry(couponId, failure?.failureId ?? 0)).toMatchObject({ status: 200 });
    const [, issued] = await toldUntil(subject, 'firstcome.coupon.issued');
    expect(issued?.data).toEqual({ couponId, items: await holders(couponId, [userId]) });
    expect(itemsOf([issued as CloudEvent])[0]?.sequenceNumber).toBeGreaterThan(sequenceNumber);
  });

  it('that is taken back: from whom and why, then that the slots were issued again', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 2, codeFormat: 'hangul' });
    const userIds = newUserIds(2);
    expect((await api.grant(couponId, userIds)).body.issued).toEqual(userIds);
    const reason = '잘못 발급됨';
    expect(await api.revoke(couponId, { userIds, reason, returnSlots: true })).toMatchObject({ status: 200 });
    expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
    expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
    const told = await toldUntil(`coupons/${couponId}`, SOLD_OUT, 2);
    const revoked = told.filter(({ type }) => type === 'firstcome.coupon.revoked');
    const expected = (await holders(couponId, userIds)).map((item) => ({
      ...item,
      reason,
      revokedAt: revoked[0]?.time,
    }));
    expect(revoked.map(({ data }) => data)).toEqual([{ couponId, items: expect.arrayContaining(expected) }]);
  });

  it('of the lock strategy: each holder, then that it is sold out', async () => {
    const { couponId } = await api.createCoupon({ strategy: 'lock', totalQuantity: 2 });
    const userIds = newUserIds(2);
    for (const userId of userIds) expect(await api.issue(couponId, userId)).toMatchObject({ status: 200 });
    const told = await toldUntil(`coupons/${couponId}`, SOLD_OUT);
    expect(typesOf(told)).toEqual(['coupon.issued', 'coupon.issued', 'coupon.sold-out']);
    expect(itemsOf(told)).toEqual(await holders(couponId, userIds));
  });
});

describe('an order', () => {
  it('that is paid with a coupon: that this is used, then that the order is paid', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 3000 })];
    const { couponId } = await api.createCoupon({ codeFormat: 'hangul' });
    expect(await api.issue(couponId, userId)).toMatchObject({ status: 200 });
    const [held] = itemsOf(await toldUntil(`coupons/${couponId}`, 'firstcome.coupon.issued'));
    const orderId = await shop.order(userId, [{ productId, quantity: 2 }], couponId);
    const { orderNumber } = (await shop.showOrder(orderId)).body;
    const { paidAmount, paidAt } = (await shop.pay(orderId, userId)).body;
    const told = await toldUntil(`orders/${orderNumber}`, 'firstcome.order.paid');
    expect(told.map(({ type, sequence, time: at, data }) => ({ type, sequence, at, data }))).toEqual([
      {
        type: 'firstcome.coupon.used',
        sequence: '1',
        at: paidAt,
        data: { couponId, items: [{ ...held, usedAt: paidAt, orderNumber }] },
      },
      {
        type: 'firstcome.order.paid',
        sequence: '2',
        at: paidAt,
        data: { orderId, orderNumber, userId, paidAmount, paidAt, items: [{ productId, quantity: 2 }] },
      },
    ]);
    expect(paidAmount).toBe(5000);
  });

  it('that is refunded: that it is paid, then that it is refunded', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 3000 })];
    const orderId = await shop.order(userId, [{ productId, quantity: 2 }]);
    const { paidAmount, paidAt } = (await shop.pay(orderId, userId)).body;
    const { orderNumber, refundedAt, refundedAmount } = (await shop.cancel(orderId, userId)).body;
    const told = await toldUntil(`orders/${orderNumber}`, 'firstcome.order.refunded');
    expect(typesOf(told)).toEqual(['order.paid', 'order.refunded']);
    const paid = { orderId, orderNumber, userId, paidAmount, paidAt, items: [{ productId, quantity: 2 }] };
    expect(told.map(({ data }) => data)).toEqual([paid, { ...paid, refundedAmount, refundedAt }]);
    expect(told[1]?.time).toBe(refundedAt);
    expect(refundedAmount).toBe(6000);
  });

  it('that is cancelled before it is paid: nothing', async () => {
    const [userId, productId] = [await shop.user(), await shop.product()];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect((await shop.cancel(orderId, userId)).status).toBe(200);
  });

  it('that is paid without one: that it is paid', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product()];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    await shop.pay(orderId, userId);
    const { orderNumber } = (await shop.showOrder(orderId)).body;
    const told = await toldUntil(`orders/${orderNumber}`, 'firstcome.order.paid');
    expect(typesOf(told)).toEqual(['order.paid']);
  });
});

describe('all of this', () => {
  it('is told as the schemas say, and nothing else is told', async () => {
    await eventually(async () => {
      expect(await database.rows('SELECT subject FROM outbox WHERE is_dispatched = FALSE')).toEqual([]);
      expect(await database.rows('SELECT subject FROM outbox_progress')).toEqual([]);
    });
    expect(new Set(receiver.received.map(({ event }) => event.subject))).toEqual(subjects);
    for (const subject of subjects) {
      const told = toldOf(subject);
      expect(told.map(({ sequence }) => Number(sequence))).toEqual(numbersTo(told.length));
      for (const event of told) {
        expect(event).toMatchObject({ id: `${subject}/${event.sequence}`, time });
        expect({ event, problems: schemas.problemsOf(event) }).toEqual({ event, problems: [] });
      }
    }
  });

  it.each(EVENT_TYPES)('%s: its schema refuses an event with a field less, or more', (type) => {
    const event = receiver.received.find((each) => each.event.type === type)?.event as CloudEvent;
    expect(event).toBeDefined();
    const variants = [...variantsOf(event)] as Array<[string, CloudEvent]>;
    expect(variants.length).toBeGreaterThan(Object.keys(event).length);
    const accepted = variants.filter(([, variant]) => schemas.problemsOf(variant).length === 0);
    expect(new Set(accepted.map(([field]) => field))).toEqual(new Set(MAY_BE_MISSING[type]));
  });
});

describe('docs/events/README.md', () => {
  const text = readFileSync(new URL('../../docs/events/README.md', import.meta.url), 'utf8');

  it('shows one event of each type, as its schema says', () => {
    const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json) as CloudEvent);
    expect(examples.map(({ type }) => type)).toEqual(EVENT_TYPES);
    expect(examples.flatMap((event) => schemas.problemsOf(event))).toEqual([]);
  });

  it('shows how a receiver finds out that a request is ours, and as it was sent', async () => {
    const code = /```js\n(.*?)```/s.exec(text)?.[1] ?? '';
    const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    expect(receiver.received.map(({ headers, text: body }) => isGenuine(headers, body, secret))).not.toContain(false);
    const [{ headers, text: body } = { headers: {}, text: '' }] = receiver.received;
    expect(isGenuine(headers, body, secret)).toBe(true);
    expect(isGenuine(headers, `${body} `, secret)).toBe(false);
    expect(isGenuine(headers, body, `whsec_${Buffer.alloc(32).toString('base64')}`)).toBe(false);
    expect(isGenuine({ ...headers, 'webhook-id': 'coupons/1/7' }, body, secret)).toBe(false);
    expect(isGenuine({ ...headers, 'webhook-timestamp': '1' }, body, secret)).toBe(false);
  });
});

/** The event with a field less, for each field in it, and with a field more, for each object in it; named by that field. */
function* variantsOf(value: unknown): Generator<[field: string, variant: unknown]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      for (const [field, variant] of variantsOf(item)) yield [field, value.with(index, variant)];
  } else if (typeof value === 'object' && value !== null) {
    yield ['more', { ...value, more: true }];
    for (const [key, item] of Object.entries(value)) {
      yield [key, Object.fromEntries(Object.entries(value).filter(([field]) => field !== key))];
      for (const [field, variant] of variantsOf(item)) yield [field, { ...value, [key]: variant }];
    }
  }
}
