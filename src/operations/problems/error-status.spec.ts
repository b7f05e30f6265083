import { describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from './error-status.js';

describe('ERROR_STATUS', () => {
  it('is the table of the HTTP API', () => {
    const byStatus: Record<number, string[]> = {};
    for (const [code, { status }] of Object.entries(ERROR_STATUS)) (byStatus[status] ??= []).push(code);

    expect(byStatus).toEqual({
      400: ['VALIDATION_FAILED', 'MALFORMED_JSON', 'BAD_REQUEST'],
      401: ['UNAUTHENTICATED'],
      403: ['FORBIDDEN', 'ENTRY_TICKET_REQUIRED', 'ENTRY_TICKET_INVALID', 'ENTRY_TICKET_TOO_EARLY', 'CHALLENGE_FAILED'],
      404: [
        'COUPON_NOT_FOUND',
        'USER_NOT_FOUND',
        'PRODUCT_NOT_FOUND',
        'ORDER_NOT_FOUND',
        'RESERVATION_NOT_FOUND',
        'FAILURE_NOT_FOUND',
        'WEBHOOK_NOT_FOUND',
        'DELIVERY_NOT_FOUND',
        'ROUTE_NOT_FOUND',
      ],
      405: ['METHOD_NOT_ALLOWED'],
      408: ['REQUEST_TIMEOUT'],
      409: [
        'ALREADY_ISSUED',
        'COUPON_SOLD_OUT',
        'COUPON_NOT_STARTED',
        'COUPON_EXPIRED',
        'COUPON_INACTIVE',
        'QUANTITY_BELOW_COMMITTED',
        'OUT_OF_STOCK',
        'INSUFFICIENT_BALANCE',
        'ORDER_ALREADY_PAID',
        'ORDER_EXPIRED',
        'ORDER_NOT_PAYABLE',
        'ORDER_NOT_CANCELLABLE',
        'REFUND_PERIOD_OVER',
        'BALANCE_FULL',
        'COUPON_NOT_USABLE',
        'COUPON_CONDITIONS_NOT_MET',
        'ISSUANCE_FAILED',
        'ENTRY_NOT_OPEN',
        'IDEMPOTENCY_IN_PROGRESS',
      ],
      413: ['BODY_TOO_LARGE'],
      415: ['UNSUPPORTED_MEDIA_TYPE'],
      417: ['EXPECTATION_FAILED'],
      422: ['IDEMPOTENCY_KEY_REUSED'],
      429: ['TOO_MANY_WAITERS', 'RATE_LIMITED'],
      431: ['HEADERS_TOO_LARGE'],
      499: ['CLIENT_CLOSED_REQUEST'],
      500: ['INTERNAL_ERROR'],
      503: ['RESERVATION_UNAVAILABLE', 'DATABASE_UNAVAILABLE', 'IDENTITY_UNAVAILABLE', 'CHALLENGE_UNAVAILABLE'],
    });
  });

  it('is the table of the campaign RPC', () => {
    const byAnswer: Record<string, string[]> = {};
    for (const [code, { rpc }] of Object.entries(ERROR_STATUS)) {
      const says = 'message' in rpc ? ` ${rpc.message}` : '';
      (byAnswer[`${rpc.code}${says}`] ??= []).push(code);
    }

    expect(byAnswer).toEqual({
      invalid_argument: ['VALIDATION_FAILED', 'MALFORMED_JSON', 'BAD_REQUEST'],
      'unauthenticated UNAUTHENTICATED': ['UNAUTHENTICATED'],
      'permission_denied ENTRY_TICKET_REQUIRED': ['ENTRY_TICKET_REQUIRED'],
      'permission_denied ENTRY_TICKET_INVALID': ['ENTRY_TICKET_INVALID'],
      'permission_denied ENTRY_TICKET_TOO_EARLY': ['ENTRY_TICKET_TOO_EARLY'],
      'not_found RECORD_NOT_FOUND': ['COUPON_NOT_FOUND', 'USER_NOT_FOUND'],
      unimplemented: ['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED'],
      'already_exists COUPON_ALREADY_CLAIMED': ['ALREADY_ISSUED'],
      'failed_precondition COUPON_SOLD_OUT': ['COUPON_SOLD_OUT'],
      'failed_precondition CAMPAIGN_NOT_STARTED': ['COUPON_NOT_STARTED'],
      'failed_precondition COUPON_EXPIRED': ['COUPON_EXPIRED'],
      'failed_precondition COUPON_INACTIVE': ['COUPON_INACTIVE'],
      'permission_denied PERMISSION_DENIED': ['FORBIDDEN'],
      'resource_exhausted BODY_TOO_LARGE': ['BODY_TOO_LARGE'],
      'resource_exhausted RATE_LIMITED': ['RATE_LIMITED'],
      canceled: ['CLIENT_CLOSED_REQUEST'],
      'unavailable RESERVATION_UNAVAILABLE': ['RESERVATION_UNAVAILABLE'],
      'unavailable DATABASE_UNAVAILABLE': ['DATABASE_UNAVAILABLE'],
      'unavailable IDENTITY_UNAVAILABLE': ['IDENTITY_UNAVAILABLE'],
      // What the RPC has no call for, and what fails before it is asked.
      'internal INTERNAL_SERVER_ERROR': [
        'CHALLENGE_FAILED',
        'PRODUCT_NOT_FOUND',
        'ORDER_NOT_FOUND',
        'RESERVATION_NOT_FOUND',
        'FAILURE_NOT_FOUND',
        'WEBHOOK_NOT_FOUND',
        'DELIVERY_NOT_FOUND',
        'REQUEST_TIMEOUT',
        'QUANTITY_BELOW_COMMITTED',
        'OUT_OF_STOCK',
        'INSUFFICIENT_BALANCE',
        'ORDER_ALREADY_PAID',
        'ORDER_EXPIRED',
        'ORDER_NOT_PAYABLE',
        'ORDER_NOT_CANCELLABLE',
        'REFUND_PERIOD_OVER',
        'BALANCE_FULL',
        'COUPON_NOT_USABLE',
        'COUPON_CONDITIONS_NOT_MET',
        'ISSUANCE_FAILED',
        'ENTRY_NOT_OPEN',
        'IDEMPOTENCY_IN_PROGRESS',
        'UNSUPPORTED_MEDIA_TYPE',
        'EXPECTATION_FAILED',
        'IDEMPOTENCY_KEY_REUSED',
        'TOO_MANY_WAITERS',
        'HEADERS_TOO_LARGE',
        'INTERNAL_ERROR',
        'CHALLENGE_UNAVAILABLE',
      ],
    });
  });
});
