import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cancelled, refunded and expired orders. The columns stand at the end of the table and are null for every row: both
 * servers add them at once. The indexes are built while payments go on.
 */
export class LetOrdersEnd1763600000020 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE orders
        ADD COLUMN cancelled_at DATETIME(3) NULL,
        ADD COLUMN refunded_at DATETIME(3) NULL,
        ADD COLUMN refunded_amount BIGINT NULL`);
    // Which have waited too long to be paid, and which of the never paid are to be deleted.
    await queryRunner.query('ALTER TABLE orders ADD INDEX ix_orders_oldest_in_status (status, created_at, id)');
    // Which days have lost a sale since they were backed up.
    await queryRunner.query('ALTER TABLE orders ADD INDEX ix_orders_refunded (refunded_at, paid_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE orders DROP INDEX ix_orders_refunded, DROP INDEX ix_orders_oldest_in_status');
    await queryRunner.query(
      'ALTER TABLE orders DROP COLUMN cancelled_at, DROP COLUMN refunded_at, DROP COLUMN refunded_amount',
    );
  }
}
