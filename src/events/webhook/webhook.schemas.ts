import { z } from 'zod';
import { cursorQuery, id, limitQuery, newestPosition, oneOf, optional } from '../../platform/http/schemas.js';
import { EVENT_TYPES } from '../told-event.js';
import { DELIVERY_STATUSES } from './webhook-delivery.entity.js';
import { WEBHOOK_STATUSES } from './webhook.entity.js';

/** What the calls of webhooks take. Fields that may be left out may also be null. */

const MAX_URL_LENGTH = 2048;
const MAX_COUPONS = 1000;
const URL_ERROR = `must be a URL of at most ${MAX_URL_LENGTH} characters`;
const TYPES_ERROR = `must be a list of at least one of ${EVENT_TYPES.join(', ')}`;
const COUPONS_ERROR = `must be a list of at most ${MAX_COUPONS} ids of coupons`;

const url = z
  .string({ error: URL_ERROR })
  .trim()
  .min(1, { error: URL_ERROR })
  .max(MAX_URL_LENGTH, { error: URL_ERROR })
  .meta({ description: 'Where events are posted: https in production, and leading to public addresses only' });
const eventTypes = z
  .array(oneOf(EVENT_TYPES), { error: TYPES_ERROR })
  .min(1, { error: TYPES_ERROR })
  .transform((types) => [...new Set(types)]);
const couponIds = z
  .array(id, { error: COUPONS_ERROR })
  .max(MAX_COUPONS, { error: COUPONS_ERROR })
  .transform((ids) => (ids.length === 0 ? null : [...new Set(ids)]))
  .meta({ description: 'Only events about these coupons; an empty list: about any coupon, or none' });

export const createWebhookBody = z
  .strictObject({ url, eventTypes, couponIds: optional(couponIds) })
  .transform(({ couponIds: ids, ...rest }) => ({ ...rest, couponIds: ids ?? null }))
  .meta({
    id: 'CreateWebhookRequest',
    example: { url: 'https://shop.example/hooks/coupons', eventTypes: ['firstcome.coupon.issued'], couponIds: [1] },
  });

/** A webhook that does not exist yet. */
export type WebhookDraft = z.output<typeof createWebhookBody>;

const status = oneOf(WEBHOOK_STATUSES);

export const changeWebhookBody = z
  .strictObject({
    url: optional(url),
    eventTypes: optional(eventTypes),
    // null is the same as leaving it out, so what an empty list means is kept apart from it.
    couponIds: z.array(id, { error: COUPONS_ERROR }).max(MAX_COUPONS, { error: COUPONS_ERROR }).nullish(),
    status: optional(status).meta({
      description: 'active: what waits is sent now; disabled: it is kept for as long as events are',
    }),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined && value !== null), {
    error: 'must have at least one of url, eventTypes, couponIds, status',
  })
  // What is not named must not be there at all: in an UPDATE undefined would be in the way.
  .transform((patch) => ({
    ...(patch.url !== undefined && { url: patch.url }),
    ...(patch.eventTypes !== undefined && { eventTypes: patch.eventTypes }),
    ...(patch.couponIds && { couponIds: patch.couponIds.length === 0 ? null : [...new Set(patch.couponIds)] }),
    ...(patch.status !== undefined && { status: patch.status }),
  }))
  .meta({ id: 'ChangeWebhookRequest', example: { status: 'active' } });

/** What is to change of a webhook; what is not named stays. */
export type WebhookPatch = z.output<typeof changeWebhookBody>;

/** A page of a list that has the newest first. */
export const pageQuery = z.strictObject({ cursor: cursorQuery(newestPosition), limit: limitQuery });
export type Page = z.output<typeof pageQuery>;

export const deliveriesQuery = z.strictObject({
  status: oneOf(DELIVERY_STATUSES).optional().meta({ description: 'Only deliveries in this state' }),
  cursor: cursorQuery(newestPosition),
  limit: limitQuery,
});
export type DeliveriesPage = z.output<typeof deliveriesQuery>;
