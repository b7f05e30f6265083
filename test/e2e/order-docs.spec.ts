import { beforeAll, describe, it } from '@jest/globals';
import { ADMIN, BODY, type DescribedCall, OpenApiDocument } from '../support/openapi-document.js';

/** Every call about products, users and orders in the OpenAPI document. */

const KEY = 'IDEMPOTENCY_IN_PROGRESS IDEMPOTENCY_KEY_REUSED';
const REFUSED_ORDER = 'USER_NOT_FOUND PRODUCT_NOT_FOUND COUPON_NOT_USABLE COUPON_CONDITIONS_NOT_MET';
const REFUSED_PAYMENT =
  'ORDER_NOT_FOUND ORDER_ALREADY_PAID ORDER_EXPIRED ORDER_NOT_PAYABLE INSUFFICIENT_BALANCE OUT_OF_STOCK COUPON_NOT_USABLE COUPON_CONDITIONS_NOT_MET';
const REFUSED_CANCELLATION = 'ORDER_NOT_FOUND ORDER_NOT_CANCELLABLE REFUND_PERIOD_OVER BALANCE_FULL';

const CALLS: DescribedCall[] = [
  ['get /api/products', '200', ''],
  ['get /api/products/{productId}', '200', 'PRODUCT_NOT_FOUND'],
  ['put /api/products/{productId}', '200 201', `${ADMIN} ${BODY}`],
  ['post /api/products/{productId}/stock', '200', `${ADMIN} ${BODY} ${KEY} PRODUCT_NOT_FOUND OUT_OF_STOCK`],
  ['get /api/users/{userId}', '200', 'USER_NOT_FOUND'],
  ['put /api/users/{userId}', '200 201', `${ADMIN} ${BODY}`],
  ['get /api/users/{userId}/balance', '200', 'USER_NOT_FOUND'],
  ['post /api/users/{userId}/balance/charge', '200', `${BODY} ${KEY} USER_NOT_FOUND`],
  ['post /api/orders', '201', `${BODY} ${KEY} ${REFUSED_ORDER}`],
  ['post /api/orders/quote', '200', `${BODY} ${REFUSED_ORDER}`],
  ['get /api/orders', '200', ''],
  ['get /api/orders/{orderId}', '200', 'ORDER_NOT_FOUND'],
  ['post /api/orders/{orderId}/payment', '200', `${BODY} ${KEY} ${REFUSED_PAYMENT}`],
  ['post /api/orders/{orderId}/cancel', '200', `${BODY} ${KEY} ${REFUSED_CANCELLATION}`],
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
