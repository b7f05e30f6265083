/** How a run ended: every reservation a row, and Redis and MySQL of one mind. */
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Gauge } from 'k6/metrics';
import { adminCall, type Audit, bodyOf, call, described } from './api.ts';

const DRAIN_TIMEOUT_S = 60;
const POLL_S = 0.02;

const audits = new Counter('audits');
const violations = new Counter('audit_violations');
const rows = new Gauge('issued_rows');
const drain = new Gauge('drain_seconds');

/**
 * Waits until nothing is held but not issued, and audits the coupon. Fails the run, with k6's exit code 110, when the
 * audit finds a violation or cannot be made.
 */
export function auditCoupon(couponId: number, tags: { coupon?: string } = {}): void {
  waitUntilIssued(couponId, tags);
  const response = adminCall('GET', `/api/coupons/${couponId}/audit`, undefined, '/api/coupons/{couponId}/audit');
  const audit = response.status === 200 ? (bodyOf(response) as Audit) : undefined;
  audits.add(1);
  if (!audit) {
    violations.add(1);
    exec.test.fail(`Coupon ${couponId} could not be audited: ${described(response)}`);
    return;
  }
  violations.add(audit.consistent ? 0 : Math.max(1, audit.violations.length));
  rows.add(audit.database.rows, tags);
  if (audit.consistent) return;
  const found = audit.violations.map(({ code, detail }) => `\n  ${code}: ${detail}`).join('');
  exec.test.fail(`The audit of coupon ${couponId} is not consistent:${found}`);
}

function waitUntilIssued(couponId: number, tags: { coupon?: string }): void {
  const startedAt = Date.now();
  const passed = () => (Date.now() - startedAt) / 1000;
  // What is still held after that is for the audit to judge.
  while (passed() < DRAIN_TIMEOUT_S) {
    const coupon = call('GET', `/api/coupons/${couponId}`, undefined, '/api/coupons/{couponId}');
    if ((bodyOf(coupon) as { reservedQuantity?: number | null }).reservedQuantity === 0) {
      drain.add(passed(), tags);
      return;
    }
    sleep(POLL_S);
  }
}
