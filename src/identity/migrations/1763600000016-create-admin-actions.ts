import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAdminActions1763600000016 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE admin_actions (
        id BIGINT NOT NULL AUTO_INCREMENT,
        at DATETIME(3) NOT NULL,
        actor VARCHAR(128) NOT NULL,
        action VARCHAR(64) NOT NULL,
        subject VARCHAR(64) NULL,
        before_state TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL,
        after_state TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL,
        outcome VARCHAR(16) NOT NULL,
        request_id VARCHAR(128) NOT NULL,
        PRIMARY KEY (id),
        KEY ix_admin_actions_newest (at, id),
        KEY ix_admin_actions_of_subject (subject, at, id),
        KEY ix_admin_actions_of_actor (actor, at, id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE admin_actions');
  }
}
