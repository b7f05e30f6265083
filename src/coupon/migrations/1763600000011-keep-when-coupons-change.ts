import type { MigrationInterface, QueryRunner } from 'typeorm';

/** At the end of the table and null for every row: done at once by both servers, beside instances of the version before. */
export class KeepWhenCouponsChange1763600000011 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE coupons ADD COLUMN updated_at DATETIME(3) NULL');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE coupons DROP COLUMN updated_at');
  }
}
