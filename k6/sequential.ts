/** The crowd of `extreme` one after the other: every answer is known in advance. */
import { auditCoupon } from './lib/audit.ts';
import { couponRules, loadOptions } from './lib/rules.ts';
import { askInTurn, openCoupon, sequentialRules, sequentialScenario } from './lib/rush.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const given = readOptions('sequential', __ENV);
const rules = [...sequentialRules(given), ...couponRules()];

export const options = loadOptions({ sequential: sequentialScenario(given) }, rules);
export const handleSummary = summaryOf('sequential', { rules, options: given });

export function setup(): number {
  return openCoupon('sequential', given);
}

export default function askForCoupon(couponId: number): void {
  askInTurn(couponId, given);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId, { coupon: 'sequential' });
}
