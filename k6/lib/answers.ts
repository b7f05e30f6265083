/** The measured calls: each answer is counted, timed and tagged by what it means to the user. */
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { address, bodyOf, described, type Response } from './api.ts';

/**
 * What a user can hear. `refused` is any refusal but the two that a rush for coupons must give, `failed` everything
 * that is neither: no answer, 5xx, 400, 404.
 */
export const OUTCOMES = ['accepted', 'sold_out', 'already_issued', 'refused', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The tag `kind` of `failed`. */
export const FAILURE_KINDS = ['no answer', '5xx', 'unexpected'] as const;

const meters = Object.fromEntries(
  OUTCOMES.map((outcome) => [outcome, { count: new Counter(outcome), time: new Trend(`${outcome}_time`, true) }]),
) as Record<Outcome, { count: Counter; time: Trend }>;
/** Answers that were given to the wrong one, as far as the scenario knows who must hear what. */
const misjudged = new Counter('misjudged');

/** As long as a proxy waits; who is answered later was not answered. */
const TIMEOUT = '30s';
const JSON_PARAMS = {
  headers: { 'content-type': 'application/json' },
  responseType: 'text',
  timeout: TIMEOUT,
} as const;
// Made once: k6 shares the processors with what it measures, and a third of its time is spent in these scripts.
const RESERVE = { ...JSON_PARAMS, tags: { name: 'POST /api/coupons/{couponId}/reserve' } };
const ISSUE = { ...JSON_PARAMS, tags: { name: 'POST /api/coupons/issue' } };
const ISSUE_ASYNC = {
  responseType: 'text',
  timeout: TIMEOUT,
  tags: { name: 'POST /coupons/{userId}/issue-async' },
} as const;
const LOGGING_VUS = 5;
let hasLogged = false;

/** POST /api/coupons/{couponId}/reserve */
export function reserve(couponId: number, userId: number): Outcome {
  return count(http.post(...reserveRequest(couponId, userId)));
}

/** The same request so many times at once. */
export function reserveAtOnce(couponId: number, userId: number, times: number): Outcome[] {
  const [url, body, params] = reserveRequest(couponId, userId);
  return http
    .batch(Array.from({ length: times }, () => ({ method: 'POST', url, body, params })))
    .map((response) => count(response));
}

/** POST /api/coupons/issue, which waits for the row. */
export function issue(couponId: number, userId: number): Outcome {
  return count(http.post(address('/api/coupons/issue'), `{"couponId":${couponId},"userId":${userId}}`, ISSUE));
}

/** POST /coupons/{userId}/issue-async?couponId={couponId} */
export function issueAsync(couponId: number, userId: number): Outcome {
  return count(http.post(address(`/coupons/${userId}/issue-async?couponId=${couponId}`), null, ISSUE_ASYNC));
}

/** Says what the user should have heard; a failed request is a failure already. Returns what they did hear. */
export function expectOutcome(outcome: Outcome, expected: Outcome, who: string): Outcome {
  if (outcome === expected || outcome === 'failed') return outcome;
  misjudged.add(1);
  logOnce(`${who} should have been answered ${expected}, and was answered ${outcome}`);
  return outcome;
}

function reserveRequest(couponId: number, userId: number) {
  return [address(`/api/coupons/${couponId}/reserve`), `{"userId":${userId}}`, RESERVE] as const;
}

function count(response: Response): Outcome {
  const { outcome, kind } = judge(response);
  meters[outcome].count.add(1, { outcome, kind });
  meters[outcome].time.add(response.timings.duration);
  if (outcome === 'failed' || outcome === 'refused') logOnce(described(response));
  return outcome;
}

function judge(response: Response): { outcome: Outcome; kind: string } {
  const { status } = response;
  if (status === 200 || status === 202) return { outcome: 'accepted', kind: String(status) };
  if (status === 409) {
    const { code = 'no code' } = bodyOf(response) as { code?: string };
    if (code === 'COUPON_SOLD_OUT') return { outcome: 'sold_out', kind: code };
    return { outcome: code === 'ALREADY_ISSUED' ? 'already_issued' : 'refused', kind: code };
  }
  if (status === 0) return { outcome: 'failed', kind: 'no answer' };
  return { outcome: 'failed', kind: status >= 500 ? '5xx' : 'unexpected' };
}

/** Ten thousand callers who all tell of their failure help nobody. */
function logOnce(message: string): void {
  if (hasLogged || exec.vu.idInTest > LOGGING_VUS) return;
  hasLogged = true;
  console.warn(message);
}
