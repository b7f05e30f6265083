import { Injectable } from '@nestjs/common';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { Coupon } from '../coupon.entity.js';
import {
  CouponNotFoundError,
  QuantityBelowCommittedError,
  ReservationUnavailableError,
} from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { definitionOf } from './coupon-definition.js';
import { DefinitionPublisher } from './definition-publisher.service.js';
import { RebuildService } from './rebuild.service.js';
import { ReservationStore } from './reservation.store.js';

/** What may change of a coupon once it exists. */
export type DefinitionChange = Partial<Pick<Coupon, 'name' | 'isActive' | 'totalQuantity' | 'startsAt' | 'expiresAt'>>;

/** Changes definitions. One change of a coupon at a time: the row lock is held from the first look to the commit. */
@Injectable()
export class CouponDefinitionService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly coupons: CouponRepository,
    private readonly store: ReservationStore,
    private readonly publisher: DefinitionPublisher,
    private readonly rebuild: RebuildService,
  ) {}

  /**
   * Changes the coupon in MySQL and tells Redis. `validate` sees the coupon as it will be, under the lock, and throws to
   * refuse it. A smaller total goes to Redis first, so that nobody is admitted to a slot that is about to go.
   *
   * @throws CouponNotFoundError, QuantityBelowCommittedError (nothing changed), ReservationUnavailableError when a total
   * can't be lowered because Redis can't be asked what is reserved
   */
  async change(couponId: number, change: DefinitionChange, validate: (coupon: Coupon) => void): Promise<Coupon> {
    let lowered = false;
    try {
      const coupon = await this.transactions.run(async (manager) => {
        const before = await this.coupons.lock(manager, couponId);
        if (before === null) throw new CouponNotFoundError(couponId);
        const after = Object.assign(new (before.constructor as new () => Coupon)(), before, change);
        validate(after);
        after.version = before.version + 1;
        if (after.totalQuantity < before.totalQuantity) {
          if (after.totalQuantity < before.issuedQuantity) {
            throw new QuantityBelowCommittedError(couponId, after.totalQuantity, before.issuedQuantity);
          }
          if (after.strategy === 'reservation') {
            await this.lower(after);
            lowered = true;
          }
        }
        await this.coupons.saveDefinition(manager, after);
        return after;
      });
      await this.publishOrLeaveToSweep(coupon);
      return coupon;
    } catch (error) {
      // MySQL kept the larger total, or can't say: Redis takes what it has, now or at the next sweep.
      if (lowered) await this.publisher.reconcile(couponId);
      throw error;
    }
  }

  private async lower(coupon: Coupon): Promise<void> {
    try {
      const answer = await this.store.lower(definitionOf(coupon));
      if (answer === 'LOWERED') return;
      if (answer === 'NOT_LOADED') {
        this.rebuild.start(coupon.id);
        throw new ReservationUnavailableError(coupon.id);
      }
      throw new QuantityBelowCommittedError(coupon.id, coupon.totalQuantity, answer.reserved);
    } catch (error) {
      throw error instanceof RedisUnavailableError ? new ReservationUnavailableError(coupon.id, { cause: error }) : error;
    }
  }

  /** With Redis away the change stands in MySQL; the rebuild or the sweep brings it to Redis before anyone is admitted. */
  private async publishOrLeaveToSweep(coupon: Coupon): Promise<void> {
    if (coupon.strategy !== 'reservation') return;
    try {
      await this.store.publish(definitionOf(coupon));
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
    }
  }
}
