/** The promotion opens: 261,000 requests of 50,000 users in two minutes for 25,000 coupons. */
import exec from 'k6/execution';
import { expectOutcome, issueAsync } from './lib/answers.ts';
import { createCoupon } from './lib/api.ts';
import { auditCoupon } from './lib/audit.ts';
import { couponRules, exactly, exactRows, faster, loadOptions, NONE_DROPPED } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const FIRST_USER = 1_000_000;

const given = readOptions('flash-sale', __ENV);
const SLOWEST_S = 0.5;

/** Rates of the stages at a peak of 5,000/s: it starts at 300, and reaches these one after the other. */
const START_RATE = atPeak(300);
const RATES = [1000, 2500, 5000, 100].map((rate) => atPeak(rate));

/**
 * Users are answered in about the order in which they ask. Who comes this long before the last coupon must get one, and
 * who comes this long after it cannot: to be overtaken by so many, a request takes longer than the threshold allows.
 */
const SURE = Math.max(given.STOCK * 0.2, given.PEAK_RATE);

const accepted = Math.min(given.STOCK, given.USERS);
const rules = [
  exactly(accepted, 'accepted', 'accepted'),
  exactRows(accepted),
  faster(99, 'http_req_duration{scenario:flash-sale}', SLOWEST_S * 1000),
  NONE_DROPPED,
  ...couponRules(),
];

export const options = loadOptions(
  {
    'flash-sale': {
      executor: 'ramping-arrival-rate',
      startRate: START_RATE,
      timeUnit: '1s',
      stages: RATES.map((target) => ({ target, duration: `${Math.round((given.DURATION * 1000) / RATES.length)}ms` })),
      // As many callers as are busy while answers take as long as they may. Making one takes milliseconds of processor
      // time: during the load its request is late, and ten thousand before it are a minute of waiting.
      preAllocatedVUs: Math.min(given.MAX_VUS, Math.ceil(given.PEAK_RATE * SLOWEST_S)),
      maxVUs: given.MAX_VUS,
      gracefulStop: '15s',
    },
  },
  rules,
);
export const handleSummary = summaryOf('flash-sale', { rules, options: given });

export function setup(): number {
  return createCoupon({ name: 'Load test flash-sale', totalQuantity: given.STOCK, audience: 'anyone' }, given.DURATION);
}

export default function askForCoupon(couponId: number): void {
  const turn = exec.scenario.iterationInTest;
  const place = turn % given.USERS;
  const outcome = issueAsync(couponId, FIRST_USER + place);
  const isRepeat = turn >= given.USERS;
  if (place < given.STOCK - SURE)
    expectOutcome(outcome, isRepeat ? 'already_issued' : 'accepted', `the user at place ${place}`);
  else if (place >= given.STOCK + SURE) expectOutcome(outcome, 'sold_out', `the user at place ${place}`);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId);
}

function atPeak(rate: number): number {
  return Math.max(1, Math.round((rate / 5000) * given.PEAK_RATE));
}
