import { z } from 'zod';
import { cursorQuery, id, idParam, limitQuery, oneOf } from '../../platform/http/schemas.js';
import { id as shownId, nextCursor, time } from '../../platform/http/response-schemas.js';
import { USER_COUPON_STATUSES } from '../user-coupon-status.js';

/** What the lists of a coupon's holders take and answer. */

export const holdersQuery = z.strictObject({
  status: oneOf(USER_COUPON_STATUSES).optional().meta({ description: 'Only user coupons in this state' }),
  userId: idParam.optional().meta({ description: 'Only that of this user' }),
  cursor: cursorQuery(id),
  limit: limitQuery,
});
export type HoldersQuery = z.output<typeof holdersQuery>;

const HOLDER = {
  userCouponId: 9001,
  userId: 1000,
  sequenceNumber: 124,
  code: 'H7KQ2MWX9RTB',
  status: 'AVAILABLE',
  issuedAt: '2026-11-20T09:00:00.123Z',
  usedAt: null,
  revokedAt: null,
  expiresAt: '2036-12-31T14:59:59.000Z',
};

export const holdersResponse = z
  .object({
    userCoupons: z.array(
      z
        .object({
          userCouponId: shownId,
          userId: shownId,
          sequenceNumber: shownId,
          code: z.string().nullable().meta({ description: 'null when the coupon has no codes' }),
          status: z.enum(USER_COUPON_STATUSES),
          issuedAt: time,
          usedAt: time.nullable(),
          revokedAt: time.nullable().meta({ description: 'Also of one that was used before: it stays USED' }),
          expiresAt: time,
        })
        .meta({ id: 'CouponHolder' }),
    ),
    nextCursor,
  })
  .meta({ id: 'CouponHolderList', example: { userCoupons: [HOLDER], nextCursor: 'MTI0' } });
