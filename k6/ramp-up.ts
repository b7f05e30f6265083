/** Callers come, think between two requests, and go; the stock is ample. */
import { auditCoupon } from './lib/audit.ts';
import { couponRules, loadOptions } from './lib/rules.ts';
import { askAndThink, openCoupon, rampUpRules, rampUpScenario } from './lib/rush.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const given = readOptions('ramp-up', __ENV);
const rules = [...rampUpRules(), ...couponRules()];

export const options = loadOptions({ 'ramp-up': rampUpScenario(given, given.DURATION) }, rules, ['ramp-up']);
export const handleSummary = summaryOf('ramp-up', { rules, options: given, phases: ['ramp-up'] });

export function setup(): number {
  return openCoupon('ramp-up', given, given.DURATION);
}

export default function askForCoupon(couponId: number): void {
  askAndThink(couponId, given);
}

export function teardown(couponId: number): void {
  auditCoupon(couponId, { coupon: 'ramp-up' });
}
