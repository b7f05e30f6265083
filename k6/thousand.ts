/** A thousand requests a second, each of a user who has never asked before. DURATION=30s for the long form. */
import exec from 'k6/execution';
import { reserve } from './lib/answers.ts';
import { createCoupon } from './lib/api.ts';
import { auditCoupon } from './lib/audit.ts';
import { couponRules, exactly, faster, goal, loadOptions, NONE_DROPPED, rowForEachAccepted } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const FIRST_USER = 1_000_000;
const AMPLE_STOCK = 10_000_000;

const given = readOptions('thousand', __ENV);
const p95 = faster(95, 'http_req_duration{scenario:thousand}', 23);
const rules = [
  p95,
  goal({ ...p95, limit: 5 }),
  exactly(0, 'sold_out', 'sold out'),
  exactly(0, 'already_issued', 'already issued'),
  NONE_DROPPED,
  rowForEachAccepted(),
  ...couponRules(),
];

export const options = loadOptions(
  {
    thousand: {
      executor: 'constant-arrival-rate',
      rate: given.PEAK_RATE,
      duration: `${given.DURATION}s`,
      // A caller that is made during the load comes too late for its request.
      preAllocatedVUs: Math.min(given.MAX_VUS, given.PEAK_RATE),
      maxVUs: given.MAX_VUS,
    },
  },
  rules,
);
export const handleSummary = summaryOf('thousand', { rules, options: given });

export function setup(): number {
  return createCoupon({ name: 'Load test thousand', totalQuantity: AMPLE_STOCK, audience: 'anyone' }, given.DURATION);
}

export default function askForCoupon(couponId: number): void {
  reserve(couponId, FIRST_USER + exec.scenario.iterationInTest);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId);
}
