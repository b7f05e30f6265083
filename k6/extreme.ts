/** 100 users at the same moment for 50 coupons: 50 get one, 50 hear that it is sold out. */
import { auditCoupon } from './lib/audit.ts';
import { couponRules, loadOptions } from './lib/rules.ts';
import { askAtOnce, extremeRules, extremeScenario, openCoupon } from './lib/rush.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const given = readOptions('extreme', __ENV);
const rules = [...extremeRules(given), ...couponRules()];

export const options = loadOptions({ extreme: extremeScenario(given) }, rules);
export const handleSummary = summaryOf('extreme', { rules, options: given });

export function setup(): number {
  return openCoupon('extreme', given);
}

export default function askForCoupon(couponId: number): void {
  askAtOnce(couponId);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId, { coupon: 'extreme' });
}
