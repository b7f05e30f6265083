/** The three ways to ask for a coupon that are run alone and, in coupon.ts, one after the other. */
import { sleep } from 'k6';
import exec from 'k6/execution';
import type { Scenario } from 'k6/options';
import { expectOutcome, type Outcome, reserve } from './answers.ts';
import { createCoupon, requireTestUser } from './api.ts';
import { exactly, exactRows, faster, goal, rowForEachAccepted, type Rule } from './rules.ts';

/** First ids of the users that the seeder makes for each (src/load-test/seed-users.ts). */
const FIRST_USER = { extreme: 1000, sequential: 200_000, 'ramp-up': 300_000 };
const THINK_TIME_S = 0.1;

export type Phase = keyof typeof FIRST_USER;

interface Crowd {
  readonly USERS: number;
  readonly STOCK: number;
}

/** The coupon of a phase, for a run of so many seconds; its users must have been seeded. */
export function openCoupon(phase: Phase, { STOCK }: Crowd, seconds = 0): number {
  requireTestUser(FIRST_USER[phase]);
  return createCoupon({ name: `Load test ${phase}`, totalQuantity: STOCK, audience: 'registered' }, seconds);
}

export function extremeScenario({ USERS }: Crowd): Scenario {
  return { executor: 'shared-iterations', vus: USERS, iterations: USERS, maxDuration: '60s' };
}

/** Everyone asks at the same moment, each once. */
export function askAtOnce(couponId: number): Outcome {
  return reserve(couponId, FIRST_USER.extreme + exec.scenario.iterationInTest);
}

export function extremeRules(crowd: Crowd): Rule[] {
  const p99 = faster(99, 'http_req_duration{scenario:extreme}', 3000, 'extreme: all answers');
  return [...halfOfThemRules('extreme', crowd), p99, goal({ ...p99, limit: 100 })];
}

export function sequentialScenario({ USERS }: Crowd): Scenario {
  return { executor: 'per-vu-iterations', vus: 1, iterations: USERS, maxDuration: '100s' };
}

/** One user after the other: who comes while there is stock gets it, everyone else hears that it is sold out. */
export function askInTurn(couponId: number, { STOCK }: Crowd): Outcome {
  const turn = exec.scenario.iterationInTest;
  const userId = FIRST_USER.sequential + turn;
  return expectOutcome(reserve(couponId, userId), turn < STOCK ? 'accepted' : 'sold_out', `user ${userId}`);
}

export function sequentialRules(crowd: Crowd): Rule[] {
  return halfOfThemRules('sequential', crowd);
}

export function rampUpScenario({ VUS }: { VUS: number }, seconds: number): Scenario {
  const stage = (share: number, target: number) => ({ duration: `${Math.round(seconds * share * 1000)}ms`, target });
  return {
    executor: 'ramping-vus',
    startVUs: 0,
    stages: [stage(0.25, Math.ceil(VUS * 0.4)), stage(0.5, VUS), stage(0.25, 0)],
    // Whoever has asked is answered before the audit.
    gracefulRampDown: '10s',
    gracefulStop: '10s',
  };
}

/** Asks, and thinks for a while. The users begin anew when all have asked, and then hear that they have it. */
export function askAndThink(couponId: number, { USERS }: Crowd): void {
  const turn = exec.scenario.iterationInTest;
  const userId = FIRST_USER['ramp-up'] + (turn % USERS);
  expectOutcome(reserve(couponId, userId), turn < USERS ? 'accepted' : 'already_issued', `user ${userId}`);
  sleep(THINK_TIME_S);
}

export function rampUpRules(): Rule[] {
  const p99 = faster(99, 'http_req_duration{scenario:ramp-up}', 1000, 'ramp-up: all answers');
  return [
    exactly(0, 'sold_out{scenario:ramp-up}', 'ramp-up: sold out'),
    rowForEachAccepted('ramp-up'),
    p99,
    goal({ ...p99, limit: 50 }),
  ];
}

function halfOfThemRules(phase: Phase, { USERS, STOCK }: Crowd): Rule[] {
  const accepted = Math.min(USERS, STOCK);
  return [
    exactly(accepted, `accepted{scenario:${phase}}`, `${phase}: accepted`),
    exactly(USERS - accepted, `sold_out{scenario:${phase}}`, `${phase}: sold out`),
    exactRows(accepted, phase),
  ];
}
