import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Those that nobody has retried are found without a look at the others, of which there may be a million. */
export class IndexOpenFailures1763600000022 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE issuance_failures ADD INDEX ix_issuance_failures_open (coupon_id, retried_at, failed_at, id)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE issuance_failures DROP INDEX ix_issuance_failures_open');
  }
}
