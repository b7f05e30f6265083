/** Readers of the ranking while orders come in and are paid; some sales are followed until the ranking shows them. */
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { Rate, Trend } from 'k6/metrics';
import { bodyOf, call, requireTestUser } from './lib/api.ts';
import { exactly, faster, loadOptions, NONE_DROPPED, share } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

/** The test user who can afford it all. */
const USER_ID = 1;
const ENOUGH = 10_000_000_000;
/** Test products 1 to 100: the crowd buys the first half; the second is for the checks, one sale of each at a time. */
const HALF_OF_PRODUCTS = 50;
const CHECKERS = 5;
const THINK_TIME_S = 1;
const POLL_S = 0.005;
const SHOWN_WITHIN_MS = 5000;

const given = readOptions('ranking', __ENV);
const queryTime = new Trend('query_time', true);
const orderTime = new Trend('order_time', true);
const paymentTime = new Trend('payment_time', true);
const updateTime = new Trend('update_time', true);
const isAccurate = new Rate('accuracy');
const isSold = new Rate('orders_paid');

const rules = [
  faster(95, 'query_time', 50, 'a look at the ranking'),
  faster(95, 'update_time', 500, 'payment to ranking'),
  share('accuracy', '==', 1, 'sales shown exactly'),
  share('orders_paid', '>', 0.99, 'orders created and paid'),
  share('http_req_failed', '<', 0.01, 'failed requests'),
  share('checks', '==', 1, 'rankings in order, from Redis'),
  exactly(given.CHECKS, 'iterations{scenario:checking}', 'sales followed'),
  NONE_DROPPED,
];

export const options = loadOptions(
  {
    reading: {
      executor: 'constant-arrival-rate',
      exec: 'read',
      rate: given.PEAK_RATE,
      duration: `${given.DURATION}s`,
      preAllocatedVUs: 200,
    },
    ordering: {
      executor: 'ramping-vus',
      exec: 'buy',
      startVUs: 0,
      stages: [stage(0.5, Math.ceil(given.VUS / 2)), stage(0.5, given.VUS)],
      gracefulStop: '15s',
    },
    checking: {
      executor: 'shared-iterations',
      exec: 'follow',
      vus: CHECKERS,
      iterations: given.CHECKS,
      maxDuration: `${given.DURATION + 60}s`,
    },
  },
  rules,
);
export const handleSummary = summaryOf('ranking', {
  rules,
  options: given,
  times: [
    ['query_time', 'a look at the ranking'],
    ['order_time', 'an order'],
    ['payment_time', 'its payment'],
    ['update_time', 'payment to ranking'],
  ],
});

interface ProductRank {
  readonly date: string;
  readonly source: string;
  readonly salesCount: number | null;
}

export function setup(): void {
  requireTestUser(USER_ID);
  const { balance = 0 } = bodyOf(call('GET', `/api/users/${USER_ID}/balance`)) as { balance?: number };
  if (balance < ENOUGH) call('POST', `/api/users/${USER_ID}/balance/charge`, { amount: ENOUGH - balance });
}

export function read(): void {
  const response = call('GET', '/api/products/ranking/top?limit=10');
  queryTime.add(response.timings.duration);
  const { source, rankings = [] } = bodyOf(response) as {
    source?: string;
    rankings?: Array<{ rank: number; salesCount: number }>;
  };
  check(response, {
    'comes from Redis': () => source === 'redis',
    'is in order': () =>
      rankings.every(
        ({ rank, salesCount }, at) => rank === at + 1 && salesCount <= (rankings[at - 1]?.salesCount ?? salesCount),
      ),
  });
}

export function buy(): void {
  isSold.add(sell(1 + (exec.scenario.iterationInTest % HALF_OF_PRODUCTS), 1));
  sleep(THINK_TIME_S);
}

/** Sells some pieces of a product that nobody else sells meanwhile, and looks until the ranking shows exactly them. */
export function follow(): void {
  const productId = 1 + HALF_OF_PRODUCTS + (exec.scenario.iterationInTest % HALF_OF_PRODUCTS);
  const quantity = 1 + (exec.scenario.iterationInTest % 3);
  const before = rankOf(productId);
  const startedAt = Date.now();
  const isPaid = sell(productId, quantity);
  const after = isPaid ? nextRankOf(productId, before, startedAt + SHOWN_WITHIN_MS) : before;
  if (isPaid) updateTime.add(Date.now() - startedAt);
  // A business day that begins in between begins at 0.
  const countBefore = after.date === before.date ? before.salesCount : 0;
  isAccurate.add(isPaid && countBefore !== null && after.salesCount === countBefore + quantity);
  sleep((given.DURATION * CHECKERS) / given.CHECKS);
}

/** Orders and pays; false when one of both was refused or failed. */
function sell(productId: number, quantity: number): boolean {
  const order = call('POST', '/api/orders', { userId: USER_ID, items: [{ productId, quantity }] });
  orderTime.add(order.timings.duration);
  if (order.status !== 201) return false;
  const { orderId } = bodyOf(order) as { orderId: number };
  const payment = call('POST', `/api/orders/${orderId}/payment`, { userId: USER_ID }, '/api/orders/{orderId}/payment');
  paymentTime.add(payment.timings.duration);
  return payment.status === 200;
}

/** The first that differs, or the last before the deadline. */
function nextRankOf(productId: number, before: ProductRank, deadline: number): ProductRank {
  for (;;) {
    const now = rankOf(productId);
    if (now.salesCount !== before.salesCount || Date.now() > deadline) return now;
    sleep(POLL_S);
  }
}

function rankOf(productId: number): ProductRank {
  const name = '/api/products/ranking/product/{productId}';
  return bodyOf(call('GET', `/api/products/ranking/product/${productId}`, undefined, name)) as ProductRank;
}

function stage(part: number, target: number): { duration: string; target: number } {
  return { duration: `${Math.round(given.DURATION * part * 1000)}ms`, target };
}
