/** extreme, sequential and ramp-up on one timeline, each with a coupon of its own: at 0 s, 40 s and 150 s of 190 s. */
import { Rate } from 'k6/metrics';
import type { Scenario } from 'k6/options';
import { auditCoupon } from './lib/audit.ts';
import { couponRules, exactly, loadOptions, share } from './lib/rules.ts';
import * as rush from './lib/rush.ts';
import { readOptions } from './lib/scenarios.js';
import { summaryOf } from './lib/summary.ts';

const PHASES = ['extreme', 'sequential', 'ramp-up'] as const;
/** Ample for as many requests as there are test users, of whom nobody asks before all have asked. */
const AMPLE_STOCK = 10_000;

const given = readOptions('coupon', __ENV);
const ramping = { USERS: AMPLE_STOCK, STOCK: AMPLE_STOCK };
const success = new Rate('success_rate');
const usual = given.STOCK / given.USERS;

const rules = [
  ...rush.extremeRules(given),
  ...rush.sequentialRules(given),
  ...rush.rampUpRules(),
  share('success_rate', '>=', usual - 0.05, 'success rate of the first two'),
  share('success_rate', '<=', usual + 0.05, 'success rate of the first two'),
  ...couponRules(PHASES.length),
  exactly(0, 'dropped_iterations', 'requests not sent in time'),
];

export const options = loadOptions(
  {
    extreme: { ...rush.extremeScenario(given), exec: 'extreme' },
    sequential: { ...rush.sequentialScenario(given), exec: 'sequential', ...startsAfter(40) },
    'ramp-up': { ...rush.rampUpScenario(given, part(40)), exec: 'rampUp', ...startsAfter(150) },
  },
  rules,
  PHASES,
);
export const handleSummary = summaryOf('coupon', { rules, options: given, phases: PHASES });

interface Coupons {
  readonly extreme: number;
  readonly sequential: number;
  readonly 'ramp-up': number;
}

export function setup(): Coupons {
  return {
    extreme: rush.openCoupon('extreme', given, given.DURATION),
    sequential: rush.openCoupon('sequential', given, given.DURATION),
    'ramp-up': rush.openCoupon('ramp-up', ramping, given.DURATION),
  };
}

export function extreme(coupons: Coupons): void {
  success.add(rush.askAtOnce(coupons.extreme) === 'accepted');
}

export function sequential(coupons: Coupons): void {
  success.add(rush.askInTurn(coupons.sequential, given) === 'accepted');
}

export function rampUp(coupons: Coupons): void {
  rush.askAndThink(coupons['ramp-up'], ramping);
}

export function teardown(coupons: Coupons): void {
  for (const phase of PHASES) auditCoupon(coupons[phase], { coupon: phase });
}

/** Of the seconds that the timeline has at its full length. */
function part(seconds: number): number {
  return (seconds / 190) * given.DURATION;
}

function startsAfter(seconds: number): Pick<Scenario, 'startTime'> {
  return { startTime: `${Math.round(part(seconds) * 1000)}ms` };
}
