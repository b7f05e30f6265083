/** Every user clicks twenty times at once: one click gets the coupon, the others hear that the user has it. */
import exec from 'k6/execution';
import { expectOutcome, reserveAtOnce } from './lib/answers.ts';
import { createCoupon } from './lib/api.ts';
import { auditCoupon } from './lib/audit.ts';
import { couponRules, exactly, exactRows, loadOptions } from './lib/rules.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const FIRST_USER = 1_000_000;

const given = readOptions('duplicate-storm', __ENV);
const rules = [
  exactly(given.USERS, 'accepted', 'accepted'),
  exactly(given.USERS * (given.ASKS - 1), 'already_issued', 'already issued'),
  exactly(0, 'sold_out', 'sold out'),
  exactRows(given.USERS),
  ...couponRules(),
];

export const options = {
  ...loadOptions(
    {
      'duplicate-storm': {
        executor: 'shared-iterations',
        vus: Math.min(given.VUS, given.USERS),
        iterations: given.USERS,
        maxDuration: '30m',
      },
    },
    rules,
  ),
  // Else k6 sends six at a time to one host.
  batch: given.ASKS,
  batchPerHost: given.ASKS,
};
export const handleSummary = summaryOf('duplicate-storm', { rules, options: given });

export function setup(): number {
  return createCoupon({ name: 'Load test duplicate-storm', totalQuantity: given.USERS, audience: 'anyone' });
}

export default function clickAgainAndAgain(couponId: number): void {
  const userId = FIRST_USER + exec.scenario.iterationInTest;
  const outcomes = reserveAtOnce(couponId, userId, given.ASKS);
  // Whatever the order of the answers, one and only one of them is the coupon.
  const [first, ...others] = outcomes.sort((one, other) => Number(other === 'accepted') - Number(one === 'accepted'));
  if (first) expectOutcome(first, 'accepted', `user ${userId}`);
  for (const outcome of others) expectOutcome(outcome, 'already_issued', `user ${userId}`);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId);
}
