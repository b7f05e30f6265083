import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import type { DataSource } from 'typeorm';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, type Environment, startApp } from '../support/app-process.js';
import { openDatabase, openDataSource, type TestDatabase } from '../support/database.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { eventsOf, idsOf, newSubject, TELLING_CONTENT, writeEvents } from '../support/told-events.js';
import { status, WebhookReceiver } from '../support/webhook-receiver.js';

/** P12 while those who tell are killed, frozen, ended or cut off. */

let own: OwnServers;
let dataSource: DataSource;
let database: TestDatabase;
let receiver: WebhookReceiver;
let running: AppProcess[] = [];

beforeAll(async () => {
  own = await openOwnServers('relay_faults');
  dataSource = await openDataSource({ url: own.servers.databaseUrl });
  database = openDatabase(own.servers.databaseUrl);
});

beforeEach(async () => {
  receiver = await WebhookReceiver.open();
});

afterEach(async () => {
  for (const app of running) {
    app.thaw();
    if (!app.hasExited) await app.kill();
  }
  running = [];
  await database.change('DELETE FROM webhooks');
  await database.change('UPDATE relay_leases SET owner = NULL');
});

async function start(env: Environment = {}): Promise<AppProcess> {
  const app = await startApp({
    env: {
      DATABASE_URL: own.servers.databaseUrl,
      REDIS_URL: own.servers.redisUrl,
      OUTBOX_LEASE_MS: '5000',
      ...TELLING_CONTENT,
      ...env,
    },
  });
  running.push(app);
  return app;
}

async function leads(app: AppProcess): Promise<void> {
  await eventually(async () => expect(await app.metric('firstcome_relay_leading')).toBe(1));
}

async function register(app: AppProcess): Promise<void> {
  const { status: code } = await new ApiClient(app.url).call('/api/webhooks', {
    method: 'POST',
    body: { url: receiver.url, eventTypes: ['firstcome.order.paid'] },
    isAdmin: true,
  });
  expect(code).toBe(201);
}

async function nothingIsPending(): Promise<void> {
  await eventually(async () => {
    expect(await database.rows('SELECT subject FROM outbox WHERE is_dispatched = FALSE')).toEqual([]);
    expect(await database.rows(`SELECT id FROM outbox_deliveries WHERE status = 'PENDING'`)).toEqual([]);
    expect(await database.rows('SELECT subject FROM outbox_progress')).toEqual([]);
  });
}

/** In the order in which they came, without what the receiver had seen already: a lower sequence, or the same. */
function withoutRepetitions(subject: string): string[] {
  let last = 0;
  return receiver.received.flatMap(({ event }) => {
    if (event.subject !== subject || Number(event.sequence) <= last) return [];
    last = Number(event.sequence);
    return [event.id];
  });
}

describe('an instance that tells', () => {
  it('and is killed between sending and noting it, is followed by another, which sends that event again', async () => {
    const first = await start({ FAULT_POINT: 'after-send' });
    await leads(first);
    await register(first);
    const second = await start();
    const events = eventsOf(newSubject(), 3);
    await writeEvents(dataSource, events);
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await leads(second);
    await nothingIsPending();
    expect(receiver.ids).toEqual([...idsOf(events.slice(0, 1)), ...idsOf(events)]);
  });

  it('and is frozen for longer than its lease, notes nothing once it goes on, and no longer tells', async () => {
    const frozen = await start();
    await leads(frozen);
    await register(frozen);
    const other = await start();
    const subject = newSubject();
    const unanswered: ServerResponse[] = [];
    receiver.answers((response) => {
      unanswered.push(response);
      receiver.answers(status(204));
    });
    await writeEvents(dataSource, eventsOf(subject, 3));
    await eventually(() => expect(receiver.received).toHaveLength(1));
    frozen.freeze();
    await leads(other);
    await nothingIsPending();
    for (const response of unanswered) response.writeHead(500).end();
    frozen.thaw();
    await eventually(async () => expect(await frozen.metric('firstcome_relay_leading')).toBe(0));

    await writeEvents(dataSource, eventsOf(subject, 3, { first: 4 }));
    await nothingIsPending();
    expect(receiver.ids).toEqual([`${subject}/1`, ...idsOf(eventsOf(subject, 6))]);
    expect(withoutRepetitions(subject)).toEqual(idsOf(eventsOf(subject, 6)));
    expect(
      await database.rows(
        'SELECT attempts, response_status AS responseStatus FROM outbox_deliveries WHERE subject = ? AND position = 1',
        [subject],
      ),
    ).toEqual([{ attempts: 1, responseStatus: 204 }]);
  });

  it('and ends, leaves the others to go on at once, long before its lease is over', async () => {
    const first = await start({ OUTBOX_LEASE_MS: '600000' });
    await leads(first);
    await register(first);
    const second = await start({ OUTBOX_LEASE_MS: '600000' });
    expect(await second.metric('firstcome_relay_leading')).toBe(0);
    const subject = newSubject();
    await writeEvents(dataSource, eventsOf(subject, 1));
    await nothingIsPending();
    expect(await first.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await leads(second);
    await writeEvents(dataSource, eventsOf(subject, 1, { first: 2 }));
    await nothingIsPending();
    expect(receiver.ids).toEqual(idsOf(eventsOf(subject, 2)));
  });

  it('and is cut off from MySQL for a while, goes on afterwards, with few words', async () => {
    const proxy = await TcpProxy.inFrontOf(own.servers.databaseUrl);
    const app = await start({ DATABASE_URL: proxy.url, LOG_LEVEL: 'info' });
    await leads(app);
    await register(app);
    const subject = newSubject();
    await writeEvents(dataSource, eventsOf(subject, 5));
    await nothingIsPending();
    const before = app.logs.length;
    await proxy.refuse();
    await writeEvents(dataSource, eventsOf(subject, 5, { first: 6 }));
    await eventually(async () => expect(await app.metric('firstcome_relay_leading')).toBe(0));
    await proxy.accept();
    await nothingIsPending();
    expect(withoutRepetitions(subject)).toEqual(idsOf(eventsOf(subject, 10)));
    const words = app.logs
      .slice(before)
      .split('\n')
      .filter((line) => line.includes('[Relay]'));
    expect(words).toEqual([expect.stringContaining('this instance tells other systems')]);
  });
});
