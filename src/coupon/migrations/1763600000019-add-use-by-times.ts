import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a row has until it is told its use-by time: the last moment that DATETIME can hold. */
export const NEVER = '9999-12-31 23:59:59.999';

/**
 * Use-by times, conditions and slots given back. The columns stand at the end of their tables and have defaults, so both
 * servers add them at once, whatever the size; the rows that there are get their times by the migration after.
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
}
