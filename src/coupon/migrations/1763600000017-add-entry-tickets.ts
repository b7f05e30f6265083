import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * At the end of the table and with defaults: done at once by both servers, beside instances of the version before. The
 * seed is drawn by the instance that gives the first ticket of a coupon. A default of the column could not do that: each
 * node of a Galera cluster carries out an ALTER by itself and would draw others, and MariaDB 10.6 has no RANDOM_BYTES.
 */
export class AddEntryTickets1763600000017 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE coupons
        ADD COLUMN entry VARCHAR(16) NOT NULL DEFAULT 'open',
        ADD COLUMN entry_opens_at DATETIME(3) NULL,
        ADD COLUMN entry_spread_seconds INT NOT NULL DEFAULT 10,
        ADD COLUMN challenge VARCHAR(16) NOT NULL DEFAULT 'none',
        ADD COLUMN entry_seed BINARY(32) NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE coupons
        DROP COLUMN entry, DROP COLUMN entry_opens_at, DROP COLUMN entry_spread_seconds, DROP COLUMN challenge,
        DROP COLUMN entry_seed`);
  }
}
