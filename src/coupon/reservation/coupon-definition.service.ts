import { Injectable, Logger } from '@nestjs/common';
import { Outbox } from '../../events/index.js';
import { ActionTrail, type Actor } from '../../identity/index.js';
import { Clock } from '../../platform/clock.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { changedEvent, couponSubject } from '../coupon-events.js';
import { Coupon } from '../coupon.entity.js';
import { CouponNotFoundError, QuantityBelowCommittedError, ReservationUnavailableError } from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import type { EntryTerms } from '../entry-terms.js';
import type { UsageTerms } from '../usage-terms.js';
import { CouponChanges } from './coupon-changes.service.js';
import { definitionOf } from './coupon-definition.js';
import { DefinitionPublisher } from './definition-publisher.service.js';
import { DefinitionStore, type Lowering } from './definition.store.js';
import { RebuildService } from './rebuild.service.js';

/** What may change of a coupon once it exists. */
export type DefinitionChange = Partial<
  Pick<Coupon, 'name' | 'isActive' | 'totalQuantity' | 'startsAt' | 'expiresAt' | keyof EntryTerms | keyof UsageTerms>
>;

/** Changes definitions. One change of a coupon at a time: the row lock is held from the first look to the commit. */
@Injectable()
export class CouponDefinitionService {
  private readonly logger = new Logger('Definitions');

  constructor(
    private readonly changes: CouponChanges,
    private readonly coupons: CouponRepository,
    private readonly store: DefinitionStore,
    private readonly publisher: DefinitionPublisher,
    private readonly rebuilds: RebuildService,
    private readonly outbox: Outbox,
    private readonly trail: ActionTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * Changes the coupon in MySQL and tells Redis. `validate` sees the coupon as it will be and as it is, under the lock, and
   * throws to refuse the change. A smaller total goes to Redis first, so that nobody is admitted to a slot that is about to go.
   *
   * @throws CouponNotFoundError, QuantityBelowCommittedError (nothing changed), ReservationUnavailableError when a
   * total can't be lowered because Redis can't be asked what is reserved
   */
  async change(
    couponId: number,
    change: DefinitionChange,
    actor: Actor,
    validate: (after: Coupon, before: Coupon) => void,
  ): Promise<Coupon> {
    // Redis may have a smaller total that MySQL has not.
    let mayBeAhead = false;
    try {
      const { coupon, isInRedis } = await this.changes.run(couponId, async (manager, publish) => {
        const before = await this.coupons.lock(manager, couponId);
        if (before === null) throw new CouponNotFoundError(couponId);
        const after = changed(before, change, this.clock.now());
        validate(after, before);
        const isLowering = after.totalQuantity < before.totalQuantity;
        if (isLowering) assertNotBelowIssued(after);
        const goesToRedisFirst = isLowering && after.strategy === 'reservation';
        if (goesToRedisFirst) {
          const wasAhead = mayBeAhead;
          // Already when it is asked: what was sent may be carried out although no answer comes.
          mayBeAhead = true;
          const answer = await this.lower(after);
          if (answer !== 'LOWERED') {
            mayBeAhead = wasAhead;
            throw this.refuse(after, answer);
          }
        }
        await this.coupons.saveDefinition(manager, after);
        await this.outbox.write(manager, publish, [changedEvent(after)]);
        await this.trail.record(manager, publish, {
          actor,
          action: 'coupon.change',
          subject: couponSubject(couponId),
          before: namedOf(before, change),
          after: change,
        });
        return { coupon: after, isInRedis: goesToRedisFirst };
      });
      if (!isInRedis) await this.publisher.announce(coupon);
      return coupon;
    } catch (error) {
      if (mayBeAhead) await this.putBack(couponId);
      throw error;
    }
  }

  /** Tells Redis of the smaller total, under a version above the one that it has. */
  private async lower(coupon: Coupon): Promise<Lowering> {
    try {
      const answer = await this.store.lower(definitionOf(coupon));
      if (answer !== 'NOT_NEWER') return answer;
      // A PATCH that died between Redis and MySQL left a version there that MySQL does not know.
      const published = await this.store.definition(coupon.id);
      coupon.version = (published?.version ?? coupon.version) + 1;
      return await this.store.lower(definitionOf(coupon));
    } catch (error) {
      throw error instanceof RedisUnavailableError
        ? new ReservationUnavailableError(coupon.id, { cause: error })
        : error;
    }
  }

  private refuse(coupon: Coupon, answer: Exclude<Lowering, 'LOWERED'>): Error {
    if (typeof answer === 'object') return new QuantityBelowCommittedError(coupon, answer.reserved);
    if (answer === 'NOT_LOADED') this.rebuilds.start(coupon.id);
    return new ReservationUnavailableError(coupon.id);
  }

  /** MySQL kept the larger total, or could not say: Redis takes what MySQL has, as soon as both can be asked. */
  private async putBack(couponId: number): Promise<void> {
    try {
      await this.publisher.reconcile(couponId);
    } catch (error) {
      this.logger.warn(`coupon ${couponId}: the lower total may be in Redis for a while: ${String(error)}`);
      this.publisher.reconcileLater(couponId);
    }
  }
}

/** What the coupon had in the place of what changes. */
function namedOf(before: Coupon, change: DefinitionChange): DefinitionChange {
  const names = Object.keys(change) as Array<keyof DefinitionChange>;
  return Object.fromEntries(names.map((name) => [name, before[name]]));
}

function assertNotBelowIssued(coupon: Coupon): void {
  if (coupon.capacity < coupon.issuedQuantity) throw new QuantityBelowCommittedError(coupon, coupon.issuedQuantity);
}

function changed(before: Coupon, change: DefinitionChange, updatedAt: Date): Coupon {
  const { latestExpiresAt, expiresAt, version, eventPosition } = before;
  return Object.assign(new Coupon(), before, change, {
    // So that ending the claim window early ends no use-by time (P14).
    latestExpiresAt: latestExpiresAt > expiresAt ? latestExpiresAt : expiresAt,
    version: version + 1,
    eventPosition: eventPosition + 1,
    updatedAt,
  });
}
