import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import { OutboxRepository } from '../../src/events/outbox.repository.js';
import { DeliveryRepository } from '../../src/events/relay/delivery.repository.js';
import { DispatchRepository } from '../../src/events/relay/dispatch.repository.js';
import { RelayLeaseRepository } from '../../src/events/relay/relay-lease.repository.js';
import type { ToldEvent } from '../../src/events/told-event.js';
import { SimulatedDeliveryRepository } from '../simulation/ledger/repositories/delivery.repository.js';
import { SimulatedDispatchRepository } from '../simulation/ledger/repositories/dispatch.repository.js';
import { SimulatedOutboxRepository } from '../simulation/ledger/repositories/outbox.repository.js';
import { SimulatedRelayLeaseRepository } from '../simulation/ledger/repositories/relay-lease.repository.js';
import type { PublicPart } from '../simulation/ledger/repositories/statement-runner.js';
import { openDataSource } from '../support/database.js';
import { SimulatedSide } from '../support/ledger-comparison/simulated-side.js';
import { type StoredRows, TABLE_NAMES } from '../support/ledger-comparison/stored-rows.js';
import { createOwnSchema } from '../support/own-schema.js';
import { eventually } from '../support/poll.js';

const LONG_MS = 60_000;
const OVER_AT_ONCE_MS = 1;
const SINK = 'webhook:1';
const FAILED = { isDelivered: false, responseStatus: 500, error: 'answered 500' };

/** What the relay writes SQL with. */
interface RelaySide {
  readonly outbox: PublicPart<OutboxRepository>;
  readonly leases: PublicPart<RelayLeaseRepository>;
  readonly dispatch: PublicPart<DispatchRepository>;
  readonly deliveries: PublicPart<DeliveryRepository>;
  readonly run: <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;
}

function realSide(dataSource: DataSource): RelaySide {
  return {
    outbox: new OutboxRepository(),
    leases: new RelayLeaseRepository(dataSource),
    dispatch: new DispatchRepository(dataSource),
    deliveries: new DeliveryRepository(dataSource),
    run: (work) => dataSource.transaction(work),
  };
}

function simulatedSide(): RelaySide {
  const side = new SimulatedSide(Object.fromEntries(TABLE_NAMES.map((name) => [name, []])) as unknown as StoredRows);
  side.server.tables.relayLeases.put({ id: 1, owner: null, token: 0, untilAt: new Date(0) });
  return {
    outbox: new SimulatedOutboxRepository(),
    leases: new SimulatedRelayLeaseRepository(side.outside),
    dispatch: new SimulatedDispatchRepository(side.outside),
    deliveries: new SimulatedDeliveryRepository(side.outside),
    run: async (work) => {
      const result = await work(await side.transactionOf('A'));
      await side.end('A', 'commit');
      return result;
    },
  };
}

function event(subject: string, position: number): ToldEvent {
  const occurredAt = new Date('2031-05-01T12:00:00.000Z');
  return { subject, position, type: 'firstcome.coupon.changed', couponId: 1, content: { position }, occurredAt };
}

/** Its answers, where two sides may differ only in the ids that they give and in what time it is. */
type Course = (side: RelaySide) => Promise<unknown[]>;

const leaseIsPassedOn: Course = async ({ leases, run }) => [
  await leases.take('one', LONG_MS),
  await leases.take('two', LONG_MS),
  await leases.take('one', LONG_MS),
  await leases.renew(1, LONG_MS),
  await leases.renew(2, LONG_MS),
  await run((manager) => leases.holds(manager, 1)),
  await run((manager) => leases.holds(manager, 2)),
  await leases.giveUp(1),
  await leases.take('two', LONG_MS),
  await leases.giveUp(2),
  await leases.take('two', OVER_AT_ONCE_MS),
  await eventually(async () => {
    const token = await leases.take('one', LONG_MS);
    expect(token).toBeDefined();
    return token;
  }),
  await leases.renew(3, LONG_MS),
];

const eventsAreDispatched: Course = async (side) => {
  const { outbox, dispatch, run } = side;
  const events = [event('coupons/1', 1), event('coupons/1', 2), event('coupons/1', 3), event('coupons/2', 1)];
  await run((manager) => outbox.insert(manager, events));
  const answers: unknown[] = [await dispatch.findWaiting(), await dispatch.findUndispatched(2)];
  const first = await dispatch.findUndispatched(3);
  const toSink = first.map((head) => ({ sink: SINK, event: head }));
  for (let time = 1; time <= 2; time += 1) {
    await run((manager) => dispatch.dispatch(manager, first, [...toSink, { sink: 'kafka', event: first[0]! }]));
    answers.push(await waiting(side), await dispatch.findUndispatched(10), await dueSubjects(side));
  }
  const rest = await dispatch.findUndispatched(10);
  await run((manager) => dispatch.dispatch(manager, rest, []));
  return [...answers, await waiting(side), await dispatch.findUndispatched(10)];
};

/** Whatever there is. */
async function dispatchToSink({ dispatch, run }: RelaySide): Promise<void> {
  const heads = await dispatch.findUndispatched(10);
  const deliveries = heads.map((head) => ({ sink: SINK, event: head }));
  await run((manager) => dispatch.dispatch(manager, heads, deliveries));
}

const eventsAreSent: Course = async (side) => {
  const { outbox, deliveries, run } = side;
  const events = [event('coupons/1', 1), event('coupons/1', 2), event('coupons/2', 1)];
  await run((manager) => outbox.insert(manager, events));
  await dispatchToSink(side);
  const answers: unknown[] = [await dueSubjects(side), await next(side, ['coupons/2', 'coupons/1', 'coupons/9'])];

  const [one] = await deliveries.findNext(SINK, ['coupons/1']);
  const attempt = { deliveryId: one?.deliveryId ?? 0, subject: 'coupons/1' };
  answers.push(await run((manager) => deliveries.markFailed(manager, SINK, attempt, FAILED, LONG_MS)));
  answers.push(await dueSubjects(side), await waiting(side));
  // What comes to a subject that fails makes it due no sooner.
  await run((manager) => outbox.insert(manager, [event('coupons/1', 3)]));
  await dispatchToSink(side);
  answers.push(await dueSubjects(side));

  await run((manager) => deliveries.makeDue(manager, SINK));
  answers.push(await dueSubjects(side));
  for (const subject of ['coupons/1', 'coupons/2', 'coupons/1', 'coupons/1']) {
    const [found] = await deliveries.findNext(SINK, [subject]);
    const delivered = [{ deliveryId: found?.deliveryId ?? 0, subject }];
    await run((manager) => deliveries.markDelivered(manager, SINK, delivered, 204));
    answers.push(found?.event, await dueSubjects(side), await next(side, ['coupons/1', 'coupons/2']));
  }
  await run((manager) => deliveries.markCaughtUp(manager, SINK, ['coupons/1']));
  return [...answers, await waiting(side)];
};

const subjectsAreLeftAlone: Course = async (side) => {
  const { outbox, deliveries, run } = side;
  await run((manager) => outbox.insert(manager, [event('coupons/1', 1)]));
  await dispatchToSink(side);
  // Something of it is pending still.
  await run((manager) => deliveries.markCaughtUp(manager, SINK, ['coupons/1']));
  return [await dueSubjects(side), await next(side, ['coupons/1'])];
};

async function waiting({ dispatch }: RelaySide): Promise<unknown> {
  const { isAnyUndispatched, dueSinks } = await dispatch.findWaiting();
  return { isAnyUndispatched, dueSinks: [...dueSinks].sort() };
}

async function dueSubjects({ deliveries }: RelaySide): Promise<unknown> {
  const due = await deliveries.findDue(SINK, 10);
  return [...due].sort((a, b) => a.subject.localeCompare(b.subject));
}

async function next({ deliveries }: RelaySide, subjects: readonly string[]): Promise<unknown> {
  const found = await deliveries.findNext(SINK, subjects);
  return found.map((each) => each.event).sort((a, b) => a.subject.localeCompare(b.subject));
}

describe('what the relay keeps in MySQL is simulated right, when', () => {
  let dataSource: DataSource;

  beforeAll(async () => {
    dataSource = await openDataSource({ url: await createOwnSchema('simulated_relay') });
  });

  it.each<[string, Course]>([
    ['the lease is taken, kept, given up and lost', leaseIsPassedOn],
    ['events are dispatched', eventsAreDispatched],
    ['events are sent, and sending fails', eventsAreSent],
    ['a subject with something pending is said to have caught up', subjectsAreLeftAlone],
  ])('%s', async (_name, course) => {
    for (const table of ['outbox', 'outbox_deliveries', 'outbox_progress']) {
      await dataSource.query(`TRUNCATE TABLE ${table}`);
    }
    const real = await course(realSide(dataSource));
    expect(asJson(await course(simulatedSide()))).toEqual(asJson(real));
  });
});

/** The real one has null where the simulated one leaves a column out. */
function asJson(answers: unknown[]): unknown {
  return JSON.parse(JSON.stringify(answers), (_key, value: unknown) => value ?? undefined);
}
