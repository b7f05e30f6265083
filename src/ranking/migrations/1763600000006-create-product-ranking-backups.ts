import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateProductRankingBackups1763600000006 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE product_ranking_backups (
        business_date DATE NOT NULL,
        product_id BIGINT NOT NULL,
        ranking INT NOT NULL,
        sales_count BIGINT NOT NULL,
        product_name VARCHAR(255) NOT NULL,
        backed_up_at DATETIME(3) NOT NULL,
        PRIMARY KEY (business_date, product_id),
        UNIQUE KEY uq_product_ranking_backups_ranking (business_date, ranking)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    // One row a day, written by every backup of the day: what two of them at once collide on, on whichever node.
    await queryRunner.query(`
      CREATE TABLE product_ranking_backup_days (
        business_date DATE NOT NULL,
        backed_up_at DATETIME(3) NOT NULL,
        PRIMARY KEY (business_date)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE product_ranking_backup_days, product_ranking_backups');
  }
}
