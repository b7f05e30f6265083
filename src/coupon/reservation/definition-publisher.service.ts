import { Injectable, Logger } from '@nestjs/common';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import { CouponRepository } from '../coupon.repository.js';
import { definitionOf, sameDefinition } from './coupon-definition.js';
import { DefinitionStore } from './definition.store.js';

/** Brings the definition that MySQL has to Redis. Only a newer version replaces the one there. */
@Injectable()
export class DefinitionPublisher {
  private readonly logger = new Logger('Definitions');

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly coupons: CouponRepository,
    private readonly store: DefinitionStore,
  ) {}

  /** Publishes the definition as MySQL has it now. */
  async publish(couponId: number): Promise<void> {
    const coupon = await this.coupons.find(couponId);
    if (coupon !== null) await this.store.publish(definitionOf(coupon));
  }

  /**
   * Makes Redis say what MySQL says when they differ: someone changed the table behind our back, or a PATCH died half
   * way. The row lock keeps it apart from a PATCH in progress; a version above both makes it the newest.
   */
  async reconcile(couponId: number): Promise<void> {
    const definition = await this.transactions.run(async (manager) => {
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
    this.logger.warn(`coupon ${couponId}: Redis had another definition than MySQL; published version ${definition.version}`);
  }
}
