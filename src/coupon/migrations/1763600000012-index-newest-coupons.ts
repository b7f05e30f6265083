import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The newest are found by when they were made: on a Galera cluster each node has a series of ids of its own. */
export class IndexNewestCoupons1763600000012 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE coupons ADD INDEX ix_coupons_newest (created_at, id)');
    await queryRunner.query(
      'ALTER TABLE issuance_failures ADD INDEX ix_issuance_failures_newest (coupon_id, failed_at, id)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE issuance_failures DROP INDEX ix_issuance_failures_newest');
    await queryRunner.query('ALTER TABLE coupons DROP INDEX ix_coupons_newest');
  }
}
