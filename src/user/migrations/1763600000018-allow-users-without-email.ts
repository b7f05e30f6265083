import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whoever is registered by a token may have no e-mail. Done beside instances of the version before by both servers: MySQL
 * rebuilds the table in place and takes changes meanwhile, MariaDB changes its description only. Instances of the version
 * before read no e-mail of anybody but to show it.
 */
export class AllowUsersWithoutEmail1763600000018 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE users MODIFY email VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("UPDATE users SET email = CONCAT(id, '@user.invalid') WHERE email IS NULL");
    await queryRunner.query(
      'ALTER TABLE users MODIFY email VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
    );
  }
}
