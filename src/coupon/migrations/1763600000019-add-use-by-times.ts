import type { MigrationInterface, QueryRunner } from 'typeorm';

/** So many rows of `user_coupons` at once: a transaction of theirs is short, also on a Galera cluster. */
const CHUNK = 10_000;
/** What a row has until it is told its use-by time: the last moment that DATETIME can hold. */
const NEVER = '9999-12-31 23:59:59.999';

/**
 * Use-by times, conditions and slots given back. The columns stand at the end of their tables and have defaults, so both
 * servers add them at once, whatever the size; then the rows there are get their coupon's `expires_at`, in chunks that
 * each are a transaction.
 *
 * Instances of the version before must have ended: what one of them issues afterwards can be used for ever (P14 forbids
 * the contrary), and its payments leave no balance entries.
 */
export class AddUseByTimes1763600000019 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE coupons
        ADD COLUMN usable_days INT NULL,
        ADD COLUMN usable_until DATETIME(3) NULL,
        ADD COLUMN latest_expires_at DATETIME(3) NOT NULL DEFAULT '1000-01-01 00:00:00.000',
        ADD COLUMN is_redeemable BOOLEAN NOT NULL DEFAULT TRUE,
        ADD COLUMN min_order_amount BIGINT NULL,
        ADD COLUMN max_discount_amount BIGINT NULL,
        ADD COLUMN product_ids VARCHAR(2000) CHARACTER SET ascii NULL,
        ADD COLUMN returned_quantity INT NOT NULL DEFAULT 0`);
    // The one place that says what may be issued (P1).
    await queryRunner.query(
      'ALTER TABLE coupons ADD COLUMN capacity INT AS (total_quantity + returned_quantity) VIRTUAL',
    );
    await queryRunner.query(`
      ALTER TABLE user_coupons
        ADD COLUMN expires_at DATETIME(3) NOT NULL DEFAULT '${NEVER}',
        ADD COLUMN revoked_at DATETIME(3) NULL,
        ADD COLUMN slot_returned BOOLEAN NOT NULL DEFAULT FALSE`);
    await this.giveUseByTimes(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE user_coupons DROP COLUMN expires_at, DROP COLUMN revoked_at, DROP COLUMN slot_returned',
    );
    await queryRunner.query('ALTER TABLE coupons DROP COLUMN capacity');
    await queryRunner.query(`
      ALTER TABLE coupons
        DROP COLUMN usable_days, DROP COLUMN usable_until, DROP COLUMN latest_expires_at, DROP COLUMN is_redeemable,
        DROP COLUMN min_order_amount, DROP COLUMN max_discount_amount, DROP COLUMN product_ids,
        DROP COLUMN returned_quantity`);
  }

  private async giveUseByTimes(queryRunner: QueryRunner): Promise<void> {
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
}
