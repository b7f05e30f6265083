import { Injectable } from '@nestjs/common';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { LedgerRepository } from '../ledger.repository.js';
import type { Holding, ReservationReading } from '../reservation-reading.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';

export type UsersByCoupon = ReadonlyMap<number, readonly number[]>;
export type FoundReading = Holding & { readonly reading: ReservationReading };

/** Reads how far the reservations of many users are, of several coupons at once. */
@Injectable()
export class ReservationReader {
  constructor(
    private readonly store: RedisCouponStore,
    private readonly ledgerRepository: LedgerRepository,
  ) {}

  /**
   * As a look-up of each of them finds it: pending in Redis, else the row, else the latest failure. Those of whom nothing
   * is known now are left out; while Redis cannot be asked these are all who have no row.
   *
   * @throws what the database throws
   */
  async read(asked: UsersByCoupon): Promise<FoundReading[]> {
    const pending = await this.pending(asked);
    const found: FoundReading[] = [];
    const undecided = new Map<number, number[]>();
    for (const [couponId, userIds] of asked) {
      for (const userId of userIds) {
        const sequenceNumber = pending.get(couponId)?.get(userId);
        if (sequenceNumber !== undefined) {
          found.push({ couponId, userId, reading: { status: 'RESERVED', sequenceNumber } });
        } else {
          addTo(undecided, couponId, userId);
        }
      }
    }
    if (undecided.size === 0) return found;
    const rows = await this.ledgerRepository.rowsOf(undecided);
    found.push(...rows);
    // A failure may be followed by a reservation that only Redis knows of.
    const rest = without(undecided, rows, (couponId) => pending.has(couponId));
    if (rest.size > 0) found.push(...(await this.ledgerRepository.latestFailuresOf(rest)));
    return found;
  }

  private async pending(asked: UsersByCoupon): Promise<Map<number, Map<number, number>>> {
    try {
      return await this.store.pendingNumbersOfMany(asked);
    } catch (error) {
      if (error instanceof RedisUnavailableError) return new Map();
      throw error;
    }
  }
}

function addTo(users: Map<number, number[]>, couponId: number, userId: number): void {
  const ofCoupon = users.get(couponId);
  if (ofCoupon === undefined) users.set(couponId, [userId]);
  else ofCoupon.push(userId);
}

function without(
  users: UsersByCoupon,
  found: readonly Holding[],
  isWanted: (couponId: number) => boolean,
): Map<number, number[]> {
  const known = new Set(found.map(({ couponId, userId }) => `${couponId}:${userId}`));
  const rest = new Map<number, number[]>();
  for (const [couponId, userIds] of users) {
    if (!isWanted(couponId)) continue;
    for (const userId of userIds) if (!known.has(`${couponId}:${userId}`)) addTo(rest, couponId, userId);
  }
  return rest;
}
