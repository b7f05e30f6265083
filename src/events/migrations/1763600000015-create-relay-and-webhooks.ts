import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRelayAndWebhooks1763600000015 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE relay_leases (
        id TINYINT NOT NULL,
        owner VARCHAR(255) NULL,
        token BIGINT NOT NULL,
        until_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
    await queryRunner.query('INSERT INTO relay_leases VALUES (1, NULL, 0, UTC_TIMESTAMP(3))');
    await queryRunner.query(`
      CREATE TABLE outbox_deliveries (
        id BIGINT NOT NULL AUTO_INCREMENT,
        sink VARCHAR(32) NOT NULL,
        subject VARCHAR(64) NOT NULL,
        position BIGINT NOT NULL,
        type VARCHAR(64) NOT NULL,
        status VARCHAR(16) NOT NULL DEFAULT 'PENDING',
        attempts INT NOT NULL DEFAULT 0,
        created_at DATETIME(3) NOT NULL,
        last_attempt_at DATETIME(3) NULL,
        delivered_at DATETIME(3) NULL,
        response_status SMALLINT NULL,
        error VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uq_outbox_deliveries_event (sink, subject, position),
        KEY ix_outbox_deliveries_pending (sink, status, subject, position),
        KEY ix_outbox_deliveries_newest (sink, created_at, id),
        KEY ix_outbox_deliveries_newest_of_status (sink, status, created_at, id),
        KEY ix_outbox_deliveries_event (subject, position)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
    await queryRunner.query(`
      CREATE TABLE outbox_progress (
        sink VARCHAR(32) NOT NULL,
        subject VARCHAR(64) NOT NULL,
        attempts INT NOT NULL DEFAULT 0,
        failing_since DATETIME(3) NULL,
        next_attempt_at DATETIME(3) NOT NULL,
        PRIMARY KEY (sink, subject),
        KEY ix_outbox_progress_due (sink, next_attempt_at)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
    await queryRunner.query(`
      CREATE TABLE webhooks (
        id BIGINT NOT NULL AUTO_INCREMENT,
        url VARCHAR(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        event_types TEXT NOT NULL,
        coupon_ids TEXT NULL,
        secret VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        previous_secret VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
        previous_until DATETIME(3) NULL,
        status VARCHAR(16) NOT NULL,
        created_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id),
        KEY ix_webhooks_newest (created_at, id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['webhooks', 'outbox_progress', 'outbox_deliveries', 'relay_leases']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}
