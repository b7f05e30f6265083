import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../../platform/clock.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponNotFoundError } from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { definitionOf, sameDefinition } from '../reservation/coupon-definition.js';
import { type RedisCoupon, RedisCouponStore } from '../reservation/redis-coupon.store.js';
import type { Audit, Violation } from './audit.js';
import { AuditRepository, type LedgerCounts } from './audit.repository.js';
import { SlotComparison } from './slot-comparison.js';

/** Longer than a PATCH or a rebuild of a small coupon takes. */
const SECOND_LOOK_MS = 300;

/** Compares MySQL and Redis and names every violation. Changes nothing. */
@Injectable()
export class AuditService {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly repository: AuditRepository,
    private readonly store: RedisCouponStore,
    private readonly slots: SlotComparison,
    private readonly clock: Clock,
  ) {}

  /** The full comparison: reads every user of the coupon on both sides. @throws CouponNotFoundError */
  async audit(couponId: number): Promise<Audit> {
    const database = await this.repository.counts(couponId);
    const coupon = await this.coupons.find(couponId);
    if (database === undefined || coupon === null) throw new CouponNotFoundError(couponId);
    const { redis, violations } = coupon.strategy === 'lock' ? ONLY_MYSQL : await this.compareWithRedis(coupon);
    const all = [...ledgerViolations(database), ...violations];
    const { returnedQuantity: _returned, slotsReturned: _slots, ...shown } = database;
    return { couponId, consistent: all.length === 0, redis, database: shown, violations: all };
  }

  private async compareWithRedis(coupon: Coupon): Promise<Pick<Audit, 'redis' | 'violations'>> {
    try {
      const redisCoupon = await this.store.inspect(coupon.id);
      const violations = await this.keyViolations(coupon, redisCoupon);
      if (redisCoupon.loaded) violations.push(...(await this.slots.compare(coupon.id, redisCoupon.sequence ?? 0)));
      return { redis: redisView(coupon, redisCoupon), violations };
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      const detail = 'Redis cannot be asked, so nothing could be compared with it';
      return { redis: null, violations: [{ code: 'REDIS_UNAVAILABLE', detail }] };
    }
  }

  /** What is wrong with the keys alone, in the same words at a second look: so a change under way is not reported. */
  private async keyViolations(coupon: Coupon, redisCoupon: RedisCoupon): Promise<Violation[]> {
    const suspected = this.violationsOf(coupon, redisCoupon);
    if (suspected.length === 0) return [];
    await delay(SECOND_LOOK_MS);
    const [again, redisCouponAgain] = [await this.coupons.find(coupon.id), await this.store.inspect(coupon.id)];
    const violations = again === null ? [] : this.violationsOf(again, redisCouponAgain);
    return violations.filter(({ detail }) => suspected.some((suspect) => suspect.detail === detail));
  }

  private violationsOf(
    coupon: Coupon,
    { loaded, reserved, users, pending, sequence, definition }: RedisCoupon,
  ): Violation[] {
    const violations: Violation[] = [];
    if (reserved !== undefined && reserved !== users) {
      const detail = `the counter says ${reserved} slots are held, the set of users has ${users}`;
      violations.push({ code: 'RESERVED_MISMATCH', detail });
    }
    const isOver = coupon.expiresAt <= this.clock.now() && pending === 0;
    if (!loaded && !isOver) {
      const missing = [
        definition === undefined && 'state',
        reserved === undefined && 'reserved',
        sequence === undefined && 'sequence',
      ].filter((key) => key !== false);
      const why =
        missing.length > 0
          ? `missing: ${missing.join(', ')}`
          : 'they contradict each other or belong to another server process';
      violations.push({ code: 'NOT_LOADED', detail: `the keys cannot be trusted (${why}); closed until rebuilt` });
    }
    if (definition !== undefined && !sameDefinition(definitionOf(coupon), definition)) {
      violations.push({ code: 'DEFINITION_MISMATCH', detail: differences(coupon, definition) });
    }
    return violations;
  }
}

const ONLY_MYSQL = { redis: null, violations: [] };

function redisView(
  coupon: Coupon,
  { reserved = 0, users, pending, sequence = 0, epoch = 0 }: RedisCoupon,
): Audit['redis'] {
  return { reserved, users, pending, sequence, epoch, available: Math.max(0, coupon.capacity - reserved) };
}

function ledgerViolations(counts: LedgerCounts): Violation[] {
  const { totalQuantity, returnedQuantity, issuedQuantity, rows, distinctUsers, slotsReturned } = counts;
  const capacity = totalQuantity + returnedQuantity;
  const violations: Violation[] = [];
  if (rows > capacity) violations.push({ code: 'OVER_ISSUED', detail: `${rows} rows for a capacity of ${capacity}` });
  if (distinctUsers < rows)
    violations.push({ code: 'DUPLICATE_USER', detail: `${rows} rows for ${distinctUsers} users` });
  if (issuedQuantity !== rows) {
    violations.push({
      code: 'COUNTER_MISMATCH',
      detail: `issued_quantity is ${issuedQuantity}, there are ${rows} rows`,
    });
  }
  if (returnedQuantity !== slotsReturned) {
    const detail = `returned_quantity is ${returnedQuantity}, ${slotsReturned} rows gave their slot back`;
    violations.push({ code: 'RETURNED_MISMATCH', detail });
  }
  return violations;
}

function differences(coupon: Coupon, published: NonNullable<RedisCoupon['definition']>): string {
  return Object.entries(definitionOf(coupon))
    .map(([field, value]) => ({ field, value, other: published[field as keyof typeof published] }))
    .filter(({ field, value, other }) => field !== 'version' && value !== other)
    .map(({ field, value, other }) => `${field} is ${value} in MySQL and ${other} in Redis`)
    .join('; ');
}
