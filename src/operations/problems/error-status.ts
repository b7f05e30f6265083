import type { ProblemCatalog } from '../../platform/errors/problem-catalog.js';

/** Every code of the HTTP API, with its status and its title. One that is missing here does not compile. */
export const ERROR_STATUS = {
  VALIDATION_FAILED: { status: 400, title: 'The request is not valid' },
  MALFORMED_JSON: { status: 400, title: 'The body is not valid JSON' },
  BAD_REQUEST: { status: 400, title: 'This is no valid HTTP request' },
  UNAUTHENTICATED: { status: 401, title: 'The admin token is missing or wrong' },

  COUPON_NOT_FOUND: { status: 404, title: 'There is no such coupon' },
  USER_NOT_FOUND: { status: 404, title: 'There is no such user' },
  PRODUCT_NOT_FOUND: { status: 404, title: 'There is no such product' },
  ORDER_NOT_FOUND: { status: 404, title: 'There is no such order' },
  RESERVATION_NOT_FOUND: { status: 404, title: 'There is no such reservation' },
  FAILURE_NOT_FOUND: { status: 404, title: 'There is no such failure' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such call' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path has other methods' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },

  ALREADY_ISSUED: { status: 409, title: 'The user already holds this coupon' },
  COUPON_SOLD_OUT: { status: 409, title: 'The coupon is sold out' },
  COUPON_NOT_STARTED: { status: 409, title: 'The coupon has not started' },
  COUPON_EXPIRED: { status: 409, title: 'The coupon has ended' },
  COUPON_INACTIVE: { status: 409, title: 'The coupon is paused' },
  QUANTITY_BELOW_COMMITTED: { status: 409, title: 'The quantity is below what is issued and reserved' },
  OUT_OF_STOCK: { status: 409, title: 'The product is out of stock' },
  INSUFFICIENT_BALANCE: { status: 409, title: 'The balance is too low' },
  ORDER_ALREADY_PAID: { status: 409, title: 'The order is already paid' },
  COUPON_NOT_USABLE: { status: 409, title: 'The coupon cannot be used' },
  ISSUANCE_FAILED: { status: 409, title: 'The reservation could not be issued' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, title: 'A request with this idempotency key is still running' },

  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body is not JSON' },
  EXPECTATION_FAILED: { status: 417, title: 'The expectation cannot be met' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key belongs to another request' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The head of the request is too large' },
  /** The number that web servers log for it; nobody is there to hear it. */
  CLIENT_CLOSED_REQUEST: { status: 499, title: 'The client hung up' },

  INTERNAL_ERROR: { status: 500, title: 'Something went wrong' },
  RESERVATION_UNAVAILABLE: { status: 503, title: 'Reservations are not possible at the moment' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database is not available at the moment' },
} as const satisfies ProblemCatalog;
