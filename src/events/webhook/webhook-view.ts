import { eventId } from '../cloud-event.js';
import type { EventType } from '../told-event.js';
import type { Delivery, DeliveryStatus } from './webhook-delivery.entity.js';
import type { Webhook, WebhookStatus } from './webhook.entity.js';

/** A webhook as the API shows it: without what signs. */
export interface WebhookView {
  readonly webhookId: number;
  readonly url: string;
  readonly eventTypes: readonly EventType[];
  readonly couponIds: readonly number[] | null;
  readonly status: WebhookStatus;
  readonly createdAt: Date;
}

/** A delivery as the API shows it. */
export interface DeliveryView {
  readonly deliveryId: number;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly subject: string;
  readonly sequence: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly lastAttemptAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly responseStatus: number | null;
  readonly error: string | null;
}

export function webhookView({ id, url, eventTypes, couponIds, status, createdAt }: Webhook): WebhookView {
  return { webhookId: id, url, eventTypes, couponIds, status, createdAt };
}

/** @param nextAttemptAt of its subject; undefined when nothing of the subject is pending */
export function deliveryView(
  { id, sink: _sink, subject, position, type, ...delivery }: Delivery,
  nextAttemptAt: Date | undefined,
): DeliveryView {
  return {
    deliveryId: id,
    eventId: eventId(subject, position),
    eventType: type,
    subject,
    sequence: String(position),
    ...delivery,
    nextAttemptAt: delivery.status === 'PENDING' ? (nextAttemptAt ?? null) : null,
  };
}
