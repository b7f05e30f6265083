import { Injectable } from '@nestjs/common';
import { ActionTrail, type Actor } from '../../identity/index.js';
import { Clock } from '../../platform/clock.js';
import { UserDirectory } from '../../user/index.js';
import { couponSubject } from '../coupon-events.js';
import type { Coupon } from '../coupon.entity.js';
import { AlreadyIssuedError, CouponExpiredError, CouponNotFoundError, CouponSoldOutError } from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { LockIssuanceService } from '../lock/lock-issuance.service.js';
import { BULK_SIZE, BulkAdmission } from '../reservation/bulk-admission.service.js';
import { CouponChanges } from '../reservation/coupon-changes.service.js';
import { DefinitionPublisher } from '../reservation/definition-publisher.service.js';
import type { Reservation } from '../reservation/reservation.js';
import { isUseByPast } from '../usage-terms.js';
import { inChunks, type WorkTime, WorkTimes } from '../work-time.js';
import { DecisionReader } from './decision-reader.service.js';
import { type Granted, type GrantEnd, GrantProgress } from './grant-progress.js';

/** How many of the users the trace names. */
const NAMED_IN_TRACE = 10;

/**
 * Gives a coupon to users whom an operator names: by the same script, or the same row lock, as everyone, so never above
 * the capacity (P1) and never twice (P2), only whatever the window and the pause.
 */
@Injectable()
export class Grants {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly changes: CouponChanges,
    private readonly publisher: DefinitionPublisher,
    private readonly users: UserDirectory,
    private readonly admission: BulkAdmission,
    private readonly decisions: DecisionReader,
    private readonly lockStrategy: LockIssuanceService,
    private readonly trail: ActionTrail,
    private readonly times: WorkTimes,
    private readonly clock: Clock,
  ) {}

  /**
   * Grants the coupon to each of the users, and waits for what the ledger decides, 20 s at most.
   *
   * @throws CouponNotFoundError, CouponExpiredError when what would be issued could not be spent any more; then nothing
   *   has changed
   * @throws ReservationUnavailableError, and what the database throws: whoever was admitted by then stays so, and is
   *   `alreadyIssued` when the call is made again
   */
  async grant(couponId: number, userIds: readonly number[], actor: Actor): Promise<Granted> {
    const progress = new GrantProgress(userIds);
    const asked = progress.userIds;
    const before = { users: asked.length, firstUserIds: asked.slice(0, NAMED_IN_TRACE) };
    const action = { actor, action: 'coupon.grant', subject: couponSubject(couponId), before };
    const counts = (): object => progress.counts();
    await this.trail.run(action, () => this.grantAll(couponId, progress), counts, counts);
    return progress.granted();
  }

  private async grantAll(couponId: number, progress: GrantProgress): Promise<void> {
    const time = this.times.begin();
    const coupon = await this.open(couponId);
    const userIds = await this.ofAudience(coupon, progress);
    if (coupon.strategy === 'lock') await this.issueByLock(couponId, userIds, progress, time);
    else await this.reserve(couponId, userIds, progress, time);
  }

  /**
   * P5: before anyone is admitted, the version says that the coupon is no longer as it was created. A coupon whose window
   * has not opened would else count as one of which nothing was given out, and a rebuild would start its numbers again.
   */
  private async open(couponId: number): Promise<Coupon> {
    const { coupon, isChanged } = await this.changes.run(couponId, async (manager) => {
      const found = await this.coupons.lock(manager, couponId);
      if (found === null) throw new CouponNotFoundError(couponId);
      if (isUseByPast(found, this.clock.now())) throw new CouponExpiredError(couponId);
      const isFirst = found.strategy === 'reservation' && found.version === 1;
      if (isFirst) {
        found.version += 1;
        await this.coupons.saveDefinition(manager, found);
      }
      return { coupon: found, isChanged: isFirst };
    });
    if (isChanged) await this.publisher.announce(coupon);
    return coupon;
  }

  /** Who of them may have the coupon at all. */
  private async ofAudience({ audience }: Coupon, progress: GrantProgress): Promise<number[]> {
    const { userIds } = progress;
    if (audience === 'anyone') return userIds;
    const areKnown = await Promise.all(userIds.map((userId) => this.users.exists(userId)));
    for (const [index, userId] of userIds.entries()) if (areKnown[index] !== true) progress.end(userId, 'unknownUsers');
    return userIds.filter((_, index) => areKnown[index] === true);
  }

  private async reserve(couponId: number, userIds: readonly number[], progress: GrantProgress, time: WorkTime) {
    const admitted: Reservation[] = [];
    await this.admission.prepare(couponId);
    for (const batch of inChunks(userIds, BULK_SIZE)) {
      if (time.isOver) break;
      const outcomes = await this.admission.admit(couponId, batch, time);
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome instanceof Error) progress.end(batch[index] as number, refusedAs(outcome));
        else admitted.push(outcome);
      }
    }
    await this.decisions.follow(couponId, admitted, time, (userId, ending) => {
      if (ending.status === 'ISSUED') progress.end(userId, 'issued');
      // Redis had a slot and the ledger had none. What the database refuses stays open to another try.
      else if (ending.failureReason === 'SOLD_OUT_IN_LEDGER') progress.end(userId, 'soldOut');
    });
  }

  private async issueByLock(couponId: number, userIds: readonly number[], progress: GrantProgress, time: WorkTime) {
    // One after the other, so that the first ones get what there is; together they could only wait for the row lock.
    for (const userId of userIds) {
      if (time.isOver) return;
      try {
        await this.lockStrategy.issue(couponId, userId, { ignoreWindow: true });
        progress.end(userId, 'issued');
      } catch (error) {
        progress.end(userId, refusedAs(error));
      }
    }
  }
}

/** @throws what is no refusal of the user */
function refusedAs(error: unknown): GrantEnd {
  if (error instanceof AlreadyIssuedError) return 'alreadyIssued';
  if (error instanceof CouponSoldOutError) return 'soldOut';
  throw error;
}
