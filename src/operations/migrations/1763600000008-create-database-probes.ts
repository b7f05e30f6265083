import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the health check inserts and rolls back: the table stays empty. */
export class CreateDatabaseProbes1763600000008 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE database_probes (
        id BIGINT NOT NULL AUTO_INCREMENT,
        PRIMARY KEY (id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE database_probes');
  }
}
