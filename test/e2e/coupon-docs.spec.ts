import { beforeAll, describe, it } from '@jest/globals';
import { ADMIN, BODY, type DescribedCall, OpenApiDocument } from '../support/openapi-document.js';

/** Every coupon call in the OpenAPI document: what it is for, what it takes and answers, and all of its error codes. */

const WINDOW = 'COUPON_INACTIVE COUPON_NOT_STARTED COUPON_EXPIRED';
const TICKET = 'ENTRY_TICKET_REQUIRED ENTRY_TICKET_INVALID ENTRY_TICKET_TOO_EARLY';
const RESERVE = `COUPON_NOT_FOUND ${TICKET} USER_NOT_FOUND ${WINDOW} ALREADY_ISSUED COUPON_SOLD_OUT RESERVATION_UNAVAILABLE`;

const COUPON = '/api/coupons/{couponId}';

/** The call, its successes, its errors besides those of every call. */
const CALLS: DescribedCall[] = [
  ['post /api/coupons', '201', `${BODY} ${ADMIN} IDEMPOTENCY_IN_PROGRESS IDEMPOTENCY_KEY_REUSED`],
  ['get /api/coupons', '200', ''],
  [`get ${COUPON}`, '200', 'COUPON_NOT_FOUND'],
  [`patch ${COUPON}`, '200', `${BODY} ${ADMIN} COUPON_NOT_FOUND QUANTITY_BELOW_COMMITTED RESERVATION_UNAVAILABLE`],
  [
    `post ${COUPON}/entry-tickets`,
    '200',
    `${BODY} COUPON_NOT_FOUND USER_NOT_FOUND COUPON_INACTIVE ENTRY_NOT_OPEN COUPON_EXPIRED CHALLENGE_FAILED ` +
      'CHALLENGE_UNAVAILABLE RESERVATION_UNAVAILABLE',
  ],
  [`post ${COUPON}/reserve`, '200', `${BODY} ${RESERVE}`],
  ['post /api/coupons/reserve', '200', `${BODY} ${RESERVE}`],
  ['post /coupons/{userId}/issue-async', '202', `${RESERVE} FORBIDDEN`],
  [`post ${COUPON}/issue`, '200 202', `${BODY} ${RESERVE} ISSUANCE_FAILED`],
  ['post /api/coupons/issue', '200 202', `${BODY} ${RESERVE} ISSUANCE_FAILED`],
  [
    `get ${COUPON}/reservations/{userId}`,
    '200',
    'COUPON_NOT_FOUND RESERVATION_NOT_FOUND TOO_MANY_WAITERS RESERVATION_UNAVAILABLE',
  ],
  ['get /api/users/{userId}/coupons', '200', ''],
  [`get ${COUPON}/audit`, '200', `${ADMIN} COUPON_NOT_FOUND`],
  [`post ${COUPON}/rebuild`, '200', `${ADMIN} COUPON_NOT_FOUND COUPON_EXPIRED RESERVATION_UNAVAILABLE`],
  [`get ${COUPON}/failures`, '200', `${ADMIN} COUPON_NOT_FOUND`],
  [`get ${COUPON}/user-coupons`, '200', `${ADMIN} COUPON_NOT_FOUND`],
  [`post ${COUPON}/failures/retry`, '200', `${ADMIN} COUPON_NOT_FOUND RESERVATION_UNAVAILABLE`],
  [`post ${COUPON}/grants`, '200', `${BODY} ${ADMIN} COUPON_NOT_FOUND COUPON_EXPIRED RESERVATION_UNAVAILABLE`],
  [`post ${COUPON}/revocations`, '200', `${BODY} ${ADMIN} COUPON_NOT_FOUND`],
  [
    `post ${COUPON}/failures/{failureId}/retry`,
    '200',
    `${ADMIN} COUPON_NOT_FOUND FAILURE_NOT_FOUND ALREADY_ISSUED COUPON_SOLD_OUT RESERVATION_UNAVAILABLE`,
  ],
];

let document: OpenApiDocument;

beforeAll(async () => {
  document = await OpenApiDocument.fetch();
});

describe('the OpenAPI document', () => {
  it.each(CALLS)('describes %s', (call, statuses, codes) => {
    document.expectDescribed(call, statuses, codes);
  });
});
