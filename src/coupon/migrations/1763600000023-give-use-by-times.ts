import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NEVER } from './1763600000019-add-use-by-times.js';

/** So many rows at once: a transaction of theirs is short, also on a Galera cluster. */
const CHUNK = 10_000;

/**
 * Gives the rows of before their coupon's `expires_at` as use-by time, in chunks that each are a transaction. One that was
 * interrupted begins again and finds what is left.
 */
export class GiveUseByTimes1763600000023 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (let after = 0; ;) {
      const [chunk] = (await queryRunner.query(
        `SELECT MAX(id) AS last FROM (SELECT id FROM user_coupons WHERE id > ? ORDER BY id LIMIT ${CHUNK}) AS chunk`,
        [after],
      )) as [{ last: string | number | null }];
      if (chunk.last === null) return;
      await queryRunner.query(
        `UPDATE user_coupons JOIN coupons ON coupons.id = user_coupons.coupon_id
            SET user_coupons.expires_at = coupons.expires_at
          WHERE user_coupons.id > ? AND user_coupons.id <= ? AND user_coupons.expires_at = '${NEVER}'`,
        [after, chunk.last],
      );
      after = Number(chunk.last);
    }
  }

  /** The column goes with the migration before. */
  async down(): Promise<void> {}
}
