/** A few callers who ask, wait for the row to be written, and think for a second. */
import { sleep } from 'k6';
import exec from 'k6/execution';
import { issue } from './lib/answers.ts';
import { createCoupon } from './lib/api.ts';
import { auditCoupon } from './lib/audit.ts';
import { couponRules, exactly, faster, loadOptions, rowForEachAccepted } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

/** Nobody is seeded there, and need not be: however long the load lasts, no user comes twice. */
const FIRST_USER = 1_000_000;
const AMPLE_STOCK = 1_000_000;

const given = readOptions('steady', __ENV);
const rules = [
  faster(95, 'http_req_duration{scenario:steady}', 500),
  exactly(0, 'sold_out', 'sold out'),
  exactly(0, 'already_issued', 'already issued'),
  rowForEachAccepted(),
  ...couponRules(),
];

export const options = loadOptions(
  { steady: { executor: 'constant-vus', vus: given.VUS, duration: `${given.DURATION}s` } },
  rules,
);
export const handleSummary = summaryOf('steady', { rules, options: given });

export function setup(): number {
  return createCoupon({ name: 'Load test steady', totalQuantity: AMPLE_STOCK, audience: 'anyone' }, given.DURATION);
}

export default function askAndWait(couponId: number): void {
  issue(couponId, FIRST_USER + exec.scenario.iterationInTest);
  sleep(1);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId);
}
