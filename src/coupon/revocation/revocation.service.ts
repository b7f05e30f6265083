import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Outbox } from '../../events/index.js';
import { ActionTrail, type Actor } from '../../identity/index.js';
import { Clock } from '../../platform/clock.js';
import { FaultPoints } from '../../platform/fault-points.js';
import { couponSubject, revokedEvent } from '../coupon-events.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponNotFoundError } from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { CouponChanges } from '../reservation/coupon-changes.service.js';
import { DefinitionPublisher } from '../reservation/definition-publisher.service.js';
import { inChunks, WorkTimes } from '../work-time.js';
import { type HeldRow, RevocationRepository } from './revocation.repository.js';
import type { RevocationBody } from './revocation.schemas.js';

declare module '../../platform/fault-points.js' {
  interface FaultPointNames {
    revocation: 'after-revocation';
  }
}

/** So many rows in one transaction, which holds up the issuance of the coupon for that long. */
const CHUNK = 500;
/** How many of the users the trace names. */
const NAMED_IN_TRACE = 10;

/** How far a revocation has come, in users. */
export interface Revoked {
  readonly revoked: number;
  readonly alreadyRevoked: number;
  readonly used: number;
  readonly notIssued: number;
  readonly slotsReturned: number;
  readonly remaining: number;
}

/** What one transaction did. */
type Chunk = Omit<Revoked, 'remaining'>;

/** Why, and whether the slots can be issued again. */
type Terms = Pick<RevocationBody, 'reason' | 'returnSlots'>;

/**
 * Takes user coupons back. Their rows stay, so whoever had one cannot ask again (P2), and a number is never given out
 * anew (P5); a slot that is given back makes the capacity one larger, once for each row (P1).
 */
@Injectable()
export class Revocations {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly repository: RevocationRepository,
    private readonly changes: CouponChanges,
    private readonly publisher: DefinitionPublisher,
    private readonly outbox: Outbox,
    private readonly trail: ActionTrail,
    private readonly times: WorkTimes,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Revokes in chunks, each in a transaction of its own, for 20 s at most; of all that are unused a call after it begins
   * with what is left, so that every call gets further. Asked again with `returnSlots` it also gives
   * back the slots of those among `userIds` who were revoked without: else nobody could any more.
   *
   * @throws CouponNotFoundError, and what the database throws: what was revoked by then stays so
   */
  async revoke(couponId: number, { userIds, reason, returnSlots }: RevocationBody, actor: Actor): Promise<Revoked> {
    const asked = userIds === undefined ? undefined : [...new Set(userIds)];
    const named = asked && { users: asked.length, firstUserIds: asked.slice(0, NAMED_IN_TRACE) };
    const before = { ...(named ?? { allUnused: true }), reason, returnSlots };
    const action = { actor, action: 'coupon.revoke', subject: couponSubject(couponId), before };
    const progress = new RevocationProgress(asked?.length ?? 0);
    const terms = { reason, returnSlots };
    const work = (): Promise<void> =>
      asked === undefined
        ? this.revokeUnused(couponId, terms, progress)
        : this.revokeUsers(couponId, asked, terms, progress);
    const counts = (): Revoked => progress.counts;
    await this.trail.run(action, work, counts, counts);
    return progress.counts;
  }

  private async revokeUsers(couponId: number, userIds: readonly number[], terms: Terms, progress: RevocationProgress) {
    const time = this.times.begin();
    for (const chunk of inChunks(userIds, CHUNK)) {
      const done = await this.revokeChunk(couponId, terms, async (manager) => {
        const rows = await this.repository.lockRowsOf(manager, couponId, chunk);
        return { rows, notIssued: chunk.length - rows.length };
      });
      progress.add(done, chunk.length);
      if (time.isOver) return;
    }
  }

  private async revokeUnused(couponId: number, terms: Terms, progress: RevocationProgress): Promise<void> {
    const time = this.times.begin();
    await this.assertExists(couponId);
    for (let after = 0; ;) {
      const numbers = await this.repository.findUnused(couponId, after, CHUNK);
      const last = numbers.at(-1);
      if (last === undefined) return;
      const done = await this.revokeChunk(couponId, terms, async (manager) => ({
        rows: await this.repository.lockUnused(manager, couponId, numbers),
        notIssued: 0,
      }));
      progress.add(done, 0);
      after = last;
      if (!time.isOver) continue;
      progress.leave(await this.repository.countUnused(couponId, after));
      return;
    }
  }

  private async assertExists(couponId: number): Promise<void> {
    if ((await this.coupons.find(couponId)) === null) throw new CouponNotFoundError(couponId);
  }

  /** One transaction: it locks the coupon, then its rows, as the issuance does; payments lock no coupon. */
  private async revokeChunk(
    couponId: number,
    { reason, returnSlots }: Terms,
    lockRows: (manager: EntityManager) => Promise<{ rows: HeldRow[]; notIssued: number }>,
  ): Promise<Chunk> {
    const { coupon, chunk } = await this.changes.run(couponId, async (manager, publish) => {
      const locked = await this.coupons.lock(manager, couponId);
      if (locked === null) throw new CouponNotFoundError(couponId);
      const { rows, notIssued } = await lockRows(manager);
      const sorted = sortOut(rows, returnSlots);
      const { revoked, returned } = sorted;
      const told = [...revoked, ...sorted.used];
      const events = Number(told.length > 0);
      const revokedAt = this.clock.now();
      if (told.length + returned.length > 0) {
        await this.repository.write(manager, { revoked: told, returned, revokedAt });
        await this.repository.count(manager, couponId, { returned: returned.length, events });
      }
      if (events > 0) {
        const position = locked.eventPosition + 1;
        await this.outbox.write(manager, publish, [revokedEvent(couponId, told, { reason, position, revokedAt })]);
      }
      const counts: Chunk = {
        revoked: revoked.length,
        alreadyRevoked: sorted.alreadyRevoked.length,
        used: sorted.used.length,
        notIssued,
        slotsReturned: returned.length,
      };
      return { coupon: withReturned(locked, returned.length), chunk: counts };
    });
    if (chunk.slotsReturned > 0) {
      this.faults.reach('after-revocation');
      await this.publisher.announce(coupon);
    }
    return chunk;
  }
}

/** Adds up the chunks. */
class RevocationProgress {
  private done: Chunk = { revoked: 0, alreadyRevoked: 0, used: 0, notIssued: 0, slotsReturned: 0 };

  constructor(private remaining: number) {}

  get counts(): Revoked {
    return { ...this.done, remaining: this.remaining };
  }

  add(chunk: Chunk, users: number): void {
    const { done } = this;
    this.done = {
      revoked: done.revoked + chunk.revoked,
      alreadyRevoked: done.alreadyRevoked + chunk.alreadyRevoked,
      used: done.used + chunk.used,
      notIssued: done.notIssued + chunk.notIssued,
      slotsReturned: done.slotsReturned + chunk.slotsReturned,
    };
    this.remaining -= users;
  }

  /** So many were not looked at. */
  leave(remaining: number): void {
    this.remaining = remaining;
  }
}

/** What becomes of the rows. A used one gives no slot back: somebody has had what it was for. */
function sortOut(rows: readonly HeldRow[], returnSlots: boolean) {
  const alreadyRevoked = rows.filter(({ revokedAt }) => revokedAt !== null);
  const held = rows.filter(({ revokedAt }) => revokedAt === null);
  const returned = rows.filter(({ usedAt, isSlotReturned }) => returnSlots && usedAt === null && !isSlotReturned);
  return {
    revoked: held.filter(({ usedAt }) => usedAt === null),
    used: held.filter(({ usedAt }) => usedAt !== null),
    alreadyRevoked,
    returned,
  };
}

/** The coupon as the transaction left it, as far as its definition goes. */
function withReturned(coupon: Coupon, returned: number): Coupon {
  coupon.returnedQuantity += returned;
  coupon.version += Number(returned > 0);
  return coupon;
}
