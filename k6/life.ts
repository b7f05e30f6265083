/**
 * A coupon's whole life: each user claims one, is told what an order would cost, orders and pays; every third order is
 * refunded, and every third coupon is left unused and taken back. Afterwards coupons, balances and the ranking must add up.
 */
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter, Rate, Trend } from 'k6/metrics';
import { adminCall, bodyOf, call, createCoupon, described, requireTestUser, type Response } from './lib/api.ts';
import { auditCoupon } from './lib/audit.ts';
import { exactly, exactRows, loadOptions, share } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

/** Test users, each of whom asks once. */
const FIRST_USER = 1000;
/** Products that nobody else sells. */
const PRODUCTS = 5;
const PRICE = 10_000;
const DISCOUNT = 1000;
/** What a user can pay at the most. */
const ENOUGH = 3 * PRICE;
/** How many users' entries are added up one by one. */
const SAMPLE = 20;

const given = readOptions('life', __ENV);
const stepTime = new Trend('step_time', true);
const isRight = new Rate('steps_right');
const lived = new Counter('lives');
const wrongSales = new Counter('wrong_sales');
const wrongBalances = new Counter('wrong_balances');
const productsCompared = new Counter('products_compared');

const rules = [
  share('steps_right', '==', 1, 'steps answered as they should'),
  exactly(given.USERS, 'lives', 'users who came to their end'),
  exactly(1, 'audits', 'coupons audited'),
  exactly(0, 'audit_violations', 'violations found by the audit'),
  exactRows(given.USERS),
  exactly(PRODUCTS, 'products_compared', 'products compared'),
  exactly(0, 'wrong_sales', 'sales that are not paid less refunded'),
  exactly(0, 'wrong_balances', 'balances that do not add up'),
];

export const options = loadOptions(
  { life: { executor: 'shared-iterations', vus: given.VUS, iterations: given.USERS, maxDuration: '600s' } },
  rules,
);
export const handleSummary = summaryOf('life', { rules, options: given, times: [['step_time', 'a step']] });

interface Run {
  readonly couponId: number;
  readonly firstProduct: number;
  readonly date: string;
}

interface Body {
  readonly [field: string]: unknown;
}

export function setup(): Run {
  requireTestUser(FIRST_USER + given.USERS - 1);
  const firstProduct = Date.now();
  for (let index = 0; index < PRODUCTS; index += 1) {
    const product = { name: `Load test ${firstProduct + index}`, price: PRICE, stock: 3 * given.USERS };
    const path = `/api/products/${firstProduct + index}`;
    const response = adminCall('PUT', path, product, '/api/products/{productId}');
    if (response.status >= 300) throw new Error(`There is no product to sell: ${described(response)}`);
  }
  const coupon = { name: 'Load test life', totalQuantity: given.USERS, audience: 'registered' } as const;
  return { couponId: createCoupon(coupon), firstProduct, date: businessDate() };
}

export default function live(run: Run): void {
  const index = exec.scenario.iterationInTest;
  const userId = FIRST_USER + index;
  const { couponId } = run;
  const items = [{ productId: productOf(run, index), quantity: quantityOf(index) }];
  const subtotal = PRICE * quantityOf(index);
  const total = isUnused(index) ? subtotal : subtotal - DISCOUNT;
  const order = { userId, items, ...(!isUnused(index) && { couponId }) };

  const isIssued = step('claim', issued(couponId, userId), 200, ({ status }) => status === 'ISSUED');
  const charge = call('POST', `/api/users/${userId}/balance/charge`, { amount: ENOUGH }, '/api/users/{userId}/charge');
  const { balance = 0 } = bodyOf(charge) as { balance?: number };
  const isCharged = step('charge', charge, 200);
  const quote = call('POST', '/api/orders/quote', order);
  const isQuoted = step('quote', quote, 200, ({ totalAmount }) => totalAmount === total);
  const created = call('POST', '/api/orders', order);
  const { orderId } = bodyOf(created) as { orderId?: number };
  const isOrdered = step('order', created, 201, ({ totalAmount }) => totalAmount === total);
  const payment = call('POST', `/api/orders/${orderId}/payment`, { userId }, '/api/orders/{orderId}/payment');
  const isPaid = step('pay', payment, 200, ({ remainingBalance }) => remainingBalance === balance - total);
  const isUndone = isRefunded(index)
    ? step('refund', cancelled(orderId, userId), 200, ({ refundedAmount, remainingBalance }) => {
        return refundedAmount === total && remainingBalance === balance;
      })
    : true;
  const isRevoked = isUnused(index)
    ? step('revoke', revoked(couponId, userId), 200, (body) => body['revoked'] === 1)
    : true;
  const isSeen = look(couponId, userId, isUnused(index) ? 'REVOKED' : isRefunded(index) ? 'AVAILABLE' : 'USED');
  if (isIssued && isCharged && isQuoted && isOrdered && isPaid && isUndone && isRevoked && isSeen) lived.add(1);
}

export function teardown(run: Run): void {
  auditCoupon(run.couponId);
  compareSales(run);
  compareBalances();
}

/** As the user sees it, and as an operator does. */
function look(couponId: number, userId: number, status: string): boolean {
  const held = call(
    'GET',
    `/api/users/${userId}/coupons?status=${status}&limit=100`,
    undefined,
    '/api/users/{userId}/coupons',
  );
  const isHeld = ({ coupons }: Body) => (coupons as Body[]).some((coupon) => coupon['couponId'] === couponId);
  const path = `/api/coupons/${couponId}/user-coupons?userId=${userId}`;
  const holder = adminCall('GET', path, undefined, '/api/coupons/{couponId}/user-coupons');
  const isHolder = ({ userCoupons }: Body) => (userCoupons as Body[])[0]?.['status'] === status;
  return step('look at own coupons', held, 200, isHeld) && step('look at holders', holder, 200, isHolder);
}

function issued(couponId: number, userId: number): Response {
  return call('POST', `/api/coupons/${couponId}/issue`, { userId }, '/api/coupons/{couponId}/issue');
}

function cancelled(orderId: number | undefined, userId: number): Response {
  return call('POST', `/api/orders/${orderId}/cancel`, { userId }, '/api/orders/{orderId}/cancel');
}

function revoked(couponId: number, userId: number): Response {
  const body = { userIds: [userId], reason: 'Load test', returnSlots: true };
  return adminCall('POST', `/api/coupons/${couponId}/revocations`, body, '/api/coupons/{couponId}/revocations');
}

/** Whether the answer is what it should be. */
function step(name: string, response: Response, status: number, holds: (body: Body) => boolean = () => true): boolean {
  stepTime.add(response.timings.duration);
  const isAsExpected = check(response, {
    [name]: () => response.status === status && holds(bodyOf(response) as Body),
  });
  isRight.add(isAsExpected);
  if (!isAsExpected) console.error(`${name} should be ${status}, but was ${described(response)}`);
  return isAsExpected;
}

function isRefunded(index: number): boolean {
  return index % 3 === 0;
}

function isUnused(index: number): boolean {
  return index % 3 === 1;
}

function quantityOf(index: number): number {
  return 1 + (index % 2);
}

function productOf({ firstProduct }: Run, index: number): number {
  return firstProduct + (index % PRODUCTS);
}

/** Paid less refunded, of the days that the run touched, also in the list of the best. */
function compareSales(run: Run): void {
  const expected = Array.from({ length: PRODUCTS }, () => 0);
  for (let index = 0; index < given.USERS; index += 1) {
    if (!isRefunded(index)) expected[index % PRODUCTS] = (expected[index % PRODUCTS] ?? 0) + quantityOf(index);
  }
  const dates = [...new Set([run.date, businessDate()])];
  for (const [at, count] of expected.entries()) {
    const productId = run.firstProduct + at;
    const sold = dates.map((date) => salesOf(productId, date)).reduce((sum, sales) => sum + sales, 0);
    productsCompared.add(1);
    if (sold === count) continue;
    wrongSales.add(1);
    console.error(`the ranking has ${sold} of product ${productId}, but ${count} are paid and not refunded`);
  }
}

function salesOf(productId: number, date: string): number {
  const path = `/api/products/ranking/product/${productId}?date=${date}`;
  const { salesCount } = bodyOf(call('GET', path, undefined, '/api/products/ranking/product/{productId}')) as {
    salesCount?: number | null;
  };
  return salesCount ?? Number.NaN;
}

function businessDate(): string {
  const response = call('GET', '/api/products/ranking/top?limit=1');
  const { date } = bodyOf(response) as { date?: string };
  if (date === undefined) throw new Error(`There is no ranking: ${described(response)}`);
  return date;
}

/** All of them by the app's own audit, and of some users their entries one by one. */
function compareBalances(): void {
  const audit = adminCall('GET', '/api/balances/audit');
  if ((bodyOf(audit) as { consistent?: boolean }).consistent !== true) {
    wrongBalances.add(1);
    console.error(`the audit of balances says ${described(audit)}`);
  }
  for (let index = 0; index < Math.min(SAMPLE, given.USERS); index += 1) {
    const userId = FIRST_USER + index;
    const response = call('GET', `/api/users/${userId}/balance`, undefined, '/api/users/{userId}/balance');
    const { balance } = bodyOf(response) as { balance?: number };
    const sum = sumOfEntries(userId);
    if (balance === sum) continue;
    wrongBalances.add(1);
    console.error(`user ${userId} has ${balance} won, and entries of ${sum}`);
  }
}

function sumOfEntries(userId: number): number {
  let sum = 0;
  let cursor = '';
  do {
    const path = `/api/users/${userId}/balance/entries?limit=100${cursor}`;
    const response = call('GET', path, undefined, '/api/users/{userId}/balance/entries');
    const { entries, nextCursor } = bodyOf(response) as {
      entries?: Array<{ amount: number }>;
      nextCursor?: string | null;
    };
    if (entries === undefined) return Number.NaN;
    for (const { amount } of entries) sum += amount;
    cursor = nextCursor ? `&cursor=${nextCursor}` : '';
  } while (cursor !== '');
  return sum;
}
