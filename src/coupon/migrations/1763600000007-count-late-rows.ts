import type { MigrationInterface, QueryRunner } from 'typeorm';

/** At the end of the table and with a default: done at once by both servers, beside instances of the version before. */
export class CountLateRows1763600000007 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE coupons ADD COLUMN late_quantity INT NOT NULL DEFAULT 0');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE coupons DROP COLUMN late_quantity');
  }
}
