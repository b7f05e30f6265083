import type { ProblemCatalog } from '../../platform/errors/problem-catalog.js';

// What the clients of the campaign RPC know: the texts are those of the Go reference system.
const INVALID = { code: 'invalid_argument' } as const;
const NO_CREDENTIAL = { code: 'unauthenticated', message: 'UNAUTHENTICATED' } as const;
const NOT_ALLOWED = { code: 'permission_denied', message: 'PERMISSION_DENIED' } as const;
const NO_CALL = { code: 'unimplemented' } as const;
const NO_RECORD = { code: 'not_found', message: 'RECORD_NOT_FOUND' } as const;
const CLAIMED = { code: 'already_exists', message: 'COUPON_ALREADY_CLAIMED' } as const;
const TOO_LARGE = { code: 'resource_exhausted', message: 'BODY_TOO_LARGE' } as const;
const CANCELED = { code: 'canceled' } as const;
const INTERNAL = { code: 'internal', message: 'INTERNAL_SERVER_ERROR' } as const;
/** Of what the campaign RPC has no call for. */
const NOT_OF_RPC = INTERNAL;

function denied<const Text extends string>(message: Text) {
  return { code: 'permission_denied', message } as const;
}

function refused<const Text extends string>(message: Text) {
  return { code: 'failed_precondition', message } as const;
}

function unavailable<const Text extends string>(message: Text) {
  return { code: 'unavailable', message } as const;
}

/**
 * Every code, with its status and its title in the HTTP API, and what the campaign RPC says for it. One that is missing
 * here does not compile.
 */
export const ERROR_STATUS = {
  VALIDATION_FAILED: { status: 400, title: 'The request is not valid', rpc: INVALID },
  MALFORMED_JSON: { status: 400, title: 'The body is not valid JSON', rpc: INVALID },
  BAD_REQUEST: { status: 400, title: 'This is no valid HTTP request', rpc: INVALID },
  UNAUTHENTICATED: { status: 401, title: 'The credential is missing or not valid', rpc: NO_CREDENTIAL },
  FORBIDDEN: { status: 403, title: 'The caller may not do this', rpc: NOT_ALLOWED },

  ENTRY_TICKET_REQUIRED: {
    status: 403,
    title: 'The coupon is entered by ticket',
    rpc: denied('ENTRY_TICKET_REQUIRED'),
  },
  ENTRY_TICKET_INVALID: { status: 403, title: 'The entry ticket is not valid', rpc: denied('ENTRY_TICKET_INVALID') },
  ENTRY_TICKET_TOO_EARLY: {
    status: 403,
    title: 'The entry ticket counts later',
    rpc: denied('ENTRY_TICKET_TOO_EARLY'),
  },
  CHALLENGE_FAILED: { status: 403, title: 'The challenge was not passed', rpc: NOT_OF_RPC },

  COUPON_NOT_FOUND: { status: 404, title: 'There is no such coupon', rpc: NO_RECORD },
  USER_NOT_FOUND: { status: 404, title: 'There is no such user', rpc: NO_RECORD },
  PRODUCT_NOT_FOUND: { status: 404, title: 'There is no such product', rpc: NOT_OF_RPC },
  ORDER_NOT_FOUND: { status: 404, title: 'There is no such order', rpc: NOT_OF_RPC },
  RESERVATION_NOT_FOUND: { status: 404, title: 'There is no such reservation', rpc: NOT_OF_RPC },
  FAILURE_NOT_FOUND: { status: 404, title: 'There is no such failure', rpc: NOT_OF_RPC },
  WEBHOOK_NOT_FOUND: { status: 404, title: 'There is no such webhook', rpc: NOT_OF_RPC },
  DELIVERY_NOT_FOUND: { status: 404, title: 'There is no such delivery', rpc: NOT_OF_RPC },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such call', rpc: NO_CALL },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path has other methods', rpc: NO_CALL },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive', rpc: NOT_OF_RPC },

  ALREADY_ISSUED: { status: 409, title: 'The user already holds this coupon', rpc: CLAIMED },
  COUPON_SOLD_OUT: { status: 409, title: 'The coupon is sold out', rpc: refused('COUPON_SOLD_OUT') },
  COUPON_NOT_STARTED: { status: 409, title: 'The coupon has not started', rpc: refused('CAMPAIGN_NOT_STARTED') },
  COUPON_EXPIRED: { status: 409, title: 'The coupon has ended', rpc: refused('COUPON_EXPIRED') },
  COUPON_INACTIVE: { status: 409, title: 'The coupon is paused', rpc: refused('COUPON_INACTIVE') },
  QUANTITY_BELOW_COMMITTED: {
    status: 409,
    title: 'The quantity is below what is issued and reserved',
    rpc: NOT_OF_RPC,
  },
  OUT_OF_STOCK: { status: 409, title: 'The product is out of stock', rpc: NOT_OF_RPC },
  INSUFFICIENT_BALANCE: { status: 409, title: 'The balance is too low', rpc: NOT_OF_RPC },
  ORDER_ALREADY_PAID: { status: 409, title: 'The order is already paid', rpc: NOT_OF_RPC },
  ORDER_EXPIRED: { status: 409, title: 'The order was not paid in time', rpc: NOT_OF_RPC },
  ORDER_NOT_PAYABLE: { status: 409, title: 'The order was cancelled', rpc: NOT_OF_RPC },
  ORDER_NOT_CANCELLABLE: { status: 409, title: 'The order has ended already', rpc: NOT_OF_RPC },
  REFUND_PERIOD_OVER: { status: 409, title: 'The order was paid too long ago', rpc: NOT_OF_RPC },
  BALANCE_FULL: { status: 409, title: 'The balance can hold no more', rpc: NOT_OF_RPC },
  COUPON_NOT_USABLE: { status: 409, title: 'The coupon cannot be used', rpc: NOT_OF_RPC },
  COUPON_CONDITIONS_NOT_MET: {
    status: 409,
    title: 'The order does not meet the conditions of the coupon',
    rpc: NOT_OF_RPC,
  },
  ISSUANCE_FAILED: { status: 409, title: 'The reservation could not be issued', rpc: NOT_OF_RPC },
  ENTRY_NOT_OPEN: { status: 409, title: 'Entry tickets are given later', rpc: NOT_OF_RPC },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    title: 'A request with this idempotency key is still running',
    rpc: NOT_OF_RPC,
  },

  BODY_TOO_LARGE: { status: 413, title: 'The body is too large', rpc: TOO_LARGE },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body has a type that this call does not take', rpc: NOT_OF_RPC },
  EXPECTATION_FAILED: { status: 417, title: 'The expectation cannot be met', rpc: NOT_OF_RPC },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key belongs to another request', rpc: NOT_OF_RPC },
  TOO_MANY_WAITERS: { status: 429, title: 'Too many wait already', rpc: NOT_OF_RPC },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    rpc: { code: 'resource_exhausted', message: 'RATE_LIMITED' },
  },
  HEADERS_TOO_LARGE: { status: 431, title: 'The head of the request is too large', rpc: NOT_OF_RPC },
  /** The number that web servers log for it; nobody is there to hear it. */
  CLIENT_CLOSED_REQUEST: { status: 499, title: 'The client hung up', rpc: CANCELED },

  INTERNAL_ERROR: { status: 500, title: 'Something went wrong', rpc: INTERNAL },
  RESERVATION_UNAVAILABLE: {
    status: 503,
    title: 'Reservations are not possible at the moment',
    rpc: unavailable('RESERVATION_UNAVAILABLE'),
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'The database is not available at the moment',
    rpc: unavailable('DATABASE_UNAVAILABLE'),
  },
  IDENTITY_UNAVAILABLE: {
    status: 503,
    title: 'Tokens cannot be verified at the moment',
    rpc: unavailable('IDENTITY_UNAVAILABLE'),
  },
  CHALLENGE_UNAVAILABLE: { status: 503, title: 'Challenges cannot be checked at the moment', rpc: NOT_OF_RPC },
} as const satisfies ProblemCatalog;
