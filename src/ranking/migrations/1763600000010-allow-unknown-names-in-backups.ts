import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A name that was not known when a backup was taken is NULL, and is looked up by whoever reads it. Instances of the version
 * before go on writing "Unknown product" beside it until the last one has ended.
 */
export class AllowUnknownNamesInBackups1763600000010 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE product_ranking_backups MODIFY product_name VARCHAR(255) NULL');
    await queryRunner.query(
      "UPDATE product_ranking_backups SET product_name = NULL WHERE product_name = 'Unknown product'",
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      "UPDATE product_ranking_backups SET product_name = 'Unknown product' WHERE product_name IS NULL",
    );
    await queryRunner.query('ALTER TABLE product_ranking_backups MODIFY product_name VARCHAR(255) NOT NULL');
  }
}
