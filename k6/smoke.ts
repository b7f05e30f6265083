/** One caller through every call of the API, in under 15 s. */
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';
import { adminCall, bodyOf, call, createCoupon, requireTestUser, type Response } from './lib/api.ts';
import { auditCoupon } from './lib/audit.ts';
import { exactly, exactRows, loadOptions, share } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

/** A test user with money, who is also the first holder of the coupon. */
const USER_ID = 1;
const FIRST_USER = 1_000_000;
const STOCK = 4;
const UNKNOWN_ID = 999_999_999;
const PATIENCE_S = 5;

const given = readOptions('smoke', __ENV);
/** k6's own rate of checks, which has no samples and so keeps its threshold when there was no check at all. */
const answered = new Rate('answered_as_documented');
const rules = [
  share('answered_as_documented', '==', 1, 'calls answered as documented'),
  exactly(0, 'audit_violations', 'violations found by the audit'),
  exactly(1, 'audits', 'audits made'),
  exactRows(STOCK),
];

export const options = loadOptions(
  { smoke: { executor: 'shared-iterations', vus: 1, iterations: 1, maxDuration: '60s' } },
  rules,
);
export const handleSummary = summaryOf('smoke', { rules, options: given });

interface Body {
  readonly [field: string]: unknown;
}

export function setup(): number {
  requireTestUser(USER_ID);
  return createCoupon({ name: 'Load test smoke', totalQuantity: STOCK, audience: 'anyone' });
}

export default function callEverything(couponId: number): void {
  operations();
  coupons(couponId);
  reservations(couponId);
  shop(couponId);
  administration(couponId);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId);
}

function operations(): void {
  expectStatus(call('GET', '/health/live'), 200);
  expectStatus(call('GET', '/health/ready'), 200, ({ status }) => status === 'ok');
  expectStatus(call('GET', '/metrics'), 200);
  expectStatus(call('GET', '/docs'), 200);
  expectStatus(call('GET', '/docs-json'), 200, ({ openapi }) => openapi === '3.1.0');
  expectStatus(call('GET', '/no-such-call'), 404, hasCode('ROUTE_NOT_FOUND'));
}

function coupons(couponId: number): void {
  expectStatus(call('POST', '/api/coupons', {}), 401, hasCode('UNAUTHENTICATED'));
  expectStatus(adminCall('POST', '/api/coupons', {}), 400, hasCode('VALIDATION_FAILED'));
  expectStatus(call('GET', '/api/coupons?limit=5'), 200, ({ coupons: list }) => Array.isArray(list));
  expectStatus(call('GET', `/api/coupons/${couponId}`), 200, ({ status }) => status === 'OPEN');
  expectStatus(call('GET', `/api/coupons/${UNKNOWN_ID}`), 404, hasCode('COUPON_NOT_FOUND'));
  expectStatus(adminCall('PATCH', `/api/coupons/${couponId}`, { name: 'Smoke' }), 200, ({ name }) => name === 'Smoke');
}

function reservations(couponId: number): void {
  expectStatus(call('POST', `/api/coupons/${couponId}/reserve`, { userId: USER_ID }), 200, isReservation);
  expectStatus(call('POST', '/api/coupons/reserve', { couponId, userId: FIRST_USER }), 200, isReservation);
  expectStatus(call('POST', `/coupons/${FIRST_USER + 1}/issue-async?couponId=${couponId}`), 202, isReservation);
  expectStatus(
    call('POST', `/api/coupons/${couponId}/issue`, { userId: FIRST_USER + 2 }),
    200,
    ({ status }) => status === 'ISSUED',
  );
  expectStatus(call('POST', `/api/coupons/${couponId}/reserve`, { userId: USER_ID }), 409, hasCode('ALREADY_ISSUED'));
  expectStatus(
    call('POST', '/api/coupons/issue', { couponId, userId: FIRST_USER + 3 }),
    409,
    hasCode('COUPON_SOLD_OUT'),
  );
  const held = until(`/api/coupons/${couponId}/reservations/${USER_ID}`, ({ status }) => status === 'ISSUED');
  expectStatus(held, 200, ({ status }) => status === 'ISSUED');
  expectStatus(
    call('GET', `/api/coupons/${couponId}/reservations/${UNKNOWN_ID}`),
    404,
    hasCode('RESERVATION_NOT_FOUND'),
  );
  const listed = ({ coupons: list }: Body) => (list as Body[]).some((coupon) => coupon['couponId'] === couponId);
  expectStatus(call('GET', `/api/users/${USER_ID}/coupons`), 200, listed);
  const locked = createCoupon({
    name: 'Load test smoke, lock',
    totalQuantity: 1,
    audience: 'anyone',
    strategy: 'lock',
  });
  expectStatus(
    call('POST', `/api/coupons/${locked}/reserve`, { userId: FIRST_USER }),
    200,
    ({ status }) => status === 'ISSUED',
  );
}

function shop(couponId: number): void {
  expectStatus(call('GET', '/api/products?limit=5'), 200, ({ products }) => (products as unknown[]).length === 5);
  expectStatus(call('GET', '/api/products/1'), 200, ({ productId }) => productId === 1);
  expectStatus(call('GET', `/api/users/${USER_ID}`), 200, ({ userId }) => userId === USER_ID);
  expectStatus(call('POST', `/api/users/${USER_ID}/balance/charge`, { amount: 1_000_000 }), 200);
  expectStatus(call('GET', `/api/users/${USER_ID}/balance`), 200, ({ balance }) => Number(balance) >= 1_000_000);

  const order = {
    userId: USER_ID,
    items: [{ productId: 1, quantity: 2 }],
    couponId,
    idempotencyKey: `smoke-${couponId}`,
  };
  const created = call('POST', '/api/orders', order);
  expectStatus(created, 201, ({ status, discountAmount }) => status === 'PENDING' && discountAmount === 1000);
  const { orderId } = bodyOf(created) as { orderId?: number };
  expectStatus(call('POST', '/api/orders', order), 201, (replayed) => replayed['orderId'] === orderId);
  expectStatus(
    call('POST', `/api/orders/${orderId}/payment`, { userId: USER_ID }),
    200,
    ({ status }) => status === 'PAID',
  );
  expectStatus(call('POST', `/api/orders/${orderId}/payment`, { userId: USER_ID }), 409, hasCode('ORDER_ALREADY_PAID'));
  expectStatus(call('GET', `/api/orders/${orderId}`), 200, ({ status }) => status === 'PAID');
  expectStatus(call('GET', `/api/orders?userId=${USER_ID}&limit=5`), 200, ({ orders }) => Array.isArray(orders));

  const shown = until('/api/products/ranking/product/1', ({ salesCount }) => Number(salesCount) >= 2);
  expectStatus(shown, 200, ({ source, salesCount }) => source === 'redis' && Number(salesCount) >= 2);
  expectStatus(call('GET', '/api/products/ranking/top?limit=10'), 200, ({ source }) => source === 'redis');
}

function administration(couponId: number): void {
  expectStatus(adminCall('GET', `/api/coupons/${couponId}/audit`), 200, ({ consistent }) => consistent === true);
  expectStatus(adminCall('POST', `/api/coupons/${couponId}/rebuild`), 200, ({ consistent }) => consistent === true);
  expectStatus(adminCall('GET', `/api/coupons/${couponId}/failures`), 200, ({ failures }) => Array.isArray(failures));
  const retry = adminCall('POST', `/api/coupons/${couponId}/failures/${UNKNOWN_ID}/retry`);
  expectStatus(retry, 404, hasCode('FAILURE_NOT_FOUND'));
}

function expectStatus(response: Response, status: number, isRight: (body: Body) => boolean = () => true): void {
  const { method, url } = response.request;
  const name = `${method} ${url.replace(/^\w+:\/\/[^/]+/, '')} is ${status}`;
  const isAsDocumented = check(response, {
    [name]: () => response.status === status && isRight(bodyOf(response) as Body),
  });
  answered.add(isAsDocumented);
  if (!isAsDocumented) console.error(`${name}, but was ${response.status}: ${response.body.slice(0, 300)}`);
}

function isReservation({ status, sequenceNumber }: Body): boolean {
  return status === 'RESERVED' && typeof sequenceNumber === 'number';
}

function hasCode(code: string): (body: Body) => boolean {
  return (body) => body['code'] === code;
}

/** The answer of a GET as soon as it is what we wait for, or the last one. */
function until(path: string, isThere: (body: Body) => boolean): Response {
  const deadline = Date.now() + PATIENCE_S * 1000;
  for (;;) {
    const response = call('GET', path);
    if (isThere(bodyOf(response) as Body) || Date.now() > deadline) return response;
    sleep(0.02);
  }
}
