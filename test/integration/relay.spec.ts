import { beforeAll, describe, expect, it } from '@jest/globals';
import { CONFIG } from '../../src/platform/config/config.module.js';
import { Outbox } from '../../src/events/outbox.js';
import { ForgetToldEventsJob } from '../../src/events/relay/forget-told-events.job.js';
import { LeaseLostError, RelayLease } from '../../src/events/relay/relay-lease.service.js';
import { WebhookDeliveryService } from '../../src/events/webhook/webhook-delivery.service.js';
import type { WebhookDraft } from '../../src/events/webhook/webhook.schemas.js';
import { WebhookService } from '../../src/events/webhook/webhook.service.js';
import type { EventsConfig } from '../../src/events/events.config.js';
import { eventually } from '../support/poll.js';
import { eventsOf, idsOf, newSubject, tellContent, writeEvents } from '../support/told-events.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { status, WebhookReceiver } from '../support/webhook-receiver.js';
import { TESTER } from '../support/actor.js';

/** P12, with two instances of which one tells: what is told to whom, in which order, and how often. */

const DAY_MS = 86_400_000;

/** Longer than a receiver takes that answers, also on a busy machine: what is told is then told once. */
const TIMEOUT_MS = 5000;

let world: TwoInstances;

beforeAll(async () => {
  world = await openTwoInstances('relay', {
    WEBHOOKS_TIMEOUT_MS: String(TIMEOUT_MS),
    OUTBOX_POLL_INTERVAL_MS: '20',
    // Nor does a term end before it should.
    OUTBOX_LEASE_MS: '60000',
  });
  for (const instance of [world.one, world.other]) tellContent(instance.get(Outbox));
});

interface Registered {
  readonly receiver: WebhookReceiver;
  readonly webhookId: number;
}

async function register(draft: Partial<WebhookDraft> = {}): Promise<Registered> {
  const receiver = await WebhookReceiver.open();
  const { webhookId } = await world.one
    .get(WebhookService)
    .create({ url: receiver.url, eventTypes: ['firstcome.order.paid'], couponIds: null, ...draft }, TESTER);
  return { receiver, webhookId };
}

async function write(...events: Parameters<typeof writeEvents>[1]): Promise<void> {
  await writeEvents(world.dataSource, events);
}

/** Of one subject, in the order in which they came. */
function toldOf(subject: string, { receiver }: Registered): string[] {
  return receiver.ids.filter((id) => id.startsWith(`${subject}/`));
}

async function pendingOf(webhookId: number): Promise<number> {
  const { count } = await world.database.row<{ count: number }>(
    `SELECT COUNT(*) AS count FROM outbox_deliveries WHERE sink = ? AND status = 'PENDING'`,
    [`webhook:${webhookId}`],
  );
  return count;
}

/** Has what failed be tried again now. */
async function makeDue(webhookId: number): Promise<void> {
  await world.database.change('UPDATE outbox_progress SET next_attempt_at = UTC_TIMESTAMP(3) WHERE sink = ?', [
    `webhook:${webhookId}`,
  ]);
}

async function leader(): Promise<RelayLease> {
  return await eventually(() => {
    const leading = [world.one, world.other]
      .map((instance) => instance.get(RelayLease))
      .filter(({ term }) => term !== undefined);
    expect(leading).toHaveLength(1);
    return leading[0] as RelayLease;
  });
}

describe('what was written', () => {
  it('is told once to each webhook that wants it, those of a subject in their order, by two instances', async () => {
    const all = await register();
    const ofCoupon = await register({ couponIds: [4242] });
    const ofOtherType = await register({ eventTypes: ['firstcome.coupon.changed'] });
    const subjects = Array.from({ length: 20 }, newSubject);
    const events = subjects.flatMap((subject) =>
      eventsOf(subject, 5, { couponId: subject === subjects[0] ? 4242 : 1 }),
    );
    await write(...events);
    await eventually(() => expect(all.receiver.received).toHaveLength(events.length));
    await eventually(async () => expect(await pendingOf(all.webhookId)).toBe(0));
    for (const subject of subjects) expect(toldOf(subject, all)).toEqual(idsOf(eventsOf(subject, 5)));
    expect(ofCoupon.receiver.ids).toEqual(idsOf(eventsOf(subjects[0] ?? '', 5)));
    expect(ofOtherType.receiver.received).toEqual([]);
    await leader();
  });

  it('is a CloudEvent', async () => {
    const { receiver } = await register();
    const [event] = eventsOf(newSubject(), 1);
    await write(...eventsOf(event?.subject ?? '', 1, { occurredAt: event?.occurredAt ?? new Date() }));
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'webhook-id': `${event?.subject}/1`,
    });
    expect(receiver.received[0]?.event).toEqual({
      specversion: '1.0',
      id: `${event?.subject}/1`,
      source: '/firstcome',
      type: 'firstcome.order.paid',
      subject: event?.subject,
      sequence: '1',
      time: event?.occurredAt.toISOString(),
      datacontenttype: 'application/json',
      data: { told: 1 },
    });
  });

  it('before a webhook was registered is not told to it', async () => {
    const first = await register();
    const subject = newSubject();
    await write(...eventsOf(subject, 1));
    await eventually(() => expect(first.receiver.received).toHaveLength(1));
    const second = await register();
    await write(...eventsOf(subject, 1, { first: 2 }));
    await eventually(() => expect(second.receiver.ids).toEqual([`${subject}/2`]));
    await eventually(() => expect(first.receiver.ids).toEqual([`${subject}/1`, `${subject}/2`]));
  });

  it('and cannot be described delays its own subject only', async () => {
    const webhook = await register();
    const [poisoned, healthy] = [newSubject(), newSubject()];
    for (const instance of [world.one, world.other]) {
      instance.get(Outbox).describe('firstcome.order.paid', (event) => {
        if (event.subject === poisoned) throw new Error('what it names is gone');
        return Promise.resolve({ told: event.position });
      });
    }
    await write(...eventsOf(poisoned, 2), ...eventsOf(healthy, 2));
    await eventually(() => expect(webhook.receiver.ids).toEqual(idsOf(eventsOf(healthy, 2))));
    await eventually(async () => {
      const { deliveries } = await list(webhook.webhookId, 'PENDING');
      expect(deliveries.map(({ error }) => error)).toEqual([null, 'cannot be described: what it names is gone']);
    });
    for (const instance of [world.one, world.other]) tellContent(instance.get(Outbox));
    await makeDue(webhook.webhookId);
    await eventually(() => expect(toldOf(poisoned, webhook)).toEqual(idsOf(eventsOf(poisoned, 2))));
  });
});

async function list(webhookId: number, state?: 'PENDING' | 'DELIVERED') {
  return await world.one.get(WebhookDeliveryService).list(webhookId, { status: state, cursor: undefined, limit: 100 });
}

describe('a webhook', () => {
  it.each([
    ['answers 500', 'answered 500', async (receiver: WebhookReceiver) => receiver.answers(status(500))],
    [
      'redirects',
      'answered 307',
      async (receiver: WebhookReceiver) => receiver.answers(status(307, { location: '/x' })),
    ],
    ['hangs', `no answer within ${TIMEOUT_MS} ms`, async (receiver: WebhookReceiver) => receiver.answers(() => {})],
    ['is gone', /ECONNREFUSED/, (receiver: WebhookReceiver) => receiver.vanish()],
  ])('that %s gets everything in order when it is back, and delays no other', async (_what, error, fail) => {
    const [bad, good] = [await register(), await register()];
    await fail(bad.receiver);
    const subjects = [newSubject(), newSubject()];
    const events = subjects.flatMap((subject) => eventsOf(subject, 3));
    await write(...events);
    await eventually(() => expect(good.receiver.received).toHaveLength(events.length));
    await eventually(async () => {
      const { deliveries } = await list(bad.webhookId);
      const firsts = deliveries.filter(({ sequence }) => sequence === '1');
      for (const { attempts, error: said, nextAttemptAt } of firsts) {
        expect(attempts).toBeGreaterThan(0);
        expect(said).toEqual(typeof error === 'string' ? error : expect.stringMatching(error));
        expect(nextAttemptAt).toBeInstanceOf(Date);
      }
      expect(firsts).toHaveLength(2);
    });
    expect(await pendingOf(bad.webhookId)).toBe(events.length);
    bad.receiver.received.length = 0;
    bad.receiver.answers(status(204));
    if (error instanceof RegExp) await bad.receiver.comeBack();
    await makeDue(bad.webhookId);
    await eventually(async () => expect(await pendingOf(bad.webhookId)).toBe(0));
    for (const subject of subjects) {
      expect([...new Set(toldOf(subject, bad))]).toEqual(idsOf(eventsOf(subject, 3)));
    }
    expect(bad.receiver.received.map(({ path }) => path)).not.toContain('/x');
  });

  it('is disabled after three days of failures, keeps what happens meanwhile, and is resumed by hand', async () => {
    const webhook = await register();
    const service = world.one.get(WebhookService);
    webhook.receiver.answers(status(503));
    const subject = newSubject();
    await write(...eventsOf(subject, 1));
    await eventually(async () => expect((await list(webhook.webhookId)).deliveries[0]?.attempts).toBeGreaterThan(0));
    expect((await service.get(webhook.webhookId)).status).toBe('active');
    await world.database.change(
      `UPDATE outbox_progress SET failing_since = UTC_TIMESTAMP(3) - INTERVAL 3 DAY, next_attempt_at = UTC_TIMESTAMP(3)
        WHERE sink = ?`,
      [`webhook:${webhook.webhookId}`],
    );
    await eventually(async () => expect((await service.get(webhook.webhookId)).status).toBe('disabled'));
    const attempts = webhook.receiver.received.length;
    webhook.receiver.answers(status(200));
    await write(...eventsOf(subject, 1, { first: 2 }));
    await makeDue(webhook.webhookId);
    await eventually(async () => expect(await pendingOf(webhook.webhookId)).toBe(2));
    const witness = await register();
    await write(...eventsOf(newSubject(), 1));
    await eventually(() => expect(witness.receiver.received).toHaveLength(1));
    expect(webhook.receiver.received).toHaveLength(attempts);

    await service.change(webhook.webhookId, { status: 'active' }, TESTER);
    await eventually(async () => expect(await pendingOf(webhook.webhookId)).toBe(0));
    expect(toldOf(subject, webhook).slice(attempts, attempts + 2)).toEqual(idsOf(eventsOf(subject, 2)));
  });

  it('that is deleted is told nothing more', async () => {
    const [gone, witness] = [await register(), await register()];
    await world.one.get(WebhookService).delete(gone.webhookId, TESTER);
    await write(...eventsOf(newSubject(), 1));
    await eventually(() => expect(witness.receiver.received).toHaveLength(1));
    expect(gone.receiver.received).toEqual([]);
  });
});

describe('a term', () => {
  it('that is over can note nothing more, and its holder learns so', async () => {
    const lease = await leader();
    const { term } = lease;
    if (term === undefined) throw new Error('nobody leads');
    await world.database.change(
      'UPDATE relay_leases SET token = token + 1, owner = ?, until_at = UTC_TIMESTAMP(3) WHERE id = 1',
      ['another'],
    );
    const subject = newSubject();
    await expect(
      lease.run(term, async (manager) => {
        await manager.query(
          `INSERT INTO outbox_progress (sink, subject, next_attempt_at) VALUES ('none', ?, UTC_TIMESTAMP(3))`,
          [subject],
        );
      }),
    ).rejects.toThrow(LeaseLostError);
    expect(await world.database.rows('SELECT 1 FROM outbox_progress WHERE subject = ?', [subject])).toEqual([]);
    expect(term.over.aborted).toBe(true);
    // The other one's has ended.
    const next = await leader();
    expect(next.term?.token).toBeGreaterThan(term.token);
  });
});

async function expectForgotten(gone: string[], kept: string[]): Promise<void> {
  const lease = await leader();
  const instance = lease === world.one.get(RelayLease) ? world.one : world.other;
  const { term } = lease;
  if (term === undefined) throw new Error('nobody leads');
  // Until those who are told in this moment have been.
  await eventually(async () => {
    await instance.get(ForgetToldEventsJob).forgetOld(term);
    expect(await keptOf([...gone, ...kept])).toEqual(kept.toSorted());
  });
}

async function keptOf(subjects: string[]): Promise<string[]> {
  const rows = await world.database.rows<{ subject: string }>('SELECT subject FROM outbox WHERE subject IN (?)', [
    subjects,
  ]);
  return rows.map(({ subject }) => subject).toSorted();
}

describe('what is old', () => {
  it('is forgotten with its deliveries, unless an active webhook is still to get it', async () => {
    const [active, disabled] = [await register(), await register()];
    for (const { receiver } of [active, disabled]) receiver.answers(status(500));
    const { outbox } = world.one.get<EventsConfig>(CONFIG as never);
    const occurredAt = new Date(Date.now() - outbox.retentionDays * DAY_MS - 1000);
    const [pending, told, young] = [newSubject(), newSubject(), newSubject()];
    await write(
      ...eventsOf(pending, 1, { occurredAt }),
      ...eventsOf(told, 1, { occurredAt, type: 'firstcome.coupon.changed' }),
      ...eventsOf(young, 1, { type: 'firstcome.coupon.changed' }),
    );
    await eventually(async () => expect(await pendingOf(disabled.webhookId)).toBe(1));
    await world.one.get(WebhookService).change(disabled.webhookId, { status: 'disabled' }, TESTER);
    await expectForgotten([told], [pending, young]);

    await world.one.get(WebhookService).change(active.webhookId, { status: 'disabled' }, TESTER);
    await expectForgotten([told, pending], [young]);
    expect(await pendingOf(active.webhookId)).toBe(0);
  });
});

describe('a replay', () => {
  it('sends an event again under the same id, and is not possible once the event is forgotten', async () => {
    const webhook = await register();
    const subject = newSubject();
    await write(...eventsOf(subject, 2));
    await eventually(async () => expect((await list(webhook.webhookId, 'DELIVERED')).deliveries).toHaveLength(2));
    const { deliveries } = await list(webhook.webhookId);
    const first = deliveries.find(({ sequence }) => sequence === '1');
    const service = world.other.get(WebhookDeliveryService);
    expect(await service.replay(webhook.webhookId, first?.deliveryId ?? 0, TESTER)).toMatchObject({
      eventId: `${subject}/1`,
      status: 'PENDING',
      deliveredAt: null,
    });
    await eventually(() => expect(webhook.receiver.ids).toEqual([...idsOf(eventsOf(subject, 2)), `${subject}/1`]));
    await eventually(async () => expect(await pendingOf(webhook.webhookId)).toBe(0));

    await world.database.change('DELETE FROM outbox WHERE subject = ?', [subject]);
    await expect(service.replay(webhook.webhookId, first?.deliveryId ?? 0, TESTER)).rejects.toMatchObject({
      code: 'DELIVERY_NOT_FOUND',
    });
  });
});
