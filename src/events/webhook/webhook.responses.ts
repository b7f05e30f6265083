import { z } from 'zod';
import { id, nextCursor, time } from '../../platform/http/response-schemas.js';
import { EVENT_TYPES } from '../told-event.js';
import { DELIVERY_STATUSES } from './webhook-delivery.entity.js';
import { WEBHOOK_STATUSES } from './webhook.entity.js';

/** What the calls of webhooks answer, with examples: for the OpenAPI document, and for the types of the views. */

const WEBHOOK = {
  webhookId: 1,
  url: 'https://shop.example/hooks/coupons',
  eventTypes: ['firstcome.coupon.issued'],
  couponIds: [1],
  status: 'active',
  createdAt: '2026-11-01T02:00:00.000Z',
};
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';
const DELIVERY = {
  deliveryId: 311,
  eventId: 'coupons/1/17',
  eventType: 'firstcome.coupon.issued',
  subject: 'coupons/1',
  sequence: '17',
  status: 'PENDING',
  attempts: 3,
  createdAt: '2026-11-20T09:00:00.123Z',
  lastAttemptAt: '2026-11-20T09:00:03.500Z',
  deliveredAt: null,
  nextAttemptAt: '2026-11-20T09:00:08.100Z',
  responseStatus: 500,
  error: 'answered 500',
};

const responseStatus = z.int().nullable().meta({ description: 'Of the last answer; null where there was none' });
const error = z.string().nullable().meta({ description: 'Why the last attempt failed' });

export const webhookResponse = z
  .object({
    webhookId: id,
    url: z.string(),
    eventTypes: z.array(z.enum(EVENT_TYPES)),
    couponIds: z.array(id).nullable().meta({ description: 'null: events about any coupon, or none' }),
    status: z.enum(WEBHOOK_STATUSES).meta({ description: 'disabled after three days of failures, or by hand' }),
    createdAt: time,
  })
  .meta({ id: 'Webhook', example: WEBHOOK });

export const secretWebhookResponse = webhookResponse
  .extend({ secret: z.string().meta({ description: 'Signs what is sent; never shown again' }) })
  .meta({ id: 'WebhookWithSecret', example: { ...WEBHOOK, secret: SECRET } });

export const webhookListResponse = z
  .object({ webhooks: z.array(webhookResponse), nextCursor })
  .meta({ id: 'WebhookList', example: { webhooks: [WEBHOOK], nextCursor: null } });

export const testResponse = z
  .object({ delivered: z.boolean(), responseStatus, error })
  .meta({ id: 'WebhookTest', example: { delivered: true, responseStatus: 204, error: null } });

export const deliveryResponse = z
  .object({
    deliveryId: id,
    eventId: z.string().meta({ description: 'The id of the event, and the header webhook-id' }),
    eventType: z.enum(EVENT_TYPES),
    subject: z.string(),
    sequence: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int().min(0),
    createdAt: time,
    lastAttemptAt: time.nullable(),
    deliveredAt: time.nullable(),
    nextAttemptAt: time.nullable().meta({
      description: 'Of the subject, whose events are sent one after the other; null unless this one is pending',
    }),
    responseStatus,
    error,
  })
  .meta({ id: 'Delivery', example: DELIVERY });

export const deliveryListResponse = z
  .object({ deliveries: z.array(deliveryResponse), nextCursor })
  .meta({ id: 'DeliveryList', example: { deliveries: [DELIVERY], nextCursor: null } });
