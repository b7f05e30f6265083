import { Injectable } from '@nestjs/common';
import { type Action, ActionTrail, type Actor } from '../identity/index.js';
import { AuditService } from './audit/audit.service.js';
import type { Audit } from './audit/audit.js';
import { couponSubject } from './coupon-events.js';
import { FailureRetries, type RetriedFailures } from './issuance/failure-retries.service.js';
import { FailureService } from './issuance/failure.service.js';
import type { Reserved } from './reservation-view.js';
import { RebuildService } from './reservation/rebuild.service.js';

/** What operators do to a coupon in several steps, in Redis and in MySQL; each leaves its trace before it begins. */
@Injectable()
export class CouponAdministration {
  constructor(
    private readonly audits: AuditService,
    private readonly rebuilds: RebuildService,
    private readonly failures: FailureService,
    private readonly failureRetries: FailureRetries,
    private readonly trail: ActionTrail,
  ) {}

  /** Fills the Redis keys anew; the audit after it. @throws as {@link RebuildService.rebuild} */
  async rebuild(couponId: number, actor: Actor): Promise<Audit> {
    await this.trail.run(action(actor, 'coupon.rebuild', couponId), () => this.rebuilds.rebuild(couponId));
    return await this.audits.audit(couponId);
  }

  /** @throws as {@link FailureService.retry} */
  async retry(couponId: number, failureId: number, actor: Actor): Promise<Reserved> {
    return await this.trail.run(
      { ...action(actor, 'failure.retry', couponId), before: { failureId } },
      () => this.failures.retry(couponId, failureId),
      ({ userId, sequenceNumber }) => ({ userId, sequenceNumber }),
    );
  }

  /** @throws as {@link FailureRetries.retryAll} */
  async retryAll(couponId: number, actor: Actor): Promise<RetriedFailures> {
    return await this.trail.run(
      action(actor, 'failures.retry', couponId),
      () => this.failureRetries.retryAll(couponId),
      (retried) => retried,
    );
  }
}

function action(actor: Actor, what: string, couponId: number): Action {
  return { actor, action: what, subject: couponSubject(couponId) };
}
