import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The newest are found by when they were made: on a Galera cluster each node has a series of ids of its own. */
export class IndexNewestProducts1763600000013 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE products ADD INDEX ix_products_newest (created_at, id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE products DROP INDEX ix_products_newest');
  }
}
