import type { DataSource } from 'typeorm';
import { OutboxRepository } from '../../src/events/outbox.repository.js';
import { Outbox } from '../../src/events/outbox.js';
import { EVENT_TYPES, type EventType, type ToldEvent } from '../../src/events/told-event.js';

let subjects = 0;

/** A subject that nobody else writes to. */
export function newSubject(): string {
  subjects += 1;
  return `orders/of-test-${process.pid}-${subjects}`;
}

/** Events of a subject, from `first` on: each tells its position. */
export function eventsOf(
  subject: string,
  count: number,
  { first = 1, ...rest }: { first?: number; type?: EventType; couponId?: number; occurredAt?: Date } = {},
): ToldEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    subject,
    position: first + index,
    type: 'firstcome.order.paid',
    couponId: undefined,
    content: { told: first + index },
    occurredAt: new Date(),
    ...rest,
  }));
}

/** Their ids, as a receiver sees them. */
export function idsOf(events: readonly ToldEvent[]): string[] {
  return events.map(({ subject, position }) => `${subject}/${position}`);
}

/** Writes events as a module does that decides something. */
export async function writeEvents(dataSource: DataSource, events: readonly ToldEvent[]): Promise<void> {
  const outbox = new Outbox(new OutboxRepository());
  await dataSource.transaction((manager) => outbox.write(manager, () => {}, events));
}

/** Has all events say what they were written with, whatever the modules say that decide. */
export function tellContent(outbox: Outbox): void {
  for (const type of EVENT_TYPES) {
    outbox.describe<Record<string, unknown>>(type, (event) => Promise.resolve(event.content));
  }
}

/** The environment of a process that does so; see tell-content.mjs. */
export const TELLING_CONTENT = {
  NODE_OPTIONS: `--import ${new URL('tell-content.mjs', import.meta.url).href}`,
} as const;
