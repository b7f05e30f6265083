import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Columns with a default at the end of their tables: done at once by both servers, beside instances of the version before. */
export class CreateOutbox1763600000014 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE outbox (
        subject VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        position BIGINT NOT NULL,
        type VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        coupon_id BIGINT NULL,
        content MEDIUMTEXT NOT NULL,
        occurred_at DATETIME(3) NOT NULL,
        is_dispatched BOOLEAN NOT NULL DEFAULT FALSE,
        PRIMARY KEY (subject, position),
        KEY ix_outbox_dispatched (is_dispatched, subject, position),
        KEY ix_outbox_age (occurred_at)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    await queryRunner.query('ALTER TABLE coupons ADD COLUMN event_position BIGINT NOT NULL DEFAULT 0');
    await queryRunner.query('ALTER TABLE orders ADD COLUMN event_position BIGINT NOT NULL DEFAULT 0');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE orders DROP COLUMN event_position');
    await queryRunner.query('ALTER TABLE coupons DROP COLUMN event_position');
    await queryRunner.query('DROP TABLE outbox');
  }
}
