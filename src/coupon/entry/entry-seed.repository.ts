import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** The column `entry_seed`, which nothing else reads: what is made of it must not be foreseen by anyone. */
@Injectable()
export class EntrySeedRepository {
  /** null when the coupon has none yet, undefined when there is no such coupon. */
  async find(manager: EntityManager, couponId: number): Promise<Buffer | null | undefined> {
    return await this.read(manager, couponId, '');
  }

  /** As {@link find}, with the coupon's row locked until the transaction ends. */
  async lock(manager: EntityManager, couponId: number): Promise<Buffer | null | undefined> {
    return await this.read(manager, couponId, 'FOR UPDATE');
  }

  async save(manager: EntityManager, couponId: number, seed: Buffer): Promise<void> {
    await manager.query('UPDATE coupons SET entry_seed = ? WHERE id = ?', [seed, couponId]);
  }

  private async read(manager: EntityManager, couponId: number, lock: '' | 'FOR UPDATE') {
    const [row] = await manager.query<Array<{ seed: Buffer | null }>>(
      `SELECT entry_seed AS seed FROM coupons WHERE id = ? ${lock}`,
      [couponId],
    );
    return row?.seed;
  }
}
