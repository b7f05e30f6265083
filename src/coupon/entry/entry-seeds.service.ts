import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CouponNotFoundError } from '../coupon.errors.js';
import { CouponChanges } from '../reservation/coupon-changes.service.js';
import { EntrySeedRepository } from './entry-seed.repository.js';

const SEED_BYTES = 32;
const REMEMBERED_COUPONS = 10_000;

/**
 * The secret seed of each coupon, from which its users' moments are drawn. It is drawn when the first ticket is asked
 * for, and stays for ever: all instances and all times have the same.
 */
@Injectable()
export class EntrySeeds {
  private readonly known = new LRUCache<number, Buffer>({ max: REMEMBERED_COUPONS });
  private readonly readings = new SingleFlight<number, Buffer>();

  constructor(
    private readonly changes: CouponChanges,
    private readonly repository: EntrySeedRepository,
  ) {}

  /** From memory but for the first time. @throws CouponNotFoundError, and what the database throws */
  async of(couponId: number): Promise<Buffer> {
    return this.known.get(couponId) ?? (await this.readings.run(couponId, () => this.read(couponId)));
  }

  private async read(couponId: number): Promise<Buffer> {
    const seed = await this.changes.run(
      couponId,
      async (manager) => (await this.repository.find(manager, couponId)) ?? (await this.draw(manager, couponId)),
    );
    this.known.set(couponId, seed);
    return seed;
  }

  /** Under the row's lock, since other instances are asked for their first ticket at the same moment. */
  private async draw(manager: EntityManager, couponId: number): Promise<Buffer> {
    const drawnMeanwhile = await this.repository.lock(manager, couponId);
    if (drawnMeanwhile === undefined) throw new CouponNotFoundError(couponId);
    if (drawnMeanwhile !== null) return drawnMeanwhile;
    const seed = randomBytes(SEED_BYTES);
    await this.repository.save(manager, couponId, seed);
    return seed;
  }
}
