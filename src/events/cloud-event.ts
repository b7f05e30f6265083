import type { EventData, ToldEvent } from './told-event.js';

/** How a body with one of them is called. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';

/** What other systems get: CloudEvents 1.0, with its extension `sequence`. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same whenever the event is sent: who has seen it may leave it. */
  readonly id: string;
  readonly source: '/firstcome';
  readonly type: string;
  readonly subject: string;
  /** The position within the subject: an event that comes with a lower one than the last is a repetition. */
  readonly sequence: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: EventData;
}

/** The id of the event at this position of its subject. */
export function eventId(subject: string, position: number): string {
  return `${subject}/${position}`;
}

/** @param data what the event's describer says of it */
export function cloudEvent(
  { subject, position, type, occurredAt }: Pick<ToldEvent, 'subject' | 'position' | 'occurredAt'> & { type: string },
  data: EventData,
): CloudEvent {
  return {
    specversion: '1.0',
    id: eventId(subject, position),
    source: '/firstcome',
    type,
    subject,
    sequence: String(position),
    time: occurredAt.toISOString(),
    datacontenttype: 'application/json',
    data,
  };
}
