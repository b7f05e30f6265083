import { z } from 'zod';
import { id, nextCursor, time } from '../platform/http/response-schemas.js';
import { VIOLATION_CODES } from './audit/audit.js';
import { COUPON_STATUSES } from './coupon-status.js';
import { AUDIENCES, CODE_FORMATS, STRATEGIES } from './coupon.entity.js';
import { CHALLENGES, ENTRIES, MAX_ENTRY_SPREAD_SECONDS } from './entry-terms.js';
import { FAILURE_REASONS } from './issuance-failure.entity.js';
import { MAX_USABLE_DAYS } from './usage-terms.js';
import { USER_COUPON_STATUSES } from './user-coupon-status.js';

/** What the calls of this module answer, with examples: for the OpenAPI document, and for the types of the views. */

const count = z.int().min(0);
const code = z.string().nullable().meta({ description: 'null when the coupon has no codes' });

const COUPON = {
  couponId: 1,
  name: 'Black Friday 50%',
  totalQuantity: 1000,
  returnedQuantity: 0,
  issuedQuantity: 120,
  reservedQuantity: 3,
  remainingQuantity: 877,
  discountAmount: null,
  discountRate: 50,
  isActive: true,
  audience: 'registered',
  codeFormat: 'alphanumeric',
  strategy: 'reservation',
  entry: 'open',
  entryOpensAt: null,
  entrySpreadSeconds: 10,
  challenge: 'none',
  startsAt: '2026-11-20T09:00:00.000Z',
  expiresAt: '2036-11-27T09:00:00.000Z',
  usableDays: null,
  usableUntil: '2036-12-31T14:59:59.000Z',
  isRedeemable: true,
  minOrderAmount: 30_000,
  maxDiscountAmount: 10_000,
  productIds: null,
  createdAt: '2026-11-01T02:00:00.000Z',
  status: 'OPEN',
};
const RESERVED = {
  couponId: 1,
  userId: 1000,
  sequenceNumber: 124,
  status: 'RESERVED',
  message: 'Reserved: you are number 124. Your coupon is being issued.',
};
const ISSUED = {
  userCouponId: 9001,
  couponId: 1,
  couponName: COUPON.name,
  userId: 1000,
  sequenceNumber: 124,
  code: 'H7KQ2MWX9RTB',
  status: 'ISSUED',
  issuedAt: '2026-11-20T09:00:00.123Z',
  expiresAt: COUPON.expiresAt,
};
const USER_COUPON = {
  userCouponId: 9001,
  couponId: 1,
  couponName: COUPON.name,
  discountAmount: null,
  discountRate: 50,
  code: 'H7KQ2MWX9RTB',
  status: 'AVAILABLE',
  issuedAt: ISSUED.issuedAt,
  usedAt: null,
  expiresAt: COUPON.expiresAt,
};
const FAILURE = {
  failureId: 7,
  couponId: 1,
  userId: 1001,
  sequenceNumber: 125,
  reason: 'SOLD_OUT_IN_LEDGER',
  detail: 'all 1000 were issued already',
  failedAt: '2026-11-20T09:00:00.140Z',
  retriedAt: null,
};

export const couponResponse = z
  .object({
    couponId: id,
    name: z.string(),
    totalQuantity: z.int().min(1),
    returnedQuantity: count.meta({ description: 'Slots that revocations gave back; they can be issued again' }),
    issuedQuantity: count.meta({ description: 'Rows in the ledger' }),
    reservedQuantity: count.nullable().meta({ description: 'Held but not yet issued; null while Redis is away' }),
    remainingQuantity: count.meta({
      description: 'totalQuantity and returnedQuantity, less issuedQuantity and reservedQuantity',
    }),
    discountAmount: z.int().min(1).nullable().meta({ description: 'Won off' }),
    discountRate: z.int().min(1).max(100).nullable().meta({ description: 'Percent off' }),
    isActive: z.boolean(),
    audience: z.enum(AUDIENCES),
    codeFormat: z.enum(CODE_FORMATS),
    strategy: z.enum(STRATEGIES),
    entry: z.enum(ENTRIES).meta({ description: 'ticket: who reserves needs an entry ticket' }),
    entryOpensAt: time.nullable().meta({ description: 'From when on entry tickets are given; null with entry open' }),
    entrySpreadSeconds: z.int().min(0).max(MAX_ENTRY_SPREAD_SECONDS),
    challenge: z.enum(CHALLENGES),
    startsAt: time,
    expiresAt: time.meta({ description: 'The end of the claim window' }),
    usableDays: z.int().min(1).max(MAX_USABLE_DAYS).nullable().meta({
      description: 'For how many days of 24 h from its issue a user coupon may be spent; null: usableUntil says it',
    }),
    usableUntil: time.nullable().meta({
      description: 'Until when what is issued from now on may be spent; null: usableDays says it',
    }),
    isRedeemable: z.boolean().meta({ description: 'false: spending is suspended' }),
    minOrderAmount: z.int().min(1).nullable().meta({
      description: 'Won that the lines on which the discount counts must come to',
    }),
    maxDiscountAmount: z.int().min(1).nullable().meta({ description: 'Won that a discountRate takes off at most' }),
    productIds: z.array(id).nullable().meta({ description: 'The discount counts on these products only' }),
    createdAt: time,
    status: z.enum(COUPON_STATUSES),
  })
  .meta({ id: 'Coupon', example: COUPON });

export const changedCouponResponse = couponResponse
  .extend({
    appliedToIssued: count.optional().meta({
      description: 'With applyToIssued: how many user coupons got another use-by time',
    }),
    remainingToApply: count.optional().meta({
      description: 'With applyToIssued: how many did not get it in time; send the same again until it is 0',
    }),
  })
  .meta({ id: 'ChangedCoupon', example: COUPON });

export const couponListResponse = z
  .object({ coupons: z.array(couponResponse), nextCursor })
  .meta({ id: 'CouponList', example: { coupons: [COUPON], nextCursor: 'WzE3OTM0OTg0MDAwMDAsMV0' } });

export const reservedResponse = z
  .object({
    couponId: id,
    userId: id,
    sequenceNumber: id,
    status: z.enum(['RESERVED', 'ISSUED']).meta({ description: 'ISSUED with strategy lock' }),
    message: z.string(),
  })
  .meta({ id: 'ReserveResult', example: RESERVED });

export const issuedResponse = z
  .object({
    userCouponId: id,
    couponId: id,
    couponName: z.string(),
    userId: id,
    sequenceNumber: id,
    code,
    status: z.literal('ISSUED'),
    issuedAt: time,
    expiresAt: time,
  })
  .meta({ id: 'IssueResult', example: ISSUED });

export const reservationResponse = z
  .object({
    couponId: id,
    userId: id,
    sequenceNumber: id,
    status: z.enum(['RESERVED', 'ISSUED', 'FAILED']),
    userCouponId: id.optional(),
    code: code.optional(),
    issuedAt: time.optional(),
    failureReason: z.enum(FAILURE_REASONS).optional(),
  })
  .meta({ id: 'Reservation', example: { couponId: 1, userId: 1000, sequenceNumber: 124, status: 'RESERVED' } });

export const userCouponListResponse = z
  .object({
    coupons: z.array(
      z
        .object({
          userCouponId: id,
          couponId: id,
          couponName: z.string(),
          discountAmount: z.int().min(1).nullable(),
          discountRate: z.int().min(1).max(100).nullable(),
          code,
          status: z.enum(USER_COUPON_STATUSES),
          issuedAt: time,
          usedAt: time.nullable(),
          expiresAt: time,
        })
        .meta({ id: 'UserCoupon' }),
    ),
    nextCursor,
  })
  .meta({ id: 'UserCouponList', example: { coupons: [USER_COUPON], nextCursor: null } });

export const auditResponse = z
  .object({
    couponId: id,
    consistent: z.boolean(),
    redis: z
      .object({
        reserved: count.meta({ description: 'The counter of slots held' }),
        users: count.meta({ description: 'Users who hold a slot' }),
        pending: count.meta({ description: 'Reservations that are not confirmed yet' }),
        sequence: count.meta({ description: 'The last sequence number given out' }),
        epoch: count.meta({ description: 'How often the keys have been rebuilt' }),
        available: count.meta({ description: 'Slots that can still be reserved' }),
      })
      .nullable()
      .meta({ description: 'null while Redis is away, and with strategy lock' }),
    database: z.object({ totalQuantity: count, issuedQuantity: count, rows: count, distinctUsers: count }),
    violations: z.array(z.object({ code: z.enum(VIOLATION_CODES), detail: z.string() })),
  })
  .meta({
    id: 'Audit',
    example: {
      couponId: 1,
      consistent: true,
      redis: { reserved: 123, users: 123, pending: 3, sequence: 124, epoch: 1, available: 877 },
      database: { totalQuantity: 1000, issuedQuantity: 120, rows: 120, distinctUsers: 120 },
      violations: [],
    },
  });

export const failureListResponse = z
  .object({
    failures: z.array(
      z
        .object({
          failureId: id,
          couponId: id,
          userId: id,
          sequenceNumber: id,
          reason: z.enum(FAILURE_REASONS),
          detail: z.string(),
          failedAt: time,
          retriedAt: time.nullable(),
        })
        .meta({ id: 'Failure' }),
    ),
    nextCursor,
  })
  .meta({ id: 'FailureList', example: { failures: [FAILURE], nextCursor: null } });

export const retriedFailuresResponse = z
  .object({
    retried: count.meta({ description: 'Failures whose users hold a new slot' }),
    alreadyIssued: count.meta({ description: 'Failures whose users held one already, or by another of these' }),
    soldOut: count.meta({ description: 'Failures for which there is no slot; they stay as they are' }),
    remaining: count.meta({ description: 'Failures not looked at within 20 s; make the call again until it is 0' }),
  })
  .meta({ id: 'RetriedFailures', example: { retried: 12, alreadyIssued: 1, soldOut: 3, remaining: 0 } });

export const eventsTicketResponse = z
  .object({ ticket: z.string(), expiresAt: time })
  .meta({ id: 'EventsTicket', example: { ticket: 'AQGZw…', expiresAt: '2026-11-20T09:01:00.000Z' } });
