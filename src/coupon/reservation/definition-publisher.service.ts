import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponRepository } from '../coupon.repository.js';
import { CouponChanges } from './coupon-changes.service.js';
import { definitionOf, sameDefinition } from './coupon-definition.js';
import { DefinitionStore } from './definition.store.js';

/** Between two attempts to tell Redis what it missed. */
const RETRY_MS = 250;
/** Sweep intervals after which the sweep alone goes on: it has looked at the coupon by then, if Redis answered. */
const SWEEPS = 2;

/** Brings the definition that MySQL has to Redis. Only a newer version replaces the one there. */
@Injectable()
export class DefinitionPublisher implements OnApplicationShutdown {
  private readonly logger = new Logger('Definitions');
  /** Coupons that wait for their next attempt. */
  private readonly waiting = new Set<number>();
  private isStopped = false;

  constructor(
    private readonly changes: CouponChanges,
    private readonly coupons: CouponRepository,
    private readonly store: DefinitionStore,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /** Publishes the definition as MySQL has it now. */
  async publish(couponId: number): Promise<void> {
    const coupon = await this.coupons.find(couponId);
    if (coupon !== null) await this.store.publish(definitionOf(coupon));
  }

  /**
   * Tells Redis of what a transaction has just changed. With Redis away the change stands in MySQL, and Redis hears of it
   * as soon as it answers; one that is only cut off from us admits by the old definition until then.
   */
  async announce(coupon: Coupon): Promise<void> {
    if (coupon.strategy === 'lock') return;
    try {
      const answer = await this.store.publish(definitionOf(coupon));
      // A PATCH that died between Redis and MySQL left a version there that MySQL does not know.
      if (answer === 'NOT_NEWER') await this.reconcile(coupon.id);
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      this.reconcileLater(coupon.id);
    }
  }

  /**
   * Makes Redis say what MySQL says when they differ: someone changed the table behind our back, or a PATCH died half
   * way. The row lock keeps it apart from a PATCH in progress; a version above both makes it the newest.
   */
  async reconcile(couponId: number): Promise<void> {
    const definition = await this.changes.run(couponId, async (manager) => {
      const coupon = await this.coupons.lock(manager, couponId);
      const published = await this.store.definition(couponId);
      if (coupon === null || published === undefined) return undefined;
      if (sameDefinition(definitionOf(coupon), published)) return undefined;
      if (coupon.version <= published.version) {
        coupon.version = published.version + 1;
        await this.coupons.saveDefinition(manager, coupon);
      }
      return definitionOf(coupon);
    });
    if (definition === undefined) return;
    await this.store.publish(definition);
    this.logger.warn(
      `coupon ${couponId}: Redis had another definition than MySQL; published version ${definition.version}`,
    );
  }

  /** `reconcile` in the background, after Redis or MySQL could not be asked: again and again until it succeeds. */
  reconcileLater(couponId: number): void {
    this.waitToReconcile(couponId, Date.now() + SWEEPS * this.config.coupon.sweep.intervalMs);
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
  }

  private waitToReconcile(couponId: number, until: number): void {
    if (this.waiting.has(couponId) || Date.now() > until) return;
    this.waiting.add(couponId);
    void this.reconcileAfterWait(couponId, until);
  }

  private async reconcileAfterWait(couponId: number, until: number): Promise<void> {
    await delay(RETRY_MS, undefined, { ref: false });
    // Before it looks: whoever changes the coupon from now on and can't tell Redis has it looked at once more.
    this.waiting.delete(couponId);
    if (this.isStopped) return;
    try {
      // First without the row's lock, which the issuance needs too: the answer may be long in coming.
      await this.store.definition(couponId);
      await this.reconcile(couponId);
    } catch (error) {
      if (error instanceof RedisUnavailableError || isDatabaseUnavailable(error)) this.waitToReconcile(couponId, until);
      else this.logger.error(`coupon ${couponId}: Redis not told of a change`, stackOf(error));
    }
  }
}
